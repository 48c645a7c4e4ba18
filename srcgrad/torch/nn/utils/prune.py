"""Weights set to zero and kept there: a mask beside the original, multiplied before each forward."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from srcgrad.torch import drawing
from srcgrad.torch.tensor import wrap


class BasePruningMethod:
    """A way to choose what is set to zero; also the hook that does it."""

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask for some values, where another holds already."""
        raise NotImplementedError

    def apply_mask(self, module: Any) -> Any:
        """The original times the mask."""
        name = self._tensor_name
        mask = getattr(module, name + "_mask")
        return mask.to(getattr(module, name + "_orig").dtype) * getattr(module, name + "_orig")

    @classmethod
    def apply(cls, module: Any, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        """Prune a parameter, on top of what was pruned of it before."""
        earlier = [
            (key, hook)
            for key, hook in module._forward_pre_hooks.items()
            if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
        ]
        method: Any = cls(*args, **kwargs)
        method._tensor_name = name
        if earlier:
            key, old = earlier[0]
            del module._forward_pre_hooks[key]
            together = old if isinstance(old, PruningContainer) else PruningContainer(old)
            together.add_pruning_method(method)
            method = together
        original = getattr(module, name)
        scores = original if importance_scores is None else importance_scores
        if scores.shape != original.shape:
            raise AssertionError(f"importance_scores should have the same shape as parameter {name} of {module}")
        if earlier:
            mask = getattr(module, name + "_mask")
        else:
            module.register_parameter(name + "_orig", original)
            del module._parameters[name]
            mask = wrap(np.ones_like(original._a))
        module.register_buffer(name + "_mask", method.compute_mask(scores, mask))
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A tensor with what is chosen set to zero."""
        scores = t if importance_scores is None else importance_scores
        mask = wrap(np.ones_like(t._a)) if default_mask is None else default_mask
        return t * self.compute_mask(scores, mask)

    def remove(self, module: Any) -> None:
        """Make the pruned values the parameter."""
        name = self._tensor_name
        pruned = self.apply_mask(module)
        original = module._parameters[name + "_orig"]
        if name in module.__dict__:
            delattr(module, name)
        original.data = pruned.data
        del module._parameters[name + "_orig"]
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several ways, one after the other."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[Any, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """One more."""
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer "
                f"{self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The mask of the last way on what the others have left."""
        method = self._pruning_methods[-1]
        mask = default_mask._a
        if method.PRUNING_TYPE == "unstructured":
            chosen: Any = mask == 1
        elif method.PRUNING_TYPE == "structured":
            axes = tuple(k for k in range(t._a.ndim) if k != method.dim % t._a.ndim)
            left = np.flatnonzero(mask.sum(axis=axes) != 0)
            chosen = [slice(None)] * t._a.ndim
            chosen[method.dim] = left
            chosen = tuple(chosen)
        else:
            chosen = ...
        made = np.array(mask)
        made[chosen] = method.compute_mask(wrap(t._a[chosen]), wrap(mask[chosen]))._a
        return wrap(made)


class Identity(BasePruningMethod):
    """Nothing is chosen."""

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        del t
        return default_mask


class RandomUnstructured(BasePruningMethod):
    """Elements at random."""

    def __init__(self, amount: Any) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count = _count(self.amount, t._a.size)
        mask = np.array(default_mask._a)
        if count:
            lots = drawing.rand(t._a.shape)
            mask.reshape(-1)[np.argsort(-lots.reshape(-1), kind="stable")[:count]] = 0
        return wrap(mask)


class L1Unstructured(BasePruningMethod):
    """The smallest elements."""

    def __init__(self, amount: Any) -> None:
        _check_amount(amount)
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count = _count(self.amount, t._a.size)
        mask = np.array(default_mask._a)
        mask.reshape(-1)[np.argsort(np.abs(t._a).reshape(-1), kind="stable")[:count]] = 0
        return wrap(mask)


class RandomStructured(BasePruningMethod):
    """Rows along a dimension, at random."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        _check_structured(t, self.dim)
        rows = t._a.shape[self.dim]
        count = _count(self.amount, rows)
        if not count:
            return default_mask
        lots = drawing.rand(rows)
        kept = lots > np.sort(lots)[count - 1]
        return wrap(default_mask._a * _of_rows(kept, t._a.ndim, self.dim))


class LnStructured(BasePruningMethod):
    """The rows along a dimension with the smallest norms."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        _check_amount(amount)
        self.amount = amount
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        _check_structured(t, self.dim)
        rows = np.moveaxis(t._a, self.dim, 0).reshape(t._a.shape[self.dim], -1)
        count = _count(self.amount, len(rows))
        if not count:
            return default_mask
        order = {"fro": 2, "nuc": 2}.get(self.n, self.n)
        norms = np.linalg.norm(rows, float(order), axis=1)
        kept = np.zeros(len(rows), bool)
        kept[np.argsort(-norms, kind="stable")[: len(rows) - count]] = True
        return wrap(default_mask._a * _of_rows(kept, t._a.ndim, self.dim))


class CustomFromMask(BasePruningMethod):
    """What a mask says."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        del t
        return wrap(default_mask._a * self.mask._a.astype(default_mask._a.dtype))


def _of_rows(kept: Any, ndim: int, dim: int) -> Any:
    shape = [1] * ndim
    shape[dim] = -1
    return kept.reshape(shape)


def _check_amount(amount: Any) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if (isinstance(amount, numbers.Integral) and amount < 0) or (
        not isinstance(amount, numbers.Integral) and not 0 <= float(amount) <= 1
    ):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _count(amount: Any, size: int) -> int:
    if isinstance(amount, numbers.Integral):
        if int(amount) > size:
            raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
        return int(amount)
    share: float = amount * size
    return round(share)


def _check_structured(t: Any, dim: int) -> None:
    if t._a.ndim <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{t.shape} with {t._a.ndim} dims"
        )
    if dim >= t._a.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


def identity(module: Any, name: str) -> Any:
    """Enter a parameter for pruning without changing it."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Any, name: str, amount: Any) -> Any:
    """Set elements at random to zero."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Any, name: str, amount: Any, importance_scores: Any = None) -> Any:
    """Set the smallest elements to zero."""
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Any, name: str, amount: Any, dim: int) -> Any:
    """Set rows along a dimension at random to zero."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module: Any, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None) -> Any:
    """Set the rows along a dimension with the smallest norms to zero."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Any, name: str, mask: Any) -> Any:
    """Set what a mask says to zero."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters: Any, pruning_method: Any, importance_scores: Any = None, **kwargs: Any) -> None:
    """Prune several parameters as one vector."""
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs: list[Any] = list(parameters)
    relevant = [scores.get((module, name), getattr(module, name))._a.reshape(-1) for module, name in pairs]
    masks = []
    for module, name in pairs:
        mask = getattr(module, name + "_mask", None)
        masks.append(np.ones(getattr(module, name)._a.size) if mask is None else mask._a.reshape(-1))
    together = PruningContainer()
    together._tensor_name = "temp"
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    together.add_pruning_method(method)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of type '
            f"{method.PRUNING_TYPE}"
        )
    vector = np.concatenate(relevant)
    final = together.compute_mask(wrap(vector), wrap(np.concatenate(masks).astype(vector.dtype)))._a
    start = 0
    for module, name in pairs:
        a = getattr(module, name)._a
        custom_from_mask(module, name, wrap(final[start : start + a.size].reshape(a.shape)))
        start += a.size


def remove(module: Any, name: str) -> Any:
    """Make the pruned values the parameter."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Any) -> bool:
    """Whether a parameter of the tree is pruned."""
    return any(
        isinstance(hook, BasePruningMethod)
        for _, child in module.named_modules()
        for hook in child._forward_pre_hooks.values()
    )
