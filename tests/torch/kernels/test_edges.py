"""Where the kernels meet what is not a usual number, or nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from srcgrad.torch.kernels.adaptive_pooling import adaptive_max_pool
from srcgrad.torch.kernels.convolution import convolution, correlate, correlate_input, correlate_weight
from srcgrad.torch.kernels.embedding import embedding, embedding_weight
from srcgrad.torch.kernels.pooling import max_pool
from srcgrad.torch.kernels.resampling import upsample
from tools.torch_oracles.kernels import made


def test_a_window_with_nan_has_its_last_nan_as_maximum() -> None:
    x = np.array([[[1.0, np.nan, np.nan, 5.0, 2.0, 3.0]]])
    y, places = max_pool(x, (3,), (3,), (0,), (1,), False)
    np.testing.assert_array_equal(y, [[[np.nan, 5.0]]])
    np.testing.assert_array_equal(places, [[[2, 3]]])
    y, places = adaptive_max_pool(x, (2,))
    np.testing.assert_array_equal(y, [[[np.nan, 5.0]]])
    np.testing.assert_array_equal(places, [[[2, 3]]])


def test_the_border_is_never_the_maximum() -> None:
    y, places = max_pool(np.full((1, 1, 3, 3), -np.inf), (3, 3), (2, 2), (1, 1), (1, 1), False)
    np.testing.assert_array_equal(y, -np.inf)
    np.testing.assert_array_equal(places, [[[[0, 1], [3, 4]]]])


def test_the_first_of_equal_values_is_the_maximum() -> None:
    _, places = max_pool(np.zeros((1, 1, 4, 4)), (2, 2), (2, 2), (0, 0), (1, 1), False)
    np.testing.assert_array_equal(places, [[[[0, 2], [8, 10]]]])


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_maxima_of_integers(dtype: type) -> None:
    x = np.array([[[3, 1, 2, 0, 5]]], dtype)
    y, _ = max_pool(x, (2,), (2,), (1,), (1,), False)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, [[[3, 2, 5]]])


def test_infinity_stays_in_its_window() -> None:
    x = np.zeros((1, 1, 6))
    x[0, 0, 2] = np.inf
    np.testing.assert_array_equal(np.isfinite(upsample(x, (6,), "nearest")), np.isfinite(x))
    np.testing.assert_array_equal(np.isfinite(upsample(x, (3,), "nearest")), [[[True, False, True]]])


def test_complex_convolution_is_linear_in_both_parts() -> None:
    x, w = made(3, 2, 7) + 1j * made(3, 2, 7, phase=1), made(4, 2, 3) + 1j * made(4, 2, 3, phase=2)
    rest = (None, (1,), (1,), (1,), False, (0,), 1)
    expected = (
        convolution(x.real, w.real, *rest)
        - convolution(x.imag, w.imag, *rest)
        + 1j * (convolution(x.real, w.imag, *rest) + convolution(x.imag, w.real, *rest))
    )
    np.testing.assert_allclose(convolution(x, w, *rest), expected, rtol=1e-12)


@pytest.mark.parametrize("images", [1, 2, 30])
@pytest.mark.parametrize("size", [5, 18, 40])
def test_every_way_to_convolve_is_the_same(images: int, size: int) -> None:
    # Few or many images, with few or many places each, are multiplied in different arrangements.
    x, w = made(images, 3, size, size), made(4, 3, 3, 3)
    how = ((1, 1), (1, 1), (1, 1), 1)
    c = correlate(x, w, (size, size), *how)
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    views = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    np.testing.assert_allclose(c, np.einsum("nchwij,ocij->nohw", views, w, optimize=True), rtol=1e-9, atol=1e-9)
    # Transposes have the same inner products.
    bar = made(*c.shape, phase=1)
    inner = np.sum(c * bar)
    np.testing.assert_allclose(np.sum(correlate_input(bar, w, (size, size), *how) * x), inner, rtol=1e-9)
    np.testing.assert_allclose(np.sum(correlate_weight(bar, x, (3, 3), *how) * w), inner, rtol=1e-9)


def test_results_are_contiguous() -> None:
    x, w = made(20, 3, 6, 6), made(4, 3, 3, 3)
    c = convolution(x, w, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    assert c.flags.c_contiguous
    assert correlate_input(c, w, (6, 6), (1, 1), (0, 0), (1, 1), 1).flags.c_contiguous


def test_no_images_and_no_indices() -> None:
    w = made(4, 3, 3, 3)
    rest = ((1, 1), (0, 0), (1, 1))
    c = convolution(np.zeros((0, 3, 6, 6)), w, None, *rest, False, (0, 0), 1)
    assert c.shape == (0, 4, 4, 4)
    np.testing.assert_array_equal(correlate_weight(c, np.zeros((0, 3, 6, 6)), (3, 3), *rest, 1), np.zeros(w.shape))
    none = np.zeros(0, np.int64)
    assert embedding(made(3, 2), none).shape == (0, 2)
    np.testing.assert_array_equal(embedding_weight(np.zeros((0, 2)), none, 3), np.zeros((3, 2)))
