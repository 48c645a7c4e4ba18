"""Samples of scipy.ndimage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from srcgrad.rules import table
from srcgrad.rules.scipy.ndimage import coefficients

rng = np.random.default_rng(8)


def real(*shape: int) -> Any:
    return rng.normal(size=shape)


x, image, block = real(6), real(5, 4), real(4, 3, 5)
MODES = ("reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant")
places = rng.uniform(0.2, 2.8, (2, 3, 2))
beyond = np.array([[-0.7, 1.3, 4.8, -5.3, 9.4, 3.9], [0.4, -2.6, 1.2, 3.3, 7.7, 2.9]])
INTERPOLATED = ("constant", "nearest", "mirror", "reflect", "grid-wrap")
turn = np.array([[0.8, -0.5], [0.4, 0.9]])

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (image, real(n)), {"axis": k, "mode": mode, "cval": 0.3, "origin": o})
      for f in (ndimage.correlate1d, ndimage.convolve1d) for n, o in ((3, 0), (4, 1), (5, -1), (4, -1))
      for k, mode in zip((0, 1) * 4, MODES, strict=True)),
    *((f, (image, real(3, 2)), {"mode": mode, "cval": 0.3}) for f in (ndimage.correlate, ndimage.convolve) for mode in MODES),
    *((f, (block, real(2, 3, 2)), {"origin": (0, 1, -1)}) for f in (ndimage.correlate, ndimage.convolve)),
    *((ndimage.uniform_filter1d, (image, n), {"mode": mode}) for n in (3, 4) for mode in MODES),
    (ndimage.correlate1d, (image.astype(np.float32), real(3)), {}),
    (ndimage.correlate1d, (image, real(3)), {"output": np.zeros((5, 4))}),
    (ndimage.correlate1d, (image, real(9)), {"mode": "reflect"}),
    (ndimage.convolve, (image, real(2, 2)), {"output": np.float32}),
    *((coefficients, (image, order, k, mode), {}) for order in (2, 3) for k in (0, 1) for mode in ("mirror", "reflect")),
    *((f, (image,), {"mode": mode}) for f in (ndimage.spline_filter1d, ndimage.spline_filter) for mode in ("mirror", "grid-wrap")),
    *((ndimage.map_coordinates, (image, c), {"order": order, "mode": mode, "cval": 0.3})
      for c in (places, beyond) for order in (0, 1, 3) for mode in INTERPOLATED),
    (ndimage.map_coordinates, (block, rng.uniform(0.2, 1.8, (3, 4))), {}),
    (ndimage.map_coordinates, (image, places), {"prefilter": False}),
    *((ndimage.shift, (image, s), {"order": order}) for s in (0.3, (0.4, -1.2)) for order in (1, 3)),
    (ndimage.affine_transform, (image, turn), {"offset": np.array([0.7, 1.1])}),
    (ndimage.affine_transform, (image, np.array([0.8, 1.1]), 0.3), {"order": 1, "output_shape": (3, 5)}),
    (ndimage.affine_transform, (image, np.concatenate([turn, [[0.7], [0.4]]], 1)), {"mode": "nearest"}),
]  # fmt: skip


def test_other_modes_are_refused() -> None:
    body = table.substitute(ndimage.map_coordinates)
    assert body is not None
    with pytest.raises(NotImplementedError, match="wrap"):
        body(image, places, mode="wrap")
    with pytest.raises(NotImplementedError, match="order 2"):
        body(image, places, order=2)
