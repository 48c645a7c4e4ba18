"""Determinants, pseudo-inverses, least squares, ranks, and the exponential of a matrix.

What enters: matrices in the last two dimensions. What leaves: tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.kernels import systems as kernels
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.matrices import check_floating, check_matrix, check_square, public
from srcgrad.torch.ops.systems import is_vector
from srcgrad.torch.pointwise import check_broadcast
from srcgrad.torch.primitive import primitive
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import Tensor

_det = primitive(np.linalg.det, "LinalgDetBackward0")
_slogdet = primitive(kernels.sign_and_log, "LinalgSlogdetBackward0")
_pinv = primitive(kernels.pseudo_inverse, "LinalgPinvBackward0")
_lstsq = primitive(kernels.least_squares, "LinalgLstsqBackward0")
_exponential = primitive(kernels.exponential, "LinalgMatrixExpBackward0")


@public
def det(A: Tensor) -> Any:
    """The determinant."""
    check_square(A, "linalg.det")
    check_floating(A, "linalg.det", "lu_cpu")
    return _det(A)


@public
def slogdet(A: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    check_square(A, "linalg.slogdet")
    check_floating(A, "linalg.slogdet")
    return named("linalg_slogdet", "sign", "logabsdet")(_slogdet(A))


op("det")(det)


@op("slogdet", out=True)
def old_slogdet(input: Tensor) -> Any:
    """The sign of the determinant and the logarithm of its absolute value."""
    return named("slogdet", "sign", "logabsdet")(slogdet(input))


@op("logdet")
def logdet(input: Tensor) -> Any:
    """The logarithm of the determinant; NaN where that is negative."""
    check_square(input, "logdet", "A")
    sign, log = slogdet(input)
    if input._a.dtype.kind == "c":
        return log + sign.log()
    return FUNCTIONS["where"](sign == -1, float("nan"), log)


def tolerances(a: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """The limits below which a singular value counts as zero, as numbers or arrays."""
    absolute = 0.0 if atol is None else atol._a if isinstance(atol, Tensor) else float(atol)
    if rtol is not None:
        relative = rtol._a if isinstance(rtol, Tensor) else float(rtol)
    else:
        usual = float(np.finfo(a.dtype).eps) * max(a.shape[-2:])
        relative = usual if atol is None else np.where(np.asarray(absolute) > 0, 0.0, usual)
    return absolute, relative


@public
def pinv(A: Tensor, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """The pseudo-inverse."""
    a = A._a
    if a.ndim < 2 or a.dtype.kind not in "fc" or a.dtype == np.float16:
        raise RuntimeError(
            f"linalg.pinv({A.dtype._c_name}{{{list(a.shape)}}}): expected a tensor with 2 or more dimensions of float, double, "
            "cfloat or cdouble types"
        )
    if hermitian:
        check_square(A, "linalg.pinv")
    return _pinv(A, *tolerances(a, atol, rcond if rtol is None else rtol), hermitian)


@op("pinverse")
def pinverse(input: Tensor, rcond: float = 1e-15) -> Any:
    """The pseudo-inverse."""
    return pinv(input, rcond)


@public
def matrix_rank(A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """How many singular values are not small."""
    a = A._a
    check_matrix(A, "torch.linalg.matrix_rank", "input")
    if a.dtype.kind not in "fc" or a.dtype == np.float16:
        raise RuntimeError("This function doesn't handle types other than float and double")
    if not a.size:
        return Tensor._wrap(np.zeros(a.shape[:-2], np.int64))
    s = np.abs(np.linalg.eigvalsh(a)) if hermitian else np.linalg.svd(a, compute_uv=False)
    limits = tolerances(a, tol if tol is not None else atol, 0.0 if tol is not None else rtol)
    return Tensor._wrap(np.asarray(kernels.kept_values(s, *limits).sum(-1, dtype=np.int64)))


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@public
def lstsq(A: Any, B: Any, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The solution of smallest norm that minimises |A x - B|."""
    a, b = A._a, B._a
    if a.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if b.ndim < 1:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype {A.dtype._c_name} "
            f"and other's dtype {B.dtype._c_name}"
        )
    if a.dtype.kind not in "fc":
        raise RuntimeError("This function doesn't handle types other than float and double")
    if driver is not None and driver not in _DRIVERS:
        raise RuntimeError("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    driver = driver or "gelsy"
    vector = is_vector(a, b)
    side: Any = B.unsqueeze(-1) if vector else B
    m, n = a.shape[-2:]
    if side._a.shape[-2] != m:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size({-1 if vector else -2})")
    check_broadcast(a.shape[:-2], side._a.shape[:-2])
    limit = float(np.finfo(a.dtype).eps) * max(m, n) if rcond is None else float(rcond)
    s = np.linalg.svd(a, compute_uv=False)
    rank = np.asarray(kernels.kept_values(s, 0.0, limit).sum(-1, dtype=np.int64))
    x, rest = _lstsq(A, B, limit, bool(m > n and driver != "gelsy" and np.all(rank == n)), vector)
    shown = Tensor._wrap(np.zeros(0, np.int64) if driver == "gels" else rank)
    values = Tensor._wrap(s if driver in {"gelsd", "gelss"} else np.zeros(0, s.dtype))
    fields = ("solution", "residuals", "rank", "singular_values")
    return named("linalg_lstsq", *fields)((x, rest, shown, values))


@public
def matrix_exp(A: Tensor) -> Any:
    """The exponential of a matrix."""
    check_square(A, "linalg.matrix_exp")
    if A._a.dtype.kind not in "fc":
        check_floating(A, "linalg.matrix_exp")
    return _exponential(A)


op("matrix_exp")(matrix_exp)
