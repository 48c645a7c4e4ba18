"""Keywords of library functions that change the derivative, beside what the samples of the rules hold."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build.compiled import switch

rng = np.random.default_rng(7)
V = np.array([0.7, 1.4, 0.3, 2.1])
M = rng.uniform(0.2, 0.9, size=(3, 4))
T = rng.normal(size=(2, 3, 4))
MASK = np.array([True, False, True, True])
HOLED = np.where(M > 0.7, np.nan, M)
OPEN = M < 0.8


def into_a_view(x):
    y = np.zeros((2, 4))
    np.multiply(x, x[::-1], out=y[1])
    np.sin(x, out=y[0], where=MASK)
    return y


PROGRAMS = {
    "where of a ufunc": (lambda x: np.exp(x, where=MASK, out=np.full(4, 3.0)), V),
    "where of a ufunc at a pole": (lambda x: np.log(x - 0.3, where=x > 0.5, out=np.zeros(4)) * x, V),
    "dtype of a ufunc": (lambda x: np.multiply(x, 3, dtype=complex) * 1j, V),
    "out of a ufunc": (into_a_view, V),
    "ufunc of three": (lambda x: np.add(x, x * x, np.zeros(4)), V),
    "matmul axes": (lambda x: np.matmul(x, x, axes=[(0, 2), (2, 0), (0, 1)]), rng.normal(size=(4, 2, 4))),
    "matmul axis": (lambda x: np.vecdot(x, x * 2.0, axis=0), M),
    "vecdot keepdims": (lambda x: np.vecdot(x, x[:1] * 2.0, axis=-1, keepdims=True), M),
    "vecdot axes": (lambda x: np.vecdot(x, x * x, axes=[0, 0, ()]), M),
    "nan_to_num": (lambda x: np.nan_to_num(1.0 / (x - x[0]) * x, nan=x[1], posinf=x[2], neginf=x[3]), V[::-1]),
    "ndarray.var ddof": (lambda x: x.var(axis=1, ddof=1) + x.std(1, ddof=2, keepdims=True).T, M),
    "nansum initial": (lambda x: np.nansum(x * HOLED, axis=1, initial=0.5), M),
    "nanmax where": (lambda x: np.nanmax(x * HOLED, axis=0, where=OPEN, initial=-2.0), M),
    "nanmin initial": (lambda x: np.nanmin(x * HOLED, initial=0.01), M),
    "nanprod where": (lambda x: np.nanprod(x * HOLED, axis=0, where=OPEN, initial=2.0), M),
    "nanvar where": (lambda x: np.nanvar(x * HOLED, axis=1, where=OPEN, ddof=1), M),
    "nanstd mean": (lambda x: np.nanstd(x * HOLED, axis=1, mean=np.nanmean(x * HOLED, axis=1, keepdims=True)), M),
    "nanvar correction": (lambda x: np.nanvar(x * HOLED, axis=1, correction=1), M),
    "mean where": (lambda x: np.mean(x * x, axis=(0, 1), where=OPEN, keepdims=True), M),
    "sum of tuple of axes": (lambda x: np.sum(x * x, axis=(0, -1), keepdims=True, dtype=np.float64), T),
    "std correction": (lambda x: np.std(x, axis=(0, 2), correction=1), T),
    "max initial where": (lambda x: np.max(x, axis=1, initial=0.5, where=OPEN), M),
    "prod where": (lambda x: x.prod(axis=0, where=OPEN, keepdims=True), M),
    "cumsum dtype": (lambda x: np.cumsum(x, axis=1, dtype=complex) * 1j, M),
    "trace offset": (lambda x: np.trace(x, offset=1, axis1=2, axis2=0), T),
    "norm axis": (lambda x: np.linalg.norm(x, ord=3, axis=(1), keepdims=True), T),
    "matrix norm axes": (lambda x: np.linalg.norm(x, "nuc", axis=(2, 0)), T),
    "pinv rtol": (lambda x: np.linalg.pinv(x, rtol=1e-10), M),
    "diff prepend": (lambda x: np.diff(x, n=2, axis=0, prepend=x[:1] * 2.0, append=1.0), M),
    "gradient edges": (lambda x: np.gradient(x, 0.5, axis=1, edge_order=2), M),
    "interp left and right": (lambda x: np.interp(x, [0.5, 1.0, 2.0], x[:3] ** 2, left=x[0], right=2.0), V),
    "interp period": (lambda x: np.interp(x, [0.05, 0.45, 0.9], [1.0, 3.0, 2.0], period=1.0), V),
    "average weights": (lambda x: np.average(x, axis=1, weights=x[0] ** 2, keepdims=True), M),
    "clip bounds": (lambda x: np.clip(x, x[2] + 0.1, a_max=x[1] - 0.1) + x.clip(min=x[0]), V),
    "take modes": (lambda x: np.take(x, [-1, 5], mode="wrap") + x.take([7, -9], mode="clip"), V),
    "repeat counts": (lambda x: np.repeat(x, [2, 0, 1], axis=0), M),
    "pad modes": (lambda x: np.pad(x, ((1, 2), (0, 1)), "reflect") + np.pad(x, ((3, 0), (1, 0)), "wrap"), M),
    "cov": (lambda x: np.cov(x, rowvar=False, ddof=0, fweights=[1, 2, 1], aweights=x[:, 0]), M),
    "einsum": (lambda x: np.einsum("ij,kj->ik", x, x * 2.0, optimize=True), M),
    "einsum of lists": (lambda x: np.einsum(x, [0, 1], x, [2, 1], [0, 2]), M),
    "fft": (lambda x: np.fft.rfft(x, n=6, axis=0, norm="ortho"), M),
    "unique": (lambda x: np.unique(x, equal_nan=False) * np.arange(4), V),
    "fortran order": (lambda x: np.ravel(x, order="F") * x.T.reshape(-1, order="A") + x.flatten("K"), M),
    "fortran argument": (lambda x: np.cumsum(x * x, axis=0).ravel("K"), np.asfortranarray(M)),
    "put_along_axis": (lambda x: np.put_along_axis(y := x * 1.0, np.array([[1], [0], [3]]), x[:, :1] ** 2, 1) or y, M),
    "apply_over_axes": (lambda x: np.apply_over_axes(np.sum, x * x, [0, 2]), T),
    "unwrap": (lambda x: np.unwrap(x * 9.0, discont=3.0, axis=0, period=5.0), M),
    "geomspace": (lambda x: np.geomspace(x[0], x[1:], 5, endpoint=False, axis=-1), V),
    "logspace": (lambda x: np.logspace(x[0], x[1], 4, base=x[2] + 2.0), V),
    "insert": (lambda x: np.insert(x, [1, 3], x[:, :2] * x[:, 1:3], axis=1), M),
    "delete": (lambda x: np.delete(x, slice(0, 3, 2), axis=1), M),
    "resize": (lambda x: np.resize(x, (3, 5)), V),
    "ldexp": (lambda x: np.ldexp(x, 2) + np.frexp(x)[0] + np.modf(x)[0] + np.divmod(x, 0.4)[1], V),
    "vander": (lambda x: np.vander(x, 3, increasing=True), V),
    "polyfit": (lambda x: np.polyfit(np.arange(4.0), x, 2, w=x), V),
    "histogram": (lambda x: np.histogram(V, bins=3, weights=x * x, density=True)[0], V),
    "bincount": (lambda x: np.bincount([0, 2, 2, 1], weights=x * x, minlength=5), V),
    "sliding_window_view": (lambda x: np.lib.stride_tricks.sliding_window_view(x * x, (2, 2)), M),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("static", [True, False], ids=["static", "recorded"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_keyword(name, static, monkeypatch):
    monkeypatch.setattr(switch, "on", static)
    f, x = PROGRAMS[name]
    sg.check_grads(f, (x.copy(order="K"),), order=2)
