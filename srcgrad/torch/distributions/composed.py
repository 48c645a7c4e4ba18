"""Distributions that are made from others."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import srcgrad.torch as torch
from srcgrad.torch.distributions import constraints
from srcgrad.torch.distributions.categorical import Categorical
from srcgrad.torch.distributions.continuous import Cauchy, Normal
from srcgrad.torch.distributions.distribution import Distribution
from srcgrad.torch.distributions.transforms import ComposeTransform, ExpTransform, Transform, sum_rightmost


class Independent(Distribution):
    """A distribution of which the last batch dimensions count as one event."""

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        n = reinterpreted_batch_ndims
        if n > len(base_distribution.batch_shape):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{n} vs {len(base_distribution.batch_shape)}"
            )
        shape = base_distribution.batch_shape + base_distribution.event_shape
        event = n + len(base_distribution.event_shape)
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, n
        self.has_rsample = base_distribution.has_rsample
        super().__init__(shape[: len(shape) - event], shape[len(shape) - event :], validate_args=validate_args)

    @property
    def support(self) -> Any:
        """That of the base, judged together."""
        found = self.base_dist.support
        return (
            constraints.independent(found, self.reinterpreted_batch_ndims) if self.reinterpreted_batch_ndims else found
        )

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        shape = torch.Size(batch_shape) + self.event_shape[: self.reinterpreted_batch_ndims]
        return type(self)(self.base_dist.expand(shape), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"


class TransformedDistribution(Distribution):
    """The distribution of a function of samples."""

    arg_constraints: ClassVar[dict[str, Any]] = {}

    def __init__(self, base_distribution: Any, transforms: Any, validate_args: bool | None = None) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        whole = ComposeTransform(self.transforms)
        extra = max(whole.event_dim - len(base_distribution.event_shape), 0)
        self.base_dist: Any = Independent(base_distribution, extra) if extra else base_distribution
        self.has_rsample = type(self).has_rsample or base_distribution.has_rsample
        shape = torch.Size(whole.forward_shape(self.base_dist.batch_shape + self.base_dist.event_shape))
        event = len(self.base_dist.event_shape) + whole.codomain.event_dim - whole.domain.event_dim
        event = max(event, whole.codomain.event_dim)
        cut = len(shape) - event
        super().__init__(shape[:cut], shape[cut:], validate_args=validate_args)

    @property
    def support(self) -> Any:
        """Where the last function leads."""
        if not self.transforms:
            return self.base_dist.support
        found = self.transforms[-1].codomain
        extra = len(self.event_shape) - found.event_dim
        return constraints.independent(found, extra) if extra > 0 else found

    def sample(self, sample_shape: Any = ()) -> Any:
        with torch.no_grad():
            x = self.base_dist.sample(sample_shape)
            for transform in self.transforms:
                x = transform(x)
            return x

    def rsample(self, sample_shape: Any = ()) -> Any:
        x = self.base_dist.rsample(sample_shape)
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        event = len(self.event_shape)
        found: Any = 0.0
        y = value
        for transform in reversed(self.transforms):
            x = transform._inv_call(y)
            event += transform.domain.event_dim - transform.codomain.event_dim
            within = event - transform.domain.event_dim
            found = found - sum_rightmost(transform.log_abs_det_jacobian(x, y), within)
            y = x
        return found + sum_rightmost(self.base_dist.log_prob(y), event - len(self.base_dist.event_shape))

    def _monotonized(self, value: Any) -> Any:
        sign = math.prod(transform.sign for transform in self.transforms)
        return value if isinstance(sign, int) and sign == 1 else sign * (value - 0.5) + 0.5

    def cdf(self, value: Any) -> Any:
        self._check_sample(value)
        for transform in reversed(self.transforms):
            value = transform._inv_call(value)
        return self._monotonized(self.base_dist.cdf(value))

    def icdf(self, value: Any) -> Any:
        value = self.base_dist.icdf(self._monotonized(value))
        for transform in self.transforms:
            value = transform(value)
        return value

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        made._batch_shape = torch.Size(batch_shape)
        made.base_dist = self.base_dist.expand(batch_shape)
        return made


class LogNormal(TransformedDistribution):
    """The distribution of exp(x) for normal x."""

    arg_constraints: ClassVar[dict[str, Any]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args=validate_args), ExpTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Any:
        """The mean of the logarithm."""
        return self.base_dist.loc

    @property
    def scale(self) -> Any:
        """The standard deviation of the logarithm."""
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Any:
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Any:
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Any:
        return self.base_dist.entropy() + self.loc

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        base = self.base_dist.expand(batch_shape)
        return type(self)(base.loc, base.scale)


class _Half(Distribution):
    """The distribution of |x|, of a distribution around zero."""

    arg_constraints: ClassVar[dict[str, Any]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Any

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        self.base_dist = self._base(0, scale, validate_args=False)
        super().__init__(self.base_dist.batch_shape, validate_args=validate_args)
        if self._validate_args and not (self.scale > 0).all():
            raise ValueError(
                f"Expected parameter scale (Tensor of shape {tuple(self.scale.shape)}) of distribution {self!r} to satisfy "
                f"the constraint {constraints.positive!r}, but found invalid values:\n{self.scale}"
            )

    _base: Any

    @property
    def scale(self) -> Any:
        """The scale of x."""
        return self.base_dist.scale

    @property
    def mode(self) -> Any:
        return torch.zeros_like(self.scale)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape).abs()

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape).abs()

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        found = self.base_dist.log_prob(value) + math.log(2)
        return torch.where(value >= 0, found, -math.inf)

    def cdf(self, value: Any) -> Any:
        self._check_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Any) -> Any:
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Any:
        return self.base_dist.entropy() - math.log(2)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        return type(self)(self.scale.expand(torch.Size(batch_shape)))


class HalfNormal(_Half):
    """The distribution of |x| for normal x of mean zero."""

    _base = Normal

    @property
    def mean(self) -> Any:
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> Any:
        return self.scale.pow(2) * (1 - 2 / math.pi)


class HalfCauchy(_Half):
    """The distribution of |x| for Cauchy distributed x."""

    _base = Cauchy

    @property
    def mean(self) -> Any:
        return torch.full(self._extended_shape(), math.inf, dtype=self.scale.dtype)

    @property
    def variance(self) -> Any:
        return self.base_dist.variance


class MixtureSameFamily(Distribution):
    """A choice among distributions of one kind, which lie along the last batch dimension."""

    arg_constraints: ClassVar[dict[str, Any]] = {}

    def __init__(
        self, mixture_distribution: Any, component_distribution: Any, validate_args: bool | None = None
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        event = component_distribution.event_shape
        self._event_ndims = len(event)
        super().__init__(component_distribution.batch_shape[:-1], event, validate_args=validate_args)

    @property
    def mixture_distribution(self) -> Any:
        """The choice."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        """What is chosen among."""
        return self._component_distribution

    @property
    def support(self) -> Any:
        """That of the parts."""
        return self._component_distribution.support

    def _weights(self) -> Any:
        probs = self.mixture_distribution.probs
        return probs.reshape(probs.shape + (1,) * self._event_ndims)

    @property
    def mean(self) -> Any:
        return torch.sum(self._weights() * self.component_distribution.mean, dim=-1 - self._event_ndims)

    @property
    def variance(self) -> Any:
        weights, axis = self._weights(), -1 - self._event_ndims
        within = torch.sum(weights * self.component_distribution.variance, dim=axis)
        off = self.component_distribution.mean - self.mean.unsqueeze(axis)
        return within + torch.sum(weights * off.pow(2.0), dim=axis)

    def sample(self, sample_shape: Any = ()) -> Any:
        with torch.no_grad():
            shape = torch.Size(sample_shape)
            axis = len(shape) + len(self.batch_shape)
            choice = self.mixture_distribution.sample(shape)
            values = self.component_distribution.sample(shape)
            index = choice.reshape(choice.shape + (1,) * (self._event_ndims + 1))
            index = index.expand((*choice.shape, 1, *self.event_shape))
            return torch.gather(values, axis, index).squeeze(axis)

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        value = value.unsqueeze(-1 - self._event_ndims)
        logits = torch.log_softmax(self.mixture_distribution.logits, dim=-1)
        return torch.logsumexp(self.component_distribution.log_prob(value) + logits, dim=-1)

    def cdf(self, value: Any) -> Any:
        value = value.unsqueeze(-1 - self._event_ndims)
        return torch.sum(self.component_distribution.cdf(value) * self.mixture_distribution.probs, dim=-1)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        shape = torch.Size(batch_shape)
        count = self.mixture_distribution.param_shape[-1]
        return type(self)(self.mixture_distribution.expand(shape), self.component_distribution.expand((*shape, count)))

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
