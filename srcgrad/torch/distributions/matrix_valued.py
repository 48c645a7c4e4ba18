"""Distributions of matrices, and of vectors whose covariance is of low rank but for its diagonal."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

import srcgrad.torch as torch
from srcgrad.torch.distributions import constraints
from srcgrad.torch.distributions.distribution import Distribution, broadcast_all, lazy_property
from srcgrad.torch.distributions.gammas import Beta, Chi2
from srcgrad.torch.distributions.multivariate import factor_of_inverse


def _diagonal(matrix: Any) -> Any:
    return matrix.diagonal(dim1=-2, dim2=-1)


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices (Lewandowski, Kurowicka and Joe, J. Multivariate Anal. 2009)."""

    arg_constraints: ClassVar[dict[str, Any]] = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.size(), (dim, dim), validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Any:
        """By the onion method: each row a direction, shortened by a beta distributed length."""
        with torch.no_grad():
            dtype = self.concentration.dtype
            row = torch.cat([torch.zeros(1, dtype=dtype), torch.arange(self.dim - 1, dtype=dtype)])
            rest = (self.concentration + 0.5 * (self.dim - 2)).unsqueeze(-1) - 0.5 * row
            lengths = Beta(row + 0.5, rest).sample(sample_shape).unsqueeze(-1)
            normal = torch.randn(self._extended_shape(sample_shape), dtype=lengths.dtype).tril(-1)
            towards = normal / normal.norm(dim=-1, keepdim=True)
            towards[..., 0, :].fill_(0.0)
            found = torch.sqrt(lengths) * towards
            left = torch.clamp(1 - torch.sum(found**2, dim=-1), min=torch.finfo(found.dtype).tiny)
            return found + torch.diag_embed(left.sqrt())

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        n = self.dim - 1
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - torch.arange(2, self.dim + 1)
        found = torch.sum(order * _diagonal(value)[..., 1:].log(), dim=-1)
        alpha = self.concentration + 0.5 * n
        return found - (0.5 * n * math.log(math.pi) + torch.mvlgamma(alpha - 0.5, n) - torch.lgamma(alpha) * n)


class Wishart(Distribution):
    """Sums of outer products of normal vectors; given by a covariance, a precision or the covariance's factor."""

    support = constraints.positive_definite
    has_rsample = True

    def __init__(
        self, df: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        found = {name: value for name, value in given.items() if value is not None}
        if len(found) != 1:
            raise AssertionError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = found.items()
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        batch = torch.Size(matrix.shape[:-2])
        if isinstance(df, torch.Tensor):
            batch = torch.broadcast_shapes(batch, df.shape)
            self.df: Any = torch.broadcast_to(df, batch)
        else:
            self.df = torch.tensor(df, dtype=matrix.dtype)
        p = matrix.shape[-1]
        if self.df.le(p - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {p - 1}.")
        setattr(self, name, matrix.expand((*batch, -1, -1)))
        if self.df.lt(p).any():
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
                stacklevel=2,
            )
        vars(self)["arg_constraints"] = {
            "covariance_matrix": constraints.positive_definite, "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky, "df": constraints.greater_than(p - 1),
        }  # fmt: skip
        super().__init__(batch, matrix.shape[-2:], validate_args=validate_args)
        if name == "precision_matrix":
            self._factor = factor_of_inverse(matrix)
        else:
            self._factor = matrix if name == "scale_tril" else torch.linalg.cholesky(matrix)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        shape = torch.Size(batch_shape)
        names = ("covariance_matrix", "scale_tril", "precision_matrix")
        name = next(n for n in names if n in vars(self))
        return type(self)(self.df.expand(shape), **{name: vars(self)[name].expand((*shape, -1, -1))})

    @lazy_property
    def scale_tril(self) -> Any:
        """The lower triangle whose square is the covariance."""
        return self._factor.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance of the normal vectors."""
        return (self._factor @ self._factor.mT).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        unit = torch.eye(self._event_shape[-1], dtype=self._factor.dtype)
        return torch.cholesky_solve(unit, self._factor).expand(self._batch_shape + self._event_shape)

    def _by_matrix(self, value: Any) -> Any:
        return value.reshape((*self._batch_shape, 1, 1))

    @property
    def mean(self) -> Any:
        return self._by_matrix(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self.df - self._event_shape[-1] - 1
        return self._by_matrix(torch.where(factor <= 0, math.nan, factor)) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        v = self.covariance_matrix
        d = _diagonal(v)
        return self._by_matrix(self.df) * (v.pow(2) + d.unsqueeze(-1) * d.unsqueeze(-2))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """By Bartlett's decomposition."""
        p = self._event_shape[-1]
        eps = torch.finfo(self._factor.dtype).eps
        freedom = self.df.unsqueeze(-1) - torch.arange(p, dtype=self._factor.dtype).expand((*self._batch_shape, -1))
        noise = Chi2(freedom).rsample(sample_shape).sqrt().clamp(min=eps).diag_embed()
        i, j = torch.tril_indices(p, p, offset=-1)
        noise[..., i, j] = torch.randn((*sample_shape, *self._batch_shape, p * (p - 1) // 2), dtype=noise.dtype)
        factor = self._factor @ noise
        return factor @ factor.mT

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        p = self._event_shape[-1]
        trace = _diagonal(torch.cholesky_solve(value, self._factor)).sum(-1)
        return (
            -self.df * self._half_log_det() - torch.mvlgamma(self.df / 2, p)
            + (self.df - p - 1) / 2 * torch.linalg.slogdet(value).logabsdet - trace / 2
        )  # fmt: skip

    def _half_log_det(self) -> Any:
        """Half the logarithm of the determinant of twice the covariance."""
        return self._event_shape[-1] * math.log(2) / 2 + _diagonal(self._factor).log().sum(-1)

    def entropy(self) -> Any:
        nu, p = self.df, self._event_shape[-1]
        slopes = torch.digamma((nu / 2).unsqueeze(-1) - 0.5 * torch.arange(p, dtype=nu.dtype)).sum(-1)
        return (p + 1) * self._half_log_det() + torch.mvlgamma(nu / 2, p) - (nu - p - 1) / 2 * slopes + nu * p / 2


class LowRankMultivariateNormal(Distribution):
    """Normal vectors whose covariance is W Wᵀ + D, D being diagonal; what is inverted is of the size of W's width."""

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
        if cov_factor.shape[-2:-1] != event:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
        if cov_diag.shape[-1:] != event:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event}")
        try:
            batch = torch.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.loc = loc.expand((*batch, -1))
        self.cov_factor = cov_factor.expand((*batch, -1, -1))
        self.cov_diag = cov_diag.expand((*batch, -1))
        super().__init__(batch, event, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        shape = torch.Size(batch_shape)
        return type(self)(
            self.loc.expand((*shape, -1)), self.cov_factor.expand((*shape, -1, -1)), self.cov_diag.expand((*shape, -1))
        )

    @lazy_property
    def _inner(self) -> Any:
        """The factor of the matrix that stands in for the covariance where it is inverted: 1 + Wᵀ D⁻¹ W."""
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        return torch.linalg.cholesky(
            scaled @ self.cov_factor + torch.eye(self.cov_factor.shape[-1], dtype=self.loc.dtype)
        )

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self.cov_factor @ self.cov_factor.mT + torch.diag_embed(self.cov_diag)

    @lazy_property
    def scale_tril(self) -> Any:
        """The lower triangle whose square is the covariance."""
        return torch.linalg.cholesky(self.covariance_matrix)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance, by Woodbury's identity."""
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        a = torch.linalg.solve_triangular(self._inner, scaled, upper=False)
        return torch.diag_embed(self.cov_diag.reciprocal()) - a.mT @ a

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self.cov_factor.pow(2).sum(-1) + self.cov_diag

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        within = torch.randn(shape[:-1] + self.cov_factor.shape[-1:], dtype=self.loc.dtype)
        apart = torch.randn(shape, dtype=self.loc.dtype)
        return self.loc + (self.cov_factor @ within.unsqueeze(-1)).squeeze(-1) + self.cov_diag.sqrt() * apart

    def _log_det(self) -> Any:
        """By the determinant lemma."""
        return 2 * _diagonal(self._inner).log().sum(-1) + self.cov_diag.log().sum(-1)

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        off = value - self.loc
        scaled = self.cov_factor.mT / self.cov_diag.unsqueeze(-2)
        inner = self._inner.expand((*off.shape[:-1], *self._inner.shape[-2:]))
        y = torch.linalg.solve_triangular(inner, scaled @ off.unsqueeze(-1), upper=False).squeeze(-1)
        distance = (off.pow(2) / self.cov_diag).sum(-1) - y.pow(2).sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det() + distance)

    def entropy(self) -> Any:
        found = 0.5 * (self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._log_det())
        return found.expand(self._batch_shape) if len(self._batch_shape) else found
