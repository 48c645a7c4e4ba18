"""Functions of matrices: `torch.linalg`."""

from __future__ import annotations

from srcgrad.torch.ops.determinants import det, lstsq, matrix_exp, matrix_rank, pinv, slogdet
from srcgrad.torch.ops.factors import (
    householder_product,
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
    qr,
)
from srcgrad.torch.ops.matrices import LinAlgError
from srcgrad.torch.ops.matrix_norms import (
    cond,
    cross,
    diagonal,
    matmul,
    matrix_norm,
    multi_dot,
    norm,
    vander,
    vecdot,
    vector_norm,
)
from srcgrad.torch.ops.spectra import cholesky, cholesky_ex, eig, eigh, eigvals, eigvalsh, svd, svdvals
from srcgrad.torch.ops.systems import (
    inv,
    inv_ex,
    matrix_power,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh",
    "householder_product", "inv", "inv_ex", "ldl_factor", "ldl_factor_ex", "ldl_solve", "lstsq", "lu", "lu_factor",
    "lu_factor_ex", "lu_solve", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm",
    "pinv", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander",
    "vecdot", "vector_norm",
]  # fmt: skip
