"""The rules of the kernels for matrices and spectra agree with differences, and both modes with each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad
from srcgrad.torch.kernels import fourier, positive, products, reflectors, spectra, systems, triangles
from tests.rules.checking import check
from tools.torch_oracles.matrices import leaves

A, S, R, W, B, M, b, s, t, v, C, H, z = leaves().values()
FACTORS, PIVOTS = triangles.eliminated(A)
ORDER = triangles.rows_in_order(PIVOTS, 4)
COMPLEX_FACTORS, COMPLEX_PIVOTS = triangles.eliminated(C)
COMPLEX_ORDER = triangles.rows_in_order(COMPLEX_PIVOTS, 3)
LOWER = np.linalg.cholesky(S)


def order_of(a: Any) -> Any:
    return triangles.rows_in_order(triangles.eliminated(a)[1], a.shape[-2])


SAMPLES: list[tuple[Callable[..., Any], tuple[Any, ...], int | tuple[int, ...]]] = [
    (products.added_vector, (b, A, b, 0.5, 2.0), (0, 1, 2)),
    (products.added_outer, (A, b, b, 0.5, 2.0), (0, 1, 2)),
    (products.added_batch, (B, B, B + 1, 0.5, 2.0), (0, 1, 2)),
    (products.added_sum, (B[0], B, B + 1, 0.5, 2.0), (0, 1, 2)),
    (products.conjugate_inner, (z, z + 1j), (0, 1)),
    (products.diagonal_sum, (R,), 0),
    (products.on_diagonal, (np.array(2.0), (2, 3)), 0),
    (products.cross_product, (B, B + 1, 1), (0, 1)),
    (triangles.solve_triangle, (A, M, True, True, False), (0, 1)),
    (triangles.solve_triangle, (A, M.T, False, False, True), (0, 1)),
    (triangles.solve_triangle, (C, C, False, True, False), (0, 1)),
    (triangles.lu_compact, (A, ORDER), 0),
    (triangles.lu_compact, (R, order_of(R)), 0),
    (triangles.lu_compact, (W, order_of(W)), 0),
    (triangles.lu_compact, (C, COMPLEX_ORDER), 0),
    (triangles.lu_parts, (A,), 0),
    (triangles.lu_split, (R, order_of(R)), 0),
    (triangles.lu_split, (W, order_of(W)), 0),
    (triangles.solve_factored, (FACTORS, ORDER, M, True, False), (0, 2)),
    (triangles.solve_factored, (FACTORS, ORDER, M.T, False, True), (0, 2)),
    (triangles.solve_factored, (COMPLEX_FACTORS, COMPLEX_ORDER, C, True, True), (0, 2)),
    (triangles.solve_factored, (COMPLEX_FACTORS, COMPLEX_ORDER, C, False, False), (0, 2)),
    (systems.solution, (A, M, True, False), (0, 1)),
    (systems.solution, (B, B[:, 0], True, True), (0, 1)),
    (systems.solution, (A, M.T, False, False), (0, 1)),
    (systems.inverse, (C,), 0),
    (systems.pseudo_inverse, (R, 0.0, 1e-9, False), 0),
    (systems.pseudo_inverse, (C[:2], 0.0, 1e-9, False), 0),
    (systems.least_squares, (R, R[:, :2] ** 2, 1e-9, True, False), (0, 1)),
    (systems.least_squares, (W, v, 1e-9, False, True), (0, 1)),
    (systems.sign_and_log, (B,), 0),
    (systems.sign_and_log, (C,), 0),
    (systems.exponential, (A / 3,), 0),
    (systems.exponential, (C,), 0),
    (spectra.svd, (A, False), 0),
    (spectra.svd, (W, False), 0),
    (spectra.qr, (R, "reduced"), 0),
    (spectra.qr, (W, "reduced"), 0),
    (spectra.qr, (C, "reduced"), 0),
    (reflectors.orthogonal, (R, v), (0, 1)),
    (reflectors.orthogonal, (C, C[0]), (0, 1)),
    (reflectors.multiplied, (A, b, M, True, False), (0, 1, 2)),
    (reflectors.multiplied, (C, C[0], C + 1, False, True), (0, 1, 2)),
    (positive.solution_from_factor, (M, LOWER, False), 0),
    (fourier.complex_transform, (z, (0,), "ortho", True), 0),
    (fourier.complex_transform, (C, (0, 1), "backward", False), 0),
    (fourier.real_transform, (t, (0, 2), "backward", True), 0),
    (fourier.real_transform, (t, (1,), "forward", False), 0),
    (fourier.real_transposed, (np.fft.rfft(s), (0,), "backward", 8), 0),
    (fourier.to_real, (C, (0, 1), "backward", 4), 0),
    (fourier.to_real, (z, (0,), "ortho", 9), 0),
    (fourier.overlapped, (t, 2), 0),
    (fourier.framed, (t[:, 0], 2, 2, 1), 0),
]


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_rule(number: int) -> None:
    kernel, args, argnums = SAMPLES[number]
    check(kernel, *args, argnums=argnums, tol=1e-5)


def symmetrised(a: Any) -> Any:
    return 0.5 * (a + np.conj(np.swapaxes(a, -1, -2)))


@pytest.mark.parametrize("a", [S, H], ids=["real", "complex"])
@pytest.mark.parametrize("kernel", [lambda a: spectra.cholesky(a, False), lambda a: spectra.eigh(a, "L")[0]])
def test_gradient_of_hermitian_is_hermitian(kernel: Callable[[Any], Any], a: Any) -> None:
    def total(a: Any) -> Any:
        return np.sum(np.abs(kernel(a)) ** 2 * np.arange(1.0, 1 + a.shape[-1]))

    gradient = np.conj(srcgrad.grad(total)(a))
    np.testing.assert_allclose(gradient, symmetrised(gradient), atol=1e-12)
    along = symmetrised(np.cos(np.arange(a.size)).reshape(a.shape) * (1 + 0.5j if np.iscomplexobj(a) else 1))
    step = 1e-6
    slope = (total(a + step * along) - total(a - step * along)) / (2 * step)
    np.testing.assert_allclose(np.sum(np.conj(gradient) * along).real, slope, rtol=1e-6)


# Functions that do not depend on the phases of vectors.
LENGTHS: list[tuple[Callable[[Any], Any], Any]] = [
    (lambda a: spectra.eig(a)[1], A + np.diag([0.0, 5, 9, 14])),
    (lambda a: spectra.eig(a)[1], C),
    (lambda a: spectra.eigh(symmetrised(a), "U")[1], H),
    (lambda a: spectra.svd(a, False)[0], C),
    (lambda a: spectra.svd(a, False)[2], C[:2]),
    (lambda a: spectra.cholesky(symmetrised(a), True), H),
]


@pytest.mark.parametrize("number", range(len(LENGTHS)))
def test_lengths_of_vectors(number: int) -> None:
    kernel, a = LENGTHS[number]

    def total(a: Any) -> Any:
        vectors = kernel(a)
        return np.sum(np.abs(vectors) * np.cos(np.arange(vectors.size)).reshape(vectors.shape))

    along = np.cos(np.arange(a.size)).reshape(a.shape) * (1 + 0.5j if np.iscomplexobj(a) else 1)
    step = 1e-6
    slope = (total(a + step * along) - total(a - step * along)) / (2 * step)
    np.testing.assert_allclose(np.sum(srcgrad.grad(total)(a) * along).real, slope, rtol=1e-6)
    np.testing.assert_allclose(srcgrad.jvp(total, (a,), (along,))[1], slope, rtol=1e-6)
