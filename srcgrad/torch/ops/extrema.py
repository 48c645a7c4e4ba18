"""The largest, smallest and middle elements.

What enters: tensors and dimensions. What leaves: values, and where they were, in results with names.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.kernels import extrema as kernels
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.reductions import dimensions, wrapped_dim
from srcgrad.torch.primitive import primitive
from srcgrad.torch.return_types import named
from srcgrad.torch.tensor import Tensor, wrap

_max_of_all = primitive(kernels.largest, "MaxBackward1")
_min_of_all = primitive(kernels.smallest, "MinBackward1")
_amax = primitive(kernels.largest, "AmaxBackward0")
_amin = primitive(kernels.smallest, "AminBackward0")
_aminmax = primitive(kernels.extent, "AminmaxBackward0")
_middle = primitive(kernels.middle, "MedianBackward0")
_nan_middle = primitive(kernels.middle, "NanmedianBackward0")
_picked = {
    name: primitive(kernels.picked, f"{name}Backward{k}")
    for name, k in (("Max", 0), ("Min", 0), ("Median", 1), ("Nanmedian", 1))
}
_cumulative = {name: primitive(kernels.gathered_along, f"{name}Backward0") for name in ("Cummax", "Cummin")}


def _check_some(name: str, a: Any, axes: Any) -> None:
    """Raise where there is nothing to choose from."""
    if a.size:
        return
    if axes is None:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
            "the 'dim' argument."
        )
    for d in axes:
        if a.ndim and a.shape[d] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _no_complex(name: str, x: Tensor) -> None:
    if x._a.dtype.kind == "c":
        raise RuntimeError(f"\"{name}\" not implemented for '{x.dtype._c_name}'")


def _along(name: str, x: Tensor, dim: Any, keepdim: bool, find: Any) -> Any:
    a = x._a
    axis = wrapped_dim(dim, a.ndim)
    _check_some(name, a, (axis,))
    if not a.ndim:
        where = np.zeros((), np.int64)
    else:
        where = np.asarray(find(a, axis), np.int64)
        if keepdim:
            where = np.expand_dims(where, axis)
    node = _picked[name.capitalize()]
    return named(name, "values", "indices")((node(x, where, axis, keepdim), wrap(where)))


def _argmax(a: Any, axis: int) -> Any:
    return np.argmax(a, axis=axis)


def _argmin(a: Any, axis: int) -> Any:
    return np.argmin(a, axis=axis)


def _extremum(name: str, of_all: Any, find: Any, pairwise: str) -> Any:
    def function(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        keepdim = kwargs.pop("keepdim", False)
        other = kwargs.pop("other", None)
        dim = kwargs.pop("dim", None)
        if args:
            if isinstance(args[0], Tensor):
                other = args[0]
            else:
                dim = args[0]
            if len(args) > 1:
                keepdim = args[1]
        _no_complex(name, input)
        if other is not None:
            return FUNCTIONS[pairwise](input, other, out=out) if out is not None else FUNCTIONS[pairwise](input, other)
        if dim is None:
            _check_some(name, input._a, None)
            result = of_all(input, None, False)
        else:
            result = _along(name, input, dim, keepdim, find)
        if out is None:
            return result
        from srcgrad.torch.names import deliver

        if isinstance(out, Tensor):
            deliver(out, result)
            return out
        for target, value in zip(out, result, strict=True):
            deliver(target, value)
        return type(result)(out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {name}imum of all elements; along a dimension with its place; or of two tensors."
    return op(name)(function)


max = _extremum("max", _max_of_all, _argmax, "maximum")
min = _extremum("min", _min_of_all, _argmin, "minimum")


@op("amax", out=True)
def amax(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The largest elements along dimensions; equals share the gradient."""
    axes = dimensions(dim, input._a.ndim)
    _check_some("amax", input._a, axes)
    return _amax(input, axes, keepdim)  # type: ignore[no-any-return]


@op("amin", out=True)
def amin(input: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
    """The smallest elements along dimensions; equals share the gradient."""
    axes = dimensions(dim, input._a.ndim)
    _check_some("amin", input._a, axes)
    return _amin(input, axes, keepdim)  # type: ignore[no-any-return]


@op("aminmax")
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """The smallest and the largest elements."""
    axis = None if dim is None else wrapped_dim(dim, input._a.ndim)
    if input._a.ndim == 0:
        axis = None
    _check_some("aminmax", input._a, None if axis is None else (axis,))
    result = named("aminmax", "min", "max")(_aminmax(input, axis, keepdim))
    if out is not None:
        from srcgrad.torch.names import deliver

        for target, value in zip(out, result, strict=True):
            deliver(target, value)
        return type(result)(out)
    return result


def _arg(name: str, find: Any) -> Any:
    def function(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
        a = input._a
        _no_complex(name, input)
        if dim is None:
            if not a.size:
                raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
            where = np.asarray(find(a.reshape(-1), 0), np.int64)
            return wrap(where.reshape((1,) * a.ndim) if keepdim else where)
        axis = wrapped_dim(dim, a.ndim)
        _check_some(name, a, (axis,))
        if not a.ndim:
            return wrap(np.zeros((), np.int64))
        where = np.asarray(find(a, axis), np.int64)
        return wrap(np.expand_dims(where, axis) if keepdim else where)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The place of an extreme element."
    return op(name, out=True)(function)


argmax = _arg("argmax", _argmax)
argmin = _arg("argmin", _argmin)


def _middle_place(a: Any, axis: int) -> Any:
    order = np.argsort(a, axis=axis, kind="stable")
    k = (a.shape[axis] - 1) // 2
    found = np.take(order, k, axis=axis)
    if a.dtype.kind == "f":
        missing = np.isnan(a)
        found = np.where(missing.any(axis), missing.argmax(axis), found)
    return found


def _nan_middle_place(a: Any, axis: int) -> Any:
    if a.dtype.kind != "f":
        return _middle_place(a, axis)
    order = np.argsort(a, axis=axis, kind="stable")  # NaNs come last
    count = (~np.isnan(a)).sum(axis=axis, keepdims=True)
    k = np.maximum(count - 1, 0) // 2
    return np.squeeze(np.take_along_axis(order, k, axis), axis)


def _median(name: str, of_all: Any, find: Any, nan: bool) -> Any:
    def function(input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None) -> Any:
        if dim is None:
            return of_all(input, nan)
        result = _along(name, input, dim, keepdim, find)
        if out is not None:
            from srcgrad.torch.names import deliver

            for target, value in zip(out, result, strict=True):
                deliver(target, value)
            return type(result)(out)
        return result

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The middle element, the lower of two; along a dimension with its place."
    return op(name)(function)


median = _median("median", _middle, _middle_place, False)
nanmedian = _median("nanmedian", _nan_middle, _nan_middle_place, True)


def _running(name: str, at_least: Any) -> Any:
    node = _cumulative[name.capitalize()]

    def function(input: Tensor, dim: int) -> Any:
        a = input._a
        axis = wrapped_dim(dim, a.ndim)
        if not a.ndim:
            return named(name, "values", "indices")(
                (node(input, np.zeros((), np.int64), 0), wrap(np.zeros((), np.int64)))
            )
        best = at_least.accumulate(a, axis=axis)
        hit = (a == best) | (np.isnan(a) if a.dtype.kind == "f" else False)
        place = np.arange(a.shape[axis]).reshape([-1 if k == axis else 1 for k in range(a.ndim)])
        where = np.maximum.accumulate(np.where(hit, place, 0), axis=axis)
        return named(name, "values", "indices")((node(input, where, axis), wrap(where)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The extreme element so far, and its place."
    return op(name)(function)


cummax = _running("cummax", np.maximum)
cummin = _running("cummin", np.minimum)
