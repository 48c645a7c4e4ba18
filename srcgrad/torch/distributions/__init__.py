"""Probability distributions: samples, densities, moments, divergences.

They are written over the operations of `torch`, so that gradients flow through densities and, where `has_rsample`
says so, through samples. For the same seed samples equal PyTorch's where they are made of normal, uniform and
exponential numbers; gamma, Poisson and binomial numbers are NumPy's.
"""

from __future__ import annotations

from typing import Any

from srcgrad.torch.distributions import constraints as constraints
from srcgrad.torch.distributions import transforms as transforms
from srcgrad.torch.distributions.composed import (
    HalfCauchy,
    HalfNormal,
    Independent,
    LogNormal,
    MixtureSameFamily,
    TransformedDistribution,
)
from srcgrad.torch.distributions.continuous import (
    Cauchy,
    Exponential,
    Gumbel,
    Laplace,
    Normal,
    Pareto,
    Uniform,
    Weibull,
)
from srcgrad.torch.distributions.discrete import (
    Bernoulli,
    Binomial,
    Categorical,
    Geometric,
    Multinomial,
    NegativeBinomial,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
    Poisson,
)
from srcgrad.torch.distributions.distribution import Distribution, ExponentialFamily
from srcgrad.torch.distributions.divergences import kl_divergence, register_kl
from srcgrad.torch.distributions.gammas import Beta, Chi2, Dirichlet, Gamma, StudentT
from srcgrad.torch.distributions.multivariate import MultivariateNormal
from srcgrad.torch.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    IndependentTransform,
    PowerTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    TanhTransform,
    Transform,
    identity_transform,
)

__all__ = [
    "AbsTransform", "AffineTransform", "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2",
    "ComposeTransform", "Dirichlet", "Distribution", "ExpTransform", "Exponential", "ExponentialFamily", "Gamma",
    "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "IndependentTransform", "Laplace", "LogNormal",
    "MixtureSameFamily", "Multinomial", "MultivariateNormal", "NegativeBinomial", "Normal", "OneHotCategorical",
    "OneHotCategoricalStraightThrough", "Pareto", "Poisson", "PowerTransform", "SigmoidTransform", "SoftmaxTransform",
    "SoftplusTransform", "StudentT", "TanhTransform", "Transform", "TransformedDistribution", "Uniform", "Weibull",
    "constraints", "identity_transform", "kl_divergence", "register_kl", "transforms",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    from srcgrad.torch.absent import message

    raise AttributeError(message("srcgrad.torch.distributions", name, __all__))
