"""scipy.interpolate: the kernels that evaluate splines and grids.

The interpolators are classes of Python, which are differentiated as they stand, with respect to the points and to the data.
Where pieces meet, the piece to the right counts, as it does for the value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import linalg  # type: ignore[import-untyped]
from scipy.interpolate import _bsplines, _ppoly, _rgi  # type: ignore[import-untyped]

from srcgrad.rules.scipy.banded import bands_transposed  # noqa: F401 - in the rule's text
from srcgrad.rules.support import delivered
from srcgrad.rules.table import composed, rule

# Piecewise polynomials: coefficients by power, the highest first, then by interval.


def pieces(x: Any, xp: Any) -> Any:
    """The interval in which each point lies, or the first or last one."""
    if x[-1] < x[0]:
        x, xp = -x, -xp
    return np.clip(np.searchsorted(x, xp, side="right") - 1, 0, len(x) - 2)


@composed(_ppoly.evaluate)
def evaluate_pieces(c: Any, x: Any, xp: Any, dx: int, extrapolate: bool, out: Any = None) -> Any:
    """Horner's scheme for the derivative of order dx of the piece at each point."""
    if dx < 0:
        raise NotImplementedError("piecewise polynomials integrated by nu < 0", "use antiderivative()")
    place = pieces(x, xp)
    s = (xp - x[place])[:, None]
    y = np.zeros((len(xp), np.shape(c)[2]))
    for row in range(len(c) - dx):
        power = len(c) - 1 - row
        factor = float(np.prod(np.arange(power - dx + 1.0, power + 1.0)))
        y = y * s + factor * c[row][place]
    if not extrapolate:
        outside = (xp < min(x[0], x[-1])) | (xp > max(x[0], x[-1]))
        y = np.where(outside[:, None], np.nan, y)
    if out is None:
        return y
    out[...] = y
    return None


# B-splines, by de Boor's recursion from the coefficients that matter at a point.


def spline(t: Any, c: Any, k: int, x: Any, nu: int, extrapolate: Any) -> Any:
    """The derivative of order nu of the spline with knots t, for a matrix of coefficients."""
    start, stop = t[k], t[len(c)]
    inside = (x >= start) & (x <= stop)
    for order in range(min(nu, k)):
        degree = k - order
        width = t[degree + 1 : degree + len(c)] - t[1 : len(c)]
        slope = np.where(width == 0, 0.0, degree / np.where(width == 0, 1.0, width))
        c, t = slope[:, None] * (c[1:] - c[:-1]), t[1:-1]
    if nu > k:
        return np.zeros((len(x), np.shape(c)[1]))
    degree = k - nu
    place = np.clip(np.searchsorted(t, x, side="right") - 1, degree, len(c) - 1)
    d = [c[place - degree + j] for j in range(degree + 1)]
    for r in range(1, degree + 1):
        for j in range(degree, r - 1, -1):
            left, right = t[place - degree + j], t[place + 1 + j - r]
            alpha = ((x - left) / (right - left))[:, None]
            d[j] = (1 - alpha) * d[j - 1] + alpha * d[j]
    y = d[degree]
    return y if extrapolate else np.where(inside[:, None], y, np.nan)


if hasattr(_bsplines, "_dierckx"):  # SciPy 1.15

    @composed(_bsplines._dierckx.evaluate_spline)
    def evaluate_spline(t: Any, c: Any, k: int, xp: Any, nu: int, extrapolate: Any) -> Any:
        """The values."""
        return spline(t, c, k, xp, nu, extrapolate)

else:

    @composed(_bsplines._bspl.evaluate_spline)
    def evaluate_spline_into(t: Any, c: Any, k: int, xp: Any, nu: int, extrapolate: Any, out: Any = None) -> Any:
        """The values, written into an array."""
        y = spline(t, c, k, xp, nu, extrapolate)
        if out is None:
            return y
        out[...] = y
        return None


# The banded system behind make_interp_spline. The result is (factors, pivots, x, info), of which x alone depends on b.

rule(
    linalg.lapack.dgbsv,
    "kl, ku, ab, b, overwrite_ab=0, overwrite_b=0",
    vjp={"b": "linalg.solve_banded((ku, kl), bands_transposed((kl, ku), ab[kl:]), y_bar[2])"},
    jvp={
        "b": "(np.zeros(np.shape(y[0])), np.zeros(np.shape(y[1])), linalg.solve_banded((kl, ku), ab[kl:], b_dot), 0)",
    },
)

# Regular grids.


@composed(_rgi._ndim_coords_from_arrays)
def coordinates(points: Any, ndim: Any = None) -> Any:
    """Coordinates given one by one or together, the last dimension being theirs."""
    if isinstance(points, tuple) and len(points) == 1:
        points = points[0]
    if isinstance(points, tuple):
        return np.stack(np.broadcast_arrays(*[np.asarray(p) + 0.0 for p in points]), -1)
    points = np.asarray(points) + 0.0
    if np.ndim(points) == 1:
        return np.reshape(points, (-1, 1 if ndim is None else ndim))
    return points


@composed(_rgi.find_indices)
def find_indices(grid: Any, xi: Any) -> Any:
    """The cell of each point along each axis, and how far in it the point lies."""
    cells, distances = [], []
    for axis, x in enumerate(grid):
        if len(x) < 2:
            raise NotImplementedError("a grid with a single point along an axis", "leave that axis out")
        cell = pieces(x, xi[axis])
        cells.append(cell)
        distances.append((xi[axis] - x[cell]) / (x[cell + 1] - x[cell]))
    return np.stack(cells), np.stack(distances)


if hasattr(_rgi, "evaluate_linear_2d"):

    @composed(_rgi.evaluate_linear_2d)
    def evaluate_linear_2d(values: Any, indices: Any, norm_distances: Any, grid: Any, out: Any = None) -> Any:
        """The bilinear form of the four corners."""
        i, j = indices
        s, t = norm_distances[0], norm_distances[1]
        y = (1 - s) * ((1 - t) * values[i, j] + t * values[i, j + 1]) + s * (
            (1 - t) * values[i + 1, j] + t * values[i + 1, j + 1]
        )
        return delivered(y, out)
