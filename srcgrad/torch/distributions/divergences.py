"""Kullback–Leibler divergences between distributions, by pairs of their classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import srcgrad.torch as torch
from srcgrad.torch.distributions.categorical import Categorical, OneHotCategorical
from srcgrad.torch.distributions.composed import HalfNormal, Independent, LogNormal
from srcgrad.torch.distributions.continuous import Cauchy, Exponential, Gumbel, Laplace, Normal, Uniform
from srcgrad.torch.distributions.discrete import Bernoulli, Binomial, Geometric, Poisson
from srcgrad.torch.distributions.distribution import EULER
from srcgrad.torch.distributions.gammas import Beta, Dirichlet, Gamma
from srcgrad.torch.distributions.multivariate import MultivariateNormal
from srcgrad.torch.distributions.transforms import sum_rightmost

Divergence = Callable[[Any, Any], Any]
_KNOWN: dict[tuple[type, type], Divergence] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Divergence], Divergence]:
    """A decorator: the function is the divergence of the one class from the other."""

    def enter(f: Divergence) -> Divergence:
        _KNOWN[type_p, type_q] = f
        return f

    return enter


def kl_divergence(p: Any, q: Any) -> Any:
    """The mean under p of log p - log q."""
    fitting = [
        (type(p).__mro__.index(a) + type(q).__mro__.index(b), f)
        for (a, b), f in _KNOWN.items()
        if isinstance(p, a) and isinstance(q, b)
    ]
    if not fitting:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
        )
    return min(fitting, key=lambda entry: entry[0])[1](p, q)


@register_kl(Normal, Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(LogNormal, LogNormal)
def _log_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(HalfNormal, HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    softplus = torch.nn.functional.softplus
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one = torch.where(q.probs == 0, math.inf, one)
    one = torch.where(p.probs == 0, torch.zeros_like(one), one)
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zero = torch.where(q.probs == 1, math.inf, zero)
    zero = torch.where(p.probs == 1, torch.zeros_like(zero), zero)
    return one + zero


@register_kl(Categorical, Categorical)
def _categorical(p: Any, q: Any) -> Any:
    terms = p.probs * (p.logits - q.logits)
    terms = torch.where((q.probs == 0).expand_as(terms), math.inf, terms)
    terms = torch.where((p.probs == 0).expand_as(terms), 0, terms)
    return terms.sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(Binomial, Binomial)
def _binomial(p: Any, q: Any) -> Any:
    found = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return torch.where(p.total_count > q.total_count, math.inf, found)


@register_kl(Poisson, Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Geometric, Geometric)
def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - torch.log1p(-q.probs) / p.probs - q.logits


@register_kl(Uniform, Uniform)
def _uniform(p: Any, q: Any) -> Any:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return torch.where((q.low > p.low) | (q.high < p.high), math.inf, found)


@register_kl(Uniform, Normal)
def _uniform_normal(p: Any, q: Any) -> Any:
    width = p.high - p.low
    first = (math.sqrt(math.pi * 2) * q.scale / width).log()
    second = width.pow(2) / 12
    third = ((p.high + p.low - 2 * q.loc) / 2).pow(2)
    return first + 0.5 * (second + third) / q.scale.pow(2)


@register_kl(Exponential, Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Laplace, Laplace)
def _laplace(p: Any, q: Any) -> Any:
    ratio = p.scale / q.scale
    off = (p.loc - q.loc).abs()
    return -ratio.log() + off / q.scale + ratio * torch.exp(-off / p.scale) - 1


@register_kl(Gumbel, Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    ratio, first, second = p.scale / q.scale, q.loc / q.scale, p.loc / q.scale
    third = torch.exp(first + (1 + ratio).lgamma() - second)
    return -ratio.log() - first + second + ratio * EULER + third - (1 + EULER)


@register_kl(Cauchy, Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    total = ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log()
    return total - (4 * p.scale * q.scale).log()


@register_kl(Gamma, Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    return (
        b * (p.rate / q.rate).log() + torch.lgamma(b) - torch.lgamma(a)
        + (a - b) * torch.digamma(a) + (q.rate - p.rate) * (a / p.rate)
    )  # fmt: skip


@register_kl(Beta, Beta)
def _beta(p: Any, q: Any) -> Any:
    return _dirichlet(p._dirichlet, q._dirichlet)


@register_kl(Dirichlet, Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    total_p, total_q = p.concentration.sum(-1), q.concentration.sum(-1)
    first = total_p.lgamma() - total_q.lgamma()
    second = (p.concentration.lgamma() - q.concentration.lgamma()).sum(-1)
    off = p.concentration - q.concentration
    rest = p.concentration.digamma() - total_p.digamma().unsqueeze(-1)
    return first - second + (off * rest).sum(-1)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be computed"
        )
    half_log_p = p._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    half_log_q = q._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    n = p.event_shape[0]
    shape = torch.broadcast_shapes(p.batch_shape, q.batch_shape)
    lower = q._factor.expand((*shape, n, n))
    spread = torch.linalg.solve_triangular(lower, p._factor.expand((*shape, n, n)), upper=False).pow(2).sum(-1).sum(-1)
    off = (q.loc - p.loc).expand((*shape, n)).unsqueeze(-1)
    distance = torch.linalg.solve_triangular(lower, off, upper=False).squeeze(-1).pow(2).sum(-1)
    return half_log_q - half_log_p + 0.5 * (spread + distance - n)


@register_kl(Independent, Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)
