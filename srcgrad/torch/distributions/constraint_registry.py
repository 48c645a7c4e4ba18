"""From free numbers to a region: `biject_to(constraint)` and `transform_to(constraint)` give a transform that leads there.

The first is one to one with a Jacobian; the second need not be, and suits optimisers better.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from srcgrad.torch.distributions import constraints, transforms, vector_transforms

Factory = Callable[[Any], transforms.Transform]


class ConstraintRegistry:
    """Which transform leads to which kind of region."""

    def __init__(self) -> None:
        self._registry: dict[type, Factory] = {}

    def register(self, constraint: Any, factory: Factory | None = None) -> Any:
        """Enter the factory for a kind of region, given as a class or an example; without a factory, a decorator."""
        if factory is None:
            return lambda f: self.register(constraint, f)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, constraints.Constraint):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> transforms.Transform:
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def _within(constraint: Any) -> transforms.Transform:
    """Between two bounds."""
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and low == 0 and isinstance(high, (int, float)) and high == 1:
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(), transforms.AffineTransform(low, high - low)])


def _beyond(bound: Any, sign: int) -> transforms.Transform:
    return transforms.ComposeTransform([transforms.ExpTransform(), transforms.AffineTransform(bound, sign)])


def _enter(registry: ConstraintRegistry) -> None:
    """What both registries know."""
    plain: dict[Any, Factory] = {
        constraints.real: lambda _: transforms.identity_transform,
        constraints.greater_than: lambda c: _beyond(c.lower_bound, 1),
        constraints.greater_than_eq: lambda c: _beyond(c.lower_bound, 1),
        constraints.less_than: lambda c: _beyond(c.upper_bound, -1),
        constraints.interval: _within,
        constraints.half_open_interval: _within,
        constraints.lower_cholesky: lambda _: vector_transforms.LowerCholeskyTransform(),
        constraints.positive_definite: lambda _: vector_transforms.PositiveDefiniteTransform(),
        constraints.positive_semidefinite: lambda _: vector_transforms.PositiveDefiniteTransform(),
        constraints.corr_cholesky: lambda _: vector_transforms.CorrCholeskyTransform(),
        constraints.independent: lambda c: transforms.IndependentTransform(registry(c.base_constraint), c.count),
        constraints.cat: lambda c: vector_transforms.CatTransform([registry(p) for p in c.cseq], c.dim, c.lengths),
        constraints.stack: lambda c: vector_transforms.StackTransform([registry(p) for p in c.cseq], c.dim),
    }
    for constraint, factory in plain.items():
        registry.register(constraint, factory)


_enter(biject_to)
_enter(transform_to)
biject_to.register(constraints.simplex, lambda _: vector_transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda _: transforms.SoftmaxTransform())
