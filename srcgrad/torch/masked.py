"""torch.masked: reductions and normalisations over the elements that a mask lets through.

What enters: a tensor and a mask that broadcasts to it; True lets through. What leaves: what the same function of
`torch` gives when all other elements are put to the value that does not count: 0 for a sum, 1 for a product.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import default_float, of
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.tensor import Tensor, wrap

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm",
    "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


def _spread(input: Any, mask: Any) -> Any:
    """The mask as an array of the input's shape."""
    if not isinstance(mask, Tensor):
        raise TypeError(f"mask must be Tensor, not {type(mask).__name__}")
    if mask._a.ndim > input._a.ndim:
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return np.broadcast_to(mask._a.astype(bool, copy=False), input._a.shape)


def _filled(input: Any, mask: Any, value: Any) -> Any:
    """The input with a value where the mask is False."""
    if mask is None:
        return input
    return FUNCTIONS["where"](wrap(_spread(input, mask)), input, wrap(np.asarray(value, input._a.dtype)))


def _typed(input: Any, dtype: Any, whole: bool = False) -> Any:
    """The input in the dtype asked for; without one, whole numbers as int64 if they are to be summed."""
    if not isinstance(input, Tensor):
        raise TypeError(f"input must be Tensor, not {type(input).__name__}")
    if dtype is not None:
        return cast(input, dtype.numpy)
    return cast(input, np.dtype(np.int64)) if whole and input._a.dtype.kind in "biu" else input


def _dims(dim: Any, ndim: int) -> tuple[int, ...]:
    """All dimensions where none is named."""
    if dim is None or dim == ():
        return tuple(range(ndim))
    return tuple(d % max(ndim, 1) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))


def _lowest(x: Any) -> Any:
    kind = x._a.dtype
    return -math.inf if kind.kind == "f" else np.iinfo(kind).min


def _highest(x: Any) -> Any:
    kind = x._a.dtype
    return math.inf if kind.kind == "f" else np.iinfo(kind).max


def sum(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The sum."""
    x = _filled(_typed(input, dtype, whole=True), mask, 0)
    return FUNCTIONS["sum"](x, _dims(dim, x._a.ndim), keepdim)  # type: ignore[no-any-return]


def prod(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The product."""
    x = _filled(_typed(input, dtype, whole=True), mask, 1)
    for d in sorted(_dims(dim, x._a.ndim), reverse=True):
        x = FUNCTIONS["prod"](x, d, keepdim)
    return x  # type: ignore[no-any-return]


def _extreme(name: str, other: Callable[[Any], Any]) -> Any:
    def function(
        input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
    ) -> Tensor:
        x = _typed(input, dtype)
        x = _filled(x, mask, other(x))
        return FUNCTIONS[name](x, _dims(dim, x._a.ndim), keepdim)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"torch.{name} of the elements that the mask lets through."
    return function


amax, amin = _extreme("amax", _lowest), _extreme("amin", _highest)


def _place(name: str, other: Callable[[Any], Any]) -> Any:
    def function(
        input: Tensor, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
    ) -> Tensor:
        x = _typed(input, dtype)
        found = FUNCTIONS[name](_filled(x, mask, other(x)), dim, bool(keepdim))
        return cast(found, x._a.dtype)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"torch.{name} of the elements that the mask lets through, in the input's dtype."
    return function


argmax, argmin = _place("argmax", _lowest), _place("argmin", _highest)


def _counted(x: Any, dim: Any, keepdim: bool, mask: Any) -> Tensor:
    """How many elements count, in the dtype of x."""
    ones = np.ones(x._a.shape, x._a.dtype) if mask is None else _spread(x, mask).astype(x._a.dtype)
    return wrap(ones.sum(axis=_dims(dim, x._a.ndim) if x._a.ndim else (), keepdims=bool(keepdim)))


def mean(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The mean; NaN of nothing."""
    x = _typed(input, dtype)
    if x._a.dtype.kind in "biu":
        x = cast(x, default_float())
    return sum(x, dim, keepdim=keepdim, mask=mask) / _counted(x, dim, keepdim, mask)  # type: ignore[no-any-return,operator]


def _scan(name: str, other: int) -> Any:
    def function(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
        return FUNCTIONS[name](_filled(_typed(input, dtype, whole=True), mask, other), dim)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"torch.{name} of the elements that the mask lets through."
    return function


cumsum, cumprod = _scan("cumsum", 0), _scan("cumprod", 1)


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The softmax."""
    return FUNCTIONS["softmax"](_filled(_typed(input, dtype), mask, -math.inf), dim)  # type: ignore[no-any-return]


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The log of the softmax."""
    return FUNCTIONS["log_softmax"](_filled(_typed(input, dtype), mask, -math.inf), dim)  # type: ignore[no-any-return]


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Tensor | None = None) -> Tensor:
    """The softmax of the opposite."""
    x = _filled(_typed(input, dtype), mask, math.inf)
    return FUNCTIONS["softmax"](FUNCTIONS["neg"](x), dim)  # type: ignore[no-any-return]


def logsumexp(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The log of the sum of the exponentials."""
    x = _typed(input, dtype)
    x = _filled(x, mask, _lowest(x) if x._a.dtype.kind != "c" else -math.inf)
    found = FUNCTIONS["logsumexp"](x, _dims(dim, x._a.ndim), keepdim)
    return cast(found, x._a.dtype)


def logaddexp(
    input: Tensor,
    other: Tensor,
    *,
    dtype: Any = None,
    input_mask: Tensor | None = None,
    other_mask: Tensor | None = None,
) -> Tensor:
    """The log of the sum of two exponentials, each with a mask of its own."""
    x = _filled(_typed(input, dtype), input_mask, -math.inf)
    return FUNCTIONS["logaddexp"](x, _filled(_typed(other, dtype), other_mask, -math.inf))  # type: ignore[no-any-return]


def norm(
    input: Tensor, ord: float | None = 2.0, dim: Any = None, *, keepdim: bool = False, dtype: Any = None,
    mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm."""
    order = 2.0 if ord is None else float(ord)
    x = _filled(_typed(input, dtype), mask, math.inf if order < 0 else 0)
    return FUNCTIONS["norm"](x, order, _dims(dim, x._a.ndim), keepdim)  # type: ignore[no-any-return]


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """Vectors along a dimension over their norm, or over eps where that is larger."""
    x = _typed(input, dtype)
    length = norm(x, ord, dim, keepdim=True, mask=mask)
    floor = wrap(np.full(length._a.shape, eps, length._a.dtype))
    return _filled(x, mask, 0) / FUNCTIONS["maximum"](length, floor)  # type: ignore[no-any-return]


def _moment(
    input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool, dtype: Any, mask: Any, root: bool
) -> Any:
    if unbiased is not None and correction is not None:
        raise ValueError("Only one of unbiased and correction may be given")
    less = float(correction) if correction is not None else 1.0 if unbiased in (None, True) else 0.0
    x = _typed(input, dtype)
    if x._a.dtype.kind in "biu":
        x = cast(x, default_float())
    count = _counted(x, dim, True, mask)
    centred = x - sum(x, dim, keepdim=True, mask=mask) / count  # type: ignore[operator]
    square = centred * FUNCTIONS["conj"](centred) if x._a.dtype.kind == "c" else centred * centred
    total: Any = sum(square, dim, keepdim=keepdim, mask=mask)
    n = _counted(x, dim, keepdim, mask)._a.real
    found = total / wrap(np.maximum(n - less, 0).astype(n.dtype))
    return found.sqrt() if root else found


def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: float | None = None, keepdim: bool = False,
    dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance."""
    return _moment(input, dim, unbiased, correction, keepdim, dtype, mask, root=False)  # type: ignore[no-any-return]


def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: float | None = None, keepdim: bool = False,
    dtype: Any = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The standard deviation."""
    return _moment(input, dim, unbiased, correction, keepdim, dtype, mask, root=True)  # type: ignore[no-any-return]


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Tensor | None = None
) -> Tensor:
    """The median; of an even number the lower one of the two in the middle."""
    x = _typed(input, dtype)
    if mask is None:
        return FUNCTIONS["nanmedian" if x._a.dtype.kind == "f" else "median"](x, dim, keepdim)[0]  # type: ignore[no-any-return]
    if x._a.dtype.kind != "f":
        raise ValueError(f"masked median expects a floating point tensor, got {of(x._a.dtype)!r}")
    return FUNCTIONS["nanmedian"](_filled(x, mask, math.nan), dim, keepdim)[0]  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    from srcgrad.torch.absent import message

    raise AttributeError(message("srcgrad.torch.masked", name, __all__))
