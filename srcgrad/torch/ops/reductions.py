"""Sums, means and other functions that gather elements.

What enters: a tensor and dimensions. What leaves: a tensor without them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import default_float
from srcgrad.torch.dtypes import dtype as torch_dtype
from srcgrad.torch.kernels import moments
from srcgrad.torch.kernels import reductions as kernels
from srcgrad.torch.names import ArgumentError, op
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import Unary
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

_total = Unary(kernels.total, "SumBackward0").function
_mean_of_all = Unary(kernels.mean_of_all, "MeanBackward0").function
_sum_along = primitive(kernels.sum_along, "SumBackward1")
_mean_along = primitive(kernels.mean_along, "MeanBackward1")


def dimensions(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """The dimensions that a caller names, counted from the front; None for all."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return None
    given = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    found = tuple([wrapped_dim(d, ndim) for d in given])
    if len(set(found)) != len(found):
        repeated = next(d for k, d in enumerate(found) if d in found[:k])
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return found if ndim else None


def wrapped_dim(dim: Any, ndim: int) -> int:
    """A dimension counted from the front; raises where there is none."""
    if isinstance(dim, (str, tuple, list)):
        raise ArgumentError(f"argument 'dim' (position 1) must be int, not {type(dim).__name__}")
    d = int(dim)
    bound = max(ndim, 1)
    if not -bound <= d < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {d})")
    return d + bound if d < 0 else d


@op("sum", out=True)
def sum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:
    """The sum of the elements, or along dimensions; integers are summed as int64."""
    a = input._a
    if dim is None and dtype is None and not keepdim and a.dtype.kind in "fc":
        return _total(input)  # type: ignore[no-any-return]
    if dtype is not None:
        input = cast(input, dtype.numpy)
    elif a.dtype.kind in "biu":
        input = cast(input, np.dtype(np.int64))
    axes = dimensions(dim, a.ndim)
    if axes is None and dim is None and not keepdim:
        return _total(input)  # type: ignore[no-any-return]
    if not a.ndim:
        return _sum_along(input, (), False)  # type: ignore[no-any-return]
    return _sum_along(input, tuple(range(a.ndim)) if axes is None else axes, keepdim)  # type: ignore[no-any-return]


@op("mean", out=True)
def mean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:
    """The mean of the elements, or along dimensions."""
    if dtype is not None:
        input = cast(input, dtype.numpy)
    a = input._a
    if a.dtype.kind not in "fc":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {input.dtype._c_name}"
        )
    if dim is None and not keepdim:
        return _mean_of_all(input)  # type: ignore[no-any-return]
    axes = dimensions(dim, a.ndim)
    if not a.ndim:
        return _mean_along(input, (), False)  # type: ignore[no-any-return]
    return _mean_along(input, tuple(range(a.ndim)) if axes is None else axes, keepdim)  # type: ignore[no-any-return]


_prod_of_all = primitive(np.prod, "ProdBackward0", operands=["a"])
_prod_along = primitive(np.prod, "ProdBackward1", operands=["a"])
_nan_total = primitive(moments.sum_of_numbers, "NansumBackward0")
_logsumexp = primitive(moments.log_sum_exp, "LogsumexpBackward0")
_norm = primitive(moments.vector_norm, "LinalgVectorNormBackward0")
_moments = {
    name: primitive(kernel, f"{title}Backward0")
    for name, kernel, title in (
        ("var", moments.variance, "Var"),
        ("std", moments.deviation, "Std"),
        ("var_mean", moments.variance_and_mean, "VarMean"),
        ("std_mean", moments.deviation_and_mean, "StdMean"),
    )
}


def _summable(x: Tensor, dtype: Any) -> Tensor:
    if dtype is not None:
        return cast(x, dtype.numpy)
    return cast(x, np.dtype(np.int64)) if x._a.dtype.kind in "biu" else x


@op("prod", out=True)
def prod(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:
    """The product of the elements, or along a dimension."""
    x = _summable(input, dtype)
    if dtype is not None and dtype.numpy.kind == "b":
        return cast(prod(x, dim, keepdim), dtype.numpy)
    if dim is None:
        return _prod_of_all(x, None)  # type: ignore[no-any-return]
    axis = wrapped_dim(dim, x._a.ndim)
    return _prod_along(x, axis if x._a.ndim else None, None, None, keepdim)  # type: ignore[no-any-return]


@op("nansum", out=True)
def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:
    """The sum of the elements that are numbers."""
    x = _summable(input, dtype)
    if x._a.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    return _nan_total(x, dimensions(dim, x._a.ndim), keepdim)  # type: ignore[no-any-return]


@op("nanmean", out=True)
def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: torch_dtype | None = None) -> Tensor:
    """The mean of the elements that are numbers."""
    if input._a.dtype.kind not in "fc":
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype._c_name}"
        )
    count = np.sum(~np.isnan(input._a), axis=dimensions(dim, input._a.ndim), keepdims=keepdim)
    return nansum(input, dim, keepdim, dtype=dtype) / wrap(np.asarray(count))  # type: ignore[operator,no-any-return]


@op("logsumexp", out=True)
def logsumexp(input: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) along dimensions, without overflow."""
    x = input if input._a.dtype.kind in "fc" else cast(input, default_float())
    axes = dimensions(dim, x._a.ndim)
    return _logsumexp(x, axes, keepdim)  # type: ignore[no-any-return]


def _moment(name: str) -> Any:
    node = _moments[name]

    def function(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        dim = kwargs.pop("dim", None)
        keepdim = kwargs.pop("keepdim", False)
        correction = kwargs.pop("correction", None)
        unbiased = kwargs.pop("unbiased", None)
        rest = list(args)
        if rest and isinstance(rest[0], bool):
            unbiased = rest.pop(0)
        elif rest:
            dim = rest.pop(0)
            if rest:
                unbiased = rest.pop(0)
            if rest:
                keepdim = rest.pop(0)
        if correction is None:
            correction = 0 if unbiased is False else 1
        if input._a.dtype.kind not in "fc":
            what = name if "_mean" in name else "std and var"
            raise RuntimeError(f"{what} only support floating point and complex dtypes")
        return node(input, dimensions(dim, input._a.ndim), correction, keepdim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The variance or its root, with n - correction degrees of freedom."
    return op(name, out=True)(function)


var, std, var_mean, std_mean = map(_moment, ("var", "std", "var_mean", "std_mean"))


def vector_norm(x: Tensor, order: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The norm of the elements as vectors along dimensions."""
    if dtype is not None:
        x = cast(x, dtype.numpy)
    if x._a.dtype.kind not in "fc":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype._c_name}"
        )
    order = order._a.item() if isinstance(order, Tensor) else float(order)
    axes = dimensions(dim, x._a.ndim)
    if not x._a.size and (order < 0 or order == np.inf):
        empty = [d for d in (range(x._a.ndim) if axes is None else axes) if x._a.shape[d] == 0]
        if empty:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {order:g} norm on an empty tensor because the operation does "
                "not have an identity"
            )
    return _norm(x, order, axes, keepdim)  # type: ignore[no-any-return]


@op("norm", out=True)
def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The norm of all elements, or along dimensions."""
    if isinstance(p, str) and p == "nuc":
        from srcgrad.torch.names import FUNCTIONS

        return FUNCTIONS["linalg_matrix_norm"](input, "nuc", (-2, -1) if dim is None else dim, keepdim)  # type: ignore[no-any-return]
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"only valid string values are 'fro' and 'nuc', found {p}")
    return vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim, dtype)


@op("all", out=True)
def all(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are true."""
    found = np.asarray(np.all(input._a, axis=dimensions(dim, input._a.ndim), keepdims=keepdim))
    return wrap(found.astype(np.uint8) if input._a.dtype == np.uint8 else found)


@op("any", out=True)
def any(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether an element is true."""
    found = np.asarray(np.any(input._a, axis=dimensions(dim, input._a.ndim), keepdims=keepdim))
    return wrap(found.astype(np.uint8) if input._a.dtype == np.uint8 else found)


@op("count_nonzero")
def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not zero."""
    return wrap(np.asarray(np.count_nonzero(input._a, axis=dimensions(dim, input._a.ndim))))
