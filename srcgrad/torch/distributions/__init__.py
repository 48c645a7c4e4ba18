"""Probability distributions: samples, densities, moments, divergences.

They are written over the operations of `torch`, so that gradients flow through densities and, where `has_rsample`
says so, through samples. For the same seed samples are PyTorch's own, but for those of Wishart's
distribution, which have its law and take fewer draws.
"""

from __future__ import annotations

from typing import Any

from srcgrad.torch.distributions import constraints as constraints
from srcgrad.torch.distributions import transforms as transforms
from srcgrad.torch.distributions.categorical import (
    Categorical,
    Multinomial,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from srcgrad.torch.distributions.composed import (
    HalfCauchy,
    HalfNormal,
    Independent,
    LogNormal,
    MixtureSameFamily,
    TransformedDistribution,
)
from srcgrad.torch.distributions.constraint_registry import biject_to, transform_to
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
from srcgrad.torch.distributions.derived import (
    FisherSnedecor,
    GeneralizedPareto,
    InverseGamma,
    Kumaraswamy,
    LogisticNormal,
    VonMises,
)
from srcgrad.torch.distributions.discrete import Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson
from srcgrad.torch.distributions.distribution import Distribution, ExponentialFamily
from srcgrad.torch.distributions.divergences import kl_divergence, register_kl
from srcgrad.torch.distributions.gammas import Beta, Chi2, Dirichlet, Gamma, StudentT
from srcgrad.torch.distributions.matrix_valued import LKJCholesky, LowRankMultivariateNormal, Wishart
from srcgrad.torch.distributions.multivariate import MultivariateNormal
from srcgrad.torch.distributions.relaxed import ContinuousBernoulli, RelaxedBernoulli, RelaxedOneHotCategorical
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
from srcgrad.torch.distributions.vector_transforms import (
    CatTransform,
    CorrCholeskyTransform,
    CumulativeDistributionTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    ReshapeTransform,
    StackTransform,
    StickBreakingTransform,
)

__all__ = [
    "AbsTransform", "AffineTransform", "Bernoulli", "Beta", "Binomial", "CatTransform", "Categorical", "Cauchy",
    "Chi2", "ComposeTransform", "ContinuousBernoulli", "CorrCholeskyTransform", "CumulativeDistributionTransform",
    "Dirichlet", "Distribution", "ExpTransform", "Exponential", "ExponentialFamily", "FisherSnedecor", "Gamma",
    "GeneralizedPareto", "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "IndependentTransform",
    "InverseGamma", "Kumaraswamy", "LKJCholesky", "Laplace", "LogNormal", "LogisticNormal",
    "LowRankMultivariateNormal", "LowerCholeskyTransform", "MixtureSameFamily", "Multinomial", "MultivariateNormal",
    "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough", "Pareto", "Poisson",
    "PositiveDefiniteTransform", "PowerTransform", "RelaxedBernoulli", "RelaxedOneHotCategorical",
    "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform", "SoftplusTransform", "StackTransform",
    "StickBreakingTransform", "StudentT", "TanhTransform", "Transform", "TransformedDistribution", "Uniform",
    "VonMises", "Weibull", "Wishart", "biject_to", "constraints", "identity_transform", "kl_divergence",
    "register_kl", "transform_to", "transforms",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    from srcgrad.torch.absent import message

    raise AttributeError(message("srcgrad.torch.distributions", name, __all__))
