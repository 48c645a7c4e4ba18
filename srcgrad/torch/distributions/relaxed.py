"""Continuous distributions in place of discrete ones, whose samples carry gradients (Maddison et al., Jang et al., ICLR 2017).

`ContinuousBernoulli` is that of Loaiza-Ganem and Cunningham, NeurIPS 2019.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import srcgrad.torch as torch
from srcgrad.torch.distributions import constraints
from srcgrad.torch.distributions.categorical import Categorical
from srcgrad.torch.distributions.composed import TransformedDistribution
from srcgrad.torch.distributions.discrete import OfProbabilities
from srcgrad.torch.distributions.distribution import (
    Distribution,
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
)
from srcgrad.torch.distributions.transforms import ExpTransform, SigmoidTransform


class LogitRelaxedBernoulli(OfProbabilities):
    """The logit of a relaxed choice between zero and one."""

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self.temperature = temperature
        super().__init__(self._take(probs, logits).size(), validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        drawn = clamp_probs(torch.rand(shape, dtype=probs.dtype))
        return (drawn.log() - (-drawn).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        logits, value = broadcast_all(self.logits, value)
        off = logits - value.mul(self.temperature)
        return self.temperature.log() + off - 2 * off.exp().log1p()


class _Relaxed(TransformedDistribution):
    """A relaxed distribution over one that has its parameters."""

    has_rsample = True

    @property
    def temperature(self) -> Any:
        """How far it is from a discrete one."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The logits of the choice."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probabilities of the choice."""
        return self.base_dist.probs


class RelaxedBernoulli(_Relaxed):
    """A relaxed choice between zero and one."""

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)


class ExpRelaxedCategorical(Distribution):
    """The logarithm of a relaxed choice among classes."""

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        event = self._categorical.param_shape[-1:]
        super().__init__(self._categorical.batch_shape, event, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        made._categorical = self._categorical.expand(torch.Size(batch_shape))
        made._batch_shape = torch.Size(batch_shape)
        return made

    @property
    def param_shape(self) -> Any:
        """The shape of the probabilities."""
        return self._categorical.param_shape

    @property
    def logits(self) -> Any:
        """The logits of the choice."""
        return self._categorical.logits

    @property
    def probs(self) -> Any:
        """The probabilities of the choice."""
        return self._categorical.probs

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = clamp_probs(torch.rand(self._extended_shape(sample_shape), dtype=self.logits.dtype))
        scores = (self.logits - (-drawn.log()).log()) / self.temperature
        return scores - scores.logsumexp(dim=-1, keepdim=True)

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        count = self._categorical._num_events
        logits, value = broadcast_all(self.logits, value)
        scale = torch.full_like(self.temperature, float(count)).lgamma() + self.temperature.log() * (count - 1)
        score = logits - value.mul(self.temperature)
        return (score - score.logsumexp(dim=-1, keepdim=True)).sum(-1) + scale


class RelaxedOneHotCategorical(_Relaxed):
    """A relaxed choice among classes."""

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)


class ContinuousBernoulli(OfProbabilities):
    """A density on the unit interval that is proportional to a Bernoulli distribution's formula.

    Near a probability of a half, between `lims`, its formulas divide by zero; polynomials stand in there.
    """

    arg_constraints: ClassVar[dict[str, Any]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = self._take(probs, logits)
        if probs is not None:
            if validate_args is not None and not constraints.unit_interval.check(given).all():
                raise ValueError("The parameter probs has invalid values")
            self.probs = clamp_probs(self.probs)
        self._lims = lims
        super().__init__(given.size(), validate_args=validate_args)

    @lazy_property
    def probs(self) -> Any:
        """The parameter, between zero and one."""
        return clamp_probs(logits_to_probs(self.logits, True))

    def _outside(self) -> Any:
        """Where the formulas hold."""
        return (self.probs <= self._lims[0]) | (self.probs > self._lims[1])

    def _cut(self) -> Any:
        """The parameter where the formulas hold, and one for which they hold elsewhere."""
        return torch.where(self._outside(), self.probs, self._lims[0] * torch.ones_like(self.probs))

    def _log_norm(self) -> Any:
        p = self._cut()
        below = torch.where(p <= 0.5, p, torch.zeros_like(p))
        above = torch.where(p >= 0.5, p, torch.ones_like(p))
        spread = torch.where(p <= 0.5, torch.log1p(-2.0 * below), torch.log(2.0 * above - 1.0))
        exact = torch.log(torch.abs(torch.log1p(-p) - torch.log(p))) - spread
        x = (self.probs - 0.5) ** 2
        return torch.where(self._outside(), exact, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Any:
        p, x = self._cut(), self.probs - 0.5
        exact = p / (2.0 * p - 1.0) + 1.0 / (torch.log1p(-p) - torch.log(p))
        return torch.where(self._outside(), exact, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x**2) * x)

    @property
    def variance(self) -> Any:
        p, x = self._cut(), (self.probs - 0.5) ** 2
        exact = p * (p - 1.0) / (1.0 - 2.0 * p) ** 2 + 1.0 / (torch.log1p(-p) - torch.log(p)) ** 2
        return torch.where(self._outside(), exact, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(torch.rand(self._extended_shape(sample_shape), dtype=self.probs.dtype))

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        logits, value = broadcast_all(self.logits, value)
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, value, reduction="none")
        return self._log_norm() - entropy

    def cdf(self, value: Any) -> Any:
        self._check_sample(value)
        p = self._cut()
        exact = (p**value * (1.0 - p) ** (1.0 - value) + p - 1.0) / (2.0 * p - 1.0)
        inside = torch.where(self._outside(), exact, value)
        over = torch.where(value >= 1.0, torch.ones_like(value), inside)
        return torch.where(value <= 0.0, torch.zeros_like(value), over)

    def icdf(self, value: Any) -> Any:
        p = self._cut()
        low = torch.log1p(-p)
        exact = (torch.log1p(-p + value * (2.0 * p - 1.0)) - low) / (torch.log(p) - low)
        return torch.where(self._outside(), exact, value)

    def entropy(self) -> Any:
        low, high = torch.log1p(-self.probs), torch.log(self.probs)
        return self.mean * (low - high) - self._log_norm() - low
