"""Running sums and products, differences, and integrals by the trapezoid rule.

What enters: tensors and a dimension. What leaves: tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import default_float
from srcgrad.torch.dtypes import dtype as torch_dtype
from srcgrad.torch.kernels import cumulative as kernels
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.by_number import over, times
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.ops.reductions import wrapped_dim
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

_running_sum = primitive(kernels.running_sum, "CumsumBackward0")
_running_product = primitive(kernels.running_product, "CumprodBackward0")
_running_log_sum_exp = primitive(kernels.running_log_sum_exp, "LogcumsumexpBackward0")
FACES[kernels.running_sum] = _running_sum
FACES[kernels.sum_ahead] = lambda x, axis: x.flip(axis).cumsum(axis).flip(axis)


def _summable(x: Tensor, dtype: Any) -> Tensor:
    if dtype is not None:
        return cast(x, dtype.numpy)
    return cast(x, np.dtype(np.int64)) if x._a.dtype.kind in "biu" else x


@op("cumsum", out=True, inplace=True)
def cumsum(input: Tensor, dim: int, *, dtype: torch_dtype | None = None) -> Tensor:
    """The sum so far along a dimension."""
    return _running_sum(_summable(input, dtype), wrapped_dim(dim, input._a.ndim))  # type: ignore[no-any-return]


@op("cumprod", out=True, inplace=True)
def cumprod(input: Tensor, dim: int, *, dtype: torch_dtype | None = None) -> Tensor:
    """The product so far along a dimension."""
    return _running_product(_summable(input, dtype), wrapped_dim(dim, input._a.ndim))  # type: ignore[no-any-return]


@op("logcumsumexp", out=True)
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log of the sum of exponentials so far along a dimension."""
    x = input if input._a.dtype.kind in "fc" else cast(input, default_float())
    return _running_log_sum_exp(x, wrapped_dim(dim, x._a.ndim))  # type: ignore[no-any-return]


@op("diff", out=True)
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """The differences of neighbours along a dimension, n times."""
    if not input._a.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return FUNCTIONS["zeros_like"](input).copy_(input)  # type: ignore[no-any-return]
    parts = [p for p in (prepend, input, append) if p is not None]
    x = FUNCTIONS["cat"](parts, dim) if len(parts) > 1 else input
    axis = wrapped_dim(dim, x._a.ndim)
    for _ in range(min(n, x._a.shape[axis])):
        count = x._a.shape[axis]
        ahead, behind = x.narrow(axis, 1, count - 1), x.narrow(axis, 0, count - 1)
        x = ahead.logical_xor(behind) if x._a.dtype.kind == "b" else ahead - behind
    return x  # type: ignore[no-any-return]


def _steps(x: Any, y: Any, dim: int) -> Any:
    """The widths of the intervals, in a shape that broadcasts against y's."""
    widths = x.diff(dim=-1) if x._a.ndim == 1 else x.diff(dim=dim)
    if x._a.ndim == 1:
        shape = [1] * y._a.ndim
        shape[dim] = widths._a.shape[0]
        return widths.view(*shape)
    return widths


def _spacing(name: str, x: Any, dx: Any) -> Any:
    if x is not None and dx is not None:
        raise TypeError(f"{name}() received an invalid combination of arguments")
    return 1 if dx is None else dx


@op("trapezoid", "trapz", method=False)
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along a dimension by the trapezoid rule."""
    if not y._a.ndim:
        raise (
            IndexError("Dimension specified as -1 but tensor has no dimensions")
            if dim == -1
            else IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        )
    axis = wrapped_dim(dim, y._a.ndim)
    if y._a.shape[axis] == 0:
        return wrap(np.zeros([n for k, n in enumerate(y._a.shape) if k != axis], y._a.dtype))
    count = y._a.shape[axis]
    if x is not None:
        if x._a.ndim == 1 and x._a.shape[0] != count:
            raise RuntimeError("trapezoid: There must be one `x` value for each sample point")
        pairs = y.narrow(axis, 0, count - 1) + y.narrow(axis, 1, count - 1)
        return over((pairs * _steps(x, y, axis)).sum(axis), 2.0)  # type: ignore[no-any-return]
    step = _spacing("trapezoid", x, dx)
    ends = y.select(axis, 0) + y.select(axis, -1)
    return times(y.sum(axis) - times(ends, 0.5), step)  # type: ignore[no-any-return]


@op("cumulative_trapezoid", method=False)
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral so far along a dimension by the trapezoid rule."""
    axis = wrapped_dim(dim, y._a.ndim)
    count = y._a.shape[axis]
    pairs = y.narrow(axis, 0, count - 1) + y.narrow(axis, 1, count - 1)
    if x is not None:
        return over((pairs * _steps(x, y, axis)).cumsum(axis), 2.0)  # type: ignore[no-any-return]
    return times(pairs, _spacing("cumulative_trapezoid", x, dx) / 2.0).cumsum(axis)  # type: ignore[no-any-return]


@op("gradient", method=False)
def gradient(input: Any, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """Central differences along dimensions, one-sided at the ends."""
    ndim = input._a.ndim
    axes = (
        list(range(ndim))
        if dim is None
        else [wrapped_dim(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    )
    if spacing is None:
        spacings: list[Any] = [1.0] * len(axes)
    elif isinstance(spacing, (tuple, list)):
        spacings = list(spacing)
    else:
        spacings = [spacing] * len(axes)
    if len(spacings) != len(axes):
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have "
            f"the same length, but got a spacing argument of length {len(spacings)} and a dim argument of length {len(axes)}."
        )
    return tuple(_slope(input, axis, step, edge_order) for axis, step in zip(axes, spacings, strict=True))


def _slope(x: Any, axis: int, step: Any, edge_order: int) -> Any:
    n = x._a.shape[axis]
    if n < edge_order + 1:
        raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")

    def part(start: int, count: int) -> Any:
        return x.narrow(axis, start, count)

    if isinstance(step, Tensor):
        h: Any = FUNCTIONS["diff"](step)
        shape = [1] * x._a.ndim

        def widths(start: int, count: int) -> Any:
            shape[axis] = count
            return h.narrow(0, start, count).view(*shape)

        before, after = widths(0, n - 2), widths(1, n - 2)
        a, b, c = (
            -after / (before * (before + after)),
            (after - before) / (before * after),
            before / (after * (before + after)),
        )
        middle = a * part(0, n - 2) + b * part(1, n - 2) + c * part(2, n - 2)
        h0, h1 = widths(0, 1), widths(n - 2, 1)
        if edge_order == 1:
            first, last = (part(1, 1) - part(0, 1)) / h0, (part(n - 1, 1) - part(n - 2, 1)) / h1
        else:
            p, q = widths(0, 1), widths(1, 1)
            first = (
                -(2 * p + q) / (p * (p + q)) * part(0, 1)
                + (p + q) / (p * q) * part(1, 1)
                - p / (q * (p + q)) * part(2, 1)
            )
            p, q = widths(n - 3, 1), widths(n - 2, 1)
            last = (
                q / (p * (p + q)) * part(n - 3, 1)
                - (p + q) / (p * q) * part(n - 2, 1)
                + (2 * q + p) / (q * (p + q)) * part(n - 1, 1)
            )
    else:
        middle = (part(2, n - 2) - part(0, n - 2)) / (2 * step)
        if edge_order == 1:
            first, last = (part(1, 1) - part(0, 1)) / step, (part(n - 1, 1) - part(n - 2, 1)) / step
        else:
            first = (-1.5 * part(0, 1) + 2 * part(1, 1) - 0.5 * part(2, 1)) / step
            last = (0.5 * part(n - 3, 1) - 2 * part(n - 2, 1) + 1.5 * part(n - 1, 1)) / step
    return FUNCTIONS["cat"]([first, middle, last], axis)
