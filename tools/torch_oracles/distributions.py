"""Distributions: their texts and moments, samples for a seed, densities; transforms and what leads to a constraint.

Derivatives of samples by the parameters of a gamma distribution are left out: PyTorch's are approximations of four digits.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from tools.torch_oracles import plain

MOMENTS = ("mean", "variance", "stddev", "mode")


def answers(torch: Any) -> dict[str, Any]:
    importlib.import_module(f"{torch.__name__}.distributions")
    found = {name: described(torch, make) for name, make in made(torch).items()}
    found["random numbers"] = numbers(torch)
    found["constraints"] = reached(torch)
    found["transforms"] = transformed(torch)
    return found


def made(torch: Any) -> dict[str, Callable[[], Any]]:
    d = torch.distributions

    def t(values: Any) -> Any:
        return torch.tensor(values, dtype=torch.float64)

    positive = [[2.0, 0.3], [0.3, 1.0]]
    return {
        "Bernoulli": lambda: d.Bernoulli(logits=t([0.3, -2.0])),
        "Beta": lambda: d.Beta(t([0.5, 2.0]), t([1.0, 3.0])),
        "Binomial": lambda: d.Binomial(t([10.0, 100.0]), probs=t([0.3, 0.6])),
        "Categorical": lambda: d.Categorical(t([0.2, 0.3, 0.5])),
        "Chi2": lambda: d.Chi2(t([1.0, 5.0])),
        "ContinuousBernoulli": lambda: d.ContinuousBernoulli(probs=t([0.3, 0.5, 0.9])),
        "Dirichlet": lambda: d.Dirichlet(t([0.5, 2.0, 3.0])),
        "FisherSnedecor": lambda: d.FisherSnedecor(t([5.0, 3.0]), t([6.0, 8.0])),
        "Gamma": lambda: d.Gamma(t([0.5, 2.0]), t([1.0, 3.0])),
        "Gamma of float32": lambda: d.Gamma(torch.tensor([0.5, 2.0]), 1.0),
        "InverseGamma": lambda: d.InverseGamma(t([3.0, 4.0]), t([1.0, 2.0])),
        "Kumaraswamy": lambda: d.Kumaraswamy(t([1.5, 2.0]), t([2.0, 3.0])),
        "LKJCholesky": lambda: d.LKJCholesky(3, t([1.5, 0.5])),
        "LogisticNormal": lambda: d.LogisticNormal(t([0.1, 0.2, 0.3]), t([1.0, 2.0, 0.5])),
        "LowRankMultivariateNormal": lambda: d.LowRankMultivariateNormal(
            t([0.0, 1.0, 2.0]), t([[1.0], [2.0], [0.5]]), t([1.0, 0.5, 2.0])
        ),
        "Multinomial": lambda: d.Multinomial(5, t([0.2, 0.3, 0.5])),
        "MultivariateNormal": lambda: d.MultivariateNormal(t([0.0, 1.0]), precision_matrix=t(positive)),
        "NegativeBinomial": lambda: d.NegativeBinomial(t([5.0, 9.0]), probs=t([0.3, 0.6])),
        "OneHotCategorical": lambda: d.OneHotCategorical(t([0.2, 0.3, 0.5])),
        "Poisson": lambda: d.Poisson(t([3.0, 20.0])),
        "RelaxedBernoulli": lambda: d.RelaxedBernoulli(t(0.7), probs=t([0.3, 0.6])),
        "RelaxedOneHotCategorical": lambda: d.RelaxedOneHotCategorical(t(0.7), probs=t([0.3, 0.6, 0.1])),
        "StudentT": lambda: d.StudentT(t([3.0, 5.0]), t([0.0, 1.0]), t([1.0, 2.0])),
        "TransformedDistribution": lambda: d.TransformedDistribution(
            d.Normal(t([0.0, 1.0]), t([1.0, 2.0])), [d.SigmoidTransform(), d.AffineTransform(1.0, -2.0)]
        ),
        "TransformedDistribution, another shape": lambda: d.TransformedDistribution(
            d.Normal(t([0.0, 1.0, 2.0, 3.0]), t([1.0, 2.0, 1.0, 1.0])), [d.ReshapeTransform((4,), (2, 2))]
        ),
        "VonMises": lambda: d.VonMises(t([0.0, 1.0]), t([2.0, 0.5])),
        "Wishart": lambda: _Fixed(d.Wishart(t(4.0), covariance_matrix=t(positive)), t(positive)),
        "Wishart of a precision": lambda: _Fixed(d.Wishart(t([4.0, 5.0]), precision_matrix=t(positive)), t(positive)),
    }


class _Fixed:
    """A distribution with a sample that is given, since PyTorch throws samples of Wishart's away and draws others."""

    def __init__(self, base: Any, sample: Any) -> None:
        self.base, self.given = base, sample

    def __getattr__(self, name: str) -> Any:
        return getattr(self.base, name)

    def __repr__(self) -> str:
        return repr(self.base)

    def sample(self, shape: Any = ()) -> Any:
        return self.given.expand((*shape, *self.base.batch_shape, 2, 2))


def described(torch: Any, make: Callable[[], Any]) -> Any:
    distribution = make()
    torch.manual_seed(5)
    sample = distribution.sample((4,))
    kinds = [repr(distribution), list(distribution.batch_shape), list(distribution.event_shape)]
    found: dict[str, Any] = {"kind": kinds, "sample": sample, "next": torch.rand(2), "one": distribution.sample()}
    found["has_rsample"] = distribution.has_rsample
    for name in MOMENTS:
        found[name] = _asked(lambda name=name: getattr(distribution, name))
    found["entropy"] = _asked(distribution.entropy)
    found["log_prob"] = _asked(lambda: distribution.log_prob(sample))
    found["cdf"] = _asked(lambda: distribution.cdf(sample))
    found["icdf"] = _asked(lambda: distribution.icdf(torch.tensor(0.3, dtype=torch.float64)))
    wider = distribution.expand((2, *distribution.batch_shape))
    found["expanded"] = [list(wider.batch_shape), list(wider.event_shape)]
    return plain(found)


def _asked(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except NotImplementedError:
        return "NotImplementedError"


def numbers(torch: Any) -> Any:
    """Samples by rejection, of many parameters, in both dtypes; and where the generator stands afterwards."""
    found = []
    for dtype in (torch.float64, torch.float32):
        torch.manual_seed(3)
        a = torch.cat([torch.linspace(0.05, 0.9, 30), torch.linspace(1, 40, 30)]).to(dtype)
        rates = torch.cat([torch.linspace(0, 9.9, 30), torch.linspace(10, 500, 30)]).to(dtype)
        counts = torch.arange(1, 61).to(dtype)
        probs = torch.linspace(0.01, 0.99, 60).to(dtype)
        found += [torch.poisson(rates), torch.binomial(counts, probs), torch.binomial(counts * 10, probs)]
        torch.randn(1)
        found += [torch._standard_gamma(a), torch._sample_dirichlet(a.reshape(6, 10)), torch.randn(3), torch.rand(2)]
    return plain(found)


def reached(torch: Any) -> Any:
    d = torch.distributions
    c = d.constraints
    x = torch.linspace(-1, 1, 6, dtype=torch.float64)
    found = []
    for constraint in (
        c.positive, c.nonnegative, c.greater_than(2.0), c.less_than(2.0), c.unit_interval, c.interval(-1.0, 3.0),
        c.simplex, c.real, c.real_vector, c.corr_cholesky,
    ):  # fmt: skip
        for registry in (d.biject_to, d.transform_to):
            transform = registry(constraint)
            y = transform(x)
            found.append([repr(transform), y, constraint.check(y)])
            if transform.bijective:
                found.append([transform.inv(y), transform.log_abs_det_jacobian(x, y)])
    return plain(found)


def transformed(torch: Any) -> Any:
    d = torch.distributions
    x = torch.tensor([[0.1, 0.2], [0.3, 0.4]], dtype=torch.float64)
    parts = [d.ExpTransform(), d.AffineTransform(1.0, 2.0)]
    normal = d.Normal(torch.zeros((), dtype=torch.float64), 1.0)
    found = []
    for transform in (
        d.CatTransform(parts, dim=0, lengths=[1, 1]), d.CatTransform(parts, dim=-1), d.StackTransform(parts, dim=1),
        d.CumulativeDistributionTransform(normal), d.StickBreakingTransform(),
    ):  # fmt: skip
        y = transform(x)
        found.append([y, transform.inv(y), transform.log_abs_det_jacobian(x, y)])
    matrices = (d.LowerCholeskyTransform(), d.PositiveDefiniteTransform())
    found += [[repr(transform), transform(x), transform.inv(transform(x))] for transform in matrices]
    reshape = d.ReshapeTransform((4,), (2, 2))
    shapes = [reshape.forward_shape(torch.Size((3, 4))), reshape.inverse_shape(torch.Size((3, 2, 2)))]
    return plain([found, [list(shape) for shape in shapes]])
