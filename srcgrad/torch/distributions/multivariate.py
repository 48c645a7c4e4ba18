"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import srcgrad.torch as torch
from srcgrad.torch.distributions import constraints
from srcgrad.torch.distributions.distribution import Distribution, lazy_property


def factor_of_inverse(matrix: Any) -> Any:
    """The lower triangle whose square is the inverse, from the factor of the matrix turned upside down."""
    turned = torch.linalg.cholesky(torch.flip(matrix, (-2, -1)))
    inverse = torch.flip(turned, (-2, -1)).mT
    unit = torch.eye(matrix.shape[-1], dtype=matrix.dtype)
    return torch.linalg.solve_triangular(inverse, unit, upper=False)


class MultivariateNormal(Distribution):
    """Given by its covariance, its precision, or the lower triangle that is the covariance's factor."""

    arg_constraints: ClassVar[dict[str, Any]] = {
        "loc": constraints.real_vector, "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky,
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {"covariance_matrix": covariance_matrix, "scale_tril": scale_tril, "precision_matrix": precision_matrix}
        found = {name: value for name, value in given.items() if value is not None}
        if len(found) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = found.items()
        if matrix.dim() < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        batch = torch.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch, -1, -1)))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._factor = matrix
        elif name == "covariance_matrix":
            self._factor = torch.linalg.cholesky(matrix)
        else:
            self._factor = factor_of_inverse(matrix)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        shape = torch.Size(batch_shape)
        name = next(n for n in ("covariance_matrix", "scale_tril", "precision_matrix") if n in vars(self))
        return type(self)(self.loc.expand((*shape, -1)), **{name: vars(self)[name].expand((*shape, -1, -1))})

    @lazy_property
    def scale_tril(self) -> Any:
        """The lower triangle whose square is the covariance."""
        return self._factor.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        found = torch.matmul(self._factor, self._factor.mT)
        return found.expand(self._batch_shape + self._event_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        found = torch.cholesky_inverse(self._factor)
        return found.expand(self._batch_shape + self._event_shape + self._event_shape)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self._factor.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        eps = torch.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + torch.matmul(self._factor, eps.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        self._check_sample(value)
        off = (value - self.loc).unsqueeze(-1)
        factor = self._factor.expand(off.shape[:-2] + self._factor.shape[-2:])
        distance = torch.linalg.solve_triangular(factor, off, upper=False).squeeze(-1).pow(2).sum(-1)
        half_log_det = self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - half_log_det

    def entropy(self) -> Any:
        half_log_det = self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        found = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + half_log_det
        return found if not len(self._batch_shape) else found.expand(self._batch_shape)
