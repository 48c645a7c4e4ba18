"""The kinds of what library functions return.

A function that is not listed here has the kind `object`: it may be called where nothing is
differentiated, and an active value that meets it leaves the function to the recorded tier.
"""

from __future__ import annotations

import functools
import inspect
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from srcgrad.passes import kinds
from srcgrad.passes.kinds import (
    BOOL,
    FLOAT,
    INT,
    NUMERIC,
    OBJECT,
    ONE,
    SCALAR,
    UNKNOWN,
    Dim,
    Kind,
    array,
)
from srcgrad.passes.making import KindOf, display_kind, filled_kind, joined_kind, of_shape
from srcgrad.rules import support
from srcgrad.rules.reductions import shares
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr

REDUCTIONS = {
    np.sum, np.mean, np.max, np.min, np.amax, np.amin, np.prod, np.std, np.var, np.median,
    np.linalg.norm,
}  # fmt: skip
COUNTS = {np.argmax, np.argmin, np.count_nonzero}
VERDICTS = {np.all, np.any}
LIKE = {np.zeros_like, np.ones_like, np.empty_like, np.full_like}
FILLED = {np.zeros, np.ones, np.empty, np.full, np.ndarray}
UNCHANGED = {
    np.copy, np.cumsum, np.cumprod, np.flip, np.fliplr, np.flipud, np.roll, np.sort, np.tril,
    np.triu, np.linalg.inv, np.linalg.cholesky, np.ascontiguousarray,
}  # fmt: skip
ELEMENTWISE = {np.where, np.clip, np.sinc, np.nan_to_num}
JOINED = {np.concatenate, np.stack, np.hstack, np.vstack}
PYTHON_FLOATS = {f for f in vars(math).values() if callable(f)} - {
    math.floor, math.ceil, math.trunc, math.isnan, math.isinf, math.isfinite, math.isclose,
    math.comb, math.perm, math.factorial, math.gcd, math.lcm, math.isqrt, math.frexp, math.modf,
}  # fmt: skip
# Calls without an effect on the world beside their result.
PURE_BUILTINS = {
    abs, min, max, len, range, float, int, bool, round, isinstance, sum, pow, tuple, list, sorted,
    enumerate, zip, reversed, print, str, repr, type, divmod, slice, hasattr, callable,
}  # fmt: skip


# What the rules' own helpers return has the shape of one of their arguments.
SHAPED: dict[Any, int] = {support.guarded: 1, support.unbroadcast: 1, shares: 1}


def is_pure(function: Any) -> bool:
    """Whether a call neither changes its arguments nor depends on anything but them.

    >>> is_pure(np.sin), is_pure(np.random.rand), is_pure(np.copyto)
    (True, False, False)
    """
    if isinstance(function, np.ufunc) or function is np.ndarray:
        return True
    module = getattr(function, "__module__", None) or ""
    if module.startswith("srcgrad.rules"):
        return True
    if module == "math":
        return True
    if getattr(function, "__hash__", None) is None:
        return False
    try:
        if function in PURE_BUILTINS:
            return True
    except TypeError:
        return False
    name = getattr(function, "__name__", "")
    impure = {
        "copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis", "save", "savez",
        "savetxt", "load", "loadtxt", "fromfile", "genfromtxt", "seterr", "set_printoptions",
        "vectorize", "apply_along_axis", "apply_over_axes", "fromfunction", "piecewise", "nditer",
        "errstate", "frompyfunc", "memmap", "open_memmap", "printoptions", "savez_compressed",
    }  # fmt: skip
    inside = module in ("numpy", "numpy.linalg", "numpy.fft")
    return inside and name not in impure


def result_kind(function: Any, args: tuple[ir.Argument, ...], kind: KindOf, object_of: Callable[[Expr], Any]) -> Kind:
    """The kind of a call's result, for a function without side effects.

    `kind` and `object_of` tell of an expression what it is, and which object it stands for if that is known.
    """
    given = [kind(a.value) for a in args]
    if kinds.BOTTOM in given:
        return kinds.BOTTOM
    plain = not any(a.keyword or a.star for a in args)
    if any(a.star for a in args) or any(a.keyword in ("out", "where", "dtype") for a in args):
        if function in FILLED and not any(a.star or a.keyword == "out" for a in args):
            pass
        else:
            return OBJECT
    if isinstance(function, types.FunctionType) and function in SHAPED:
        return given[SHAPED[function]]
    builtin = _builtin(function, args, given)
    if builtin is not None:
        return builtin
    if isinstance(function, np.ufunc) and function.signature is None and function.nout == 1:
        return _ufunc(function, given) if function.nin == len(args) and plain else OBJECT
    try:
        if function in ELEMENTWISE:
            return _elementwise(given[1:] if function is np.where else given, given)
        if function in PYTHON_FLOATS:
            return FLOAT
    except TypeError:
        return OBJECT
    if not given:
        return OBJECT
    if function in (np.array, np.asarray) and len(args) == 1 and not args[0].keyword:
        return display_kind(args[0].value, kind)
    bound = _bound(function, args)
    if bound is None:
        return OBJECT
    if function in FILLED:
        return filled_kind(function, bound, kind, object_of)
    return _array_function(function, args, bound, given, kind)


# The library's functions only come here, which do not change.
_signature = functools.cache(inspect.signature)


def _bound(function: Any, args: tuple[ir.Argument, ...]) -> Mapping[str, Expr] | None:
    if function is np.ndarray and len(args) > 2:
        return None  # in somebody's memory
    if function in (np.zeros, np.empty, np.ndarray):
        names = ["shape", "dtype"]
        positional = [a for a in args if not a.keyword]
        return {
            **{n: a.value for n, a in zip(names, positional, strict=False)},
            **{a.keyword: a.value for a in args if a.keyword},
        }
    if function in (np.dot, np.matmul, np.array, np.asarray, np.arange):
        if any(a.keyword for a in args):
            return None
        return {f"x{k}": a.value for k, a in enumerate(args, 1)}
    try:
        return (
            _signature(function)
            .bind(
                *(a.value for a in args if not a.keyword),
                **{a.keyword: a.value for a in args if a.keyword},
            )
            .arguments
        )
    except (TypeError, ValueError):
        return None


def _builtin(function: Any, args: tuple[ir.Argument, ...], given: list[Kind]) -> Kind | None:
    if function is len and len(args) == 1:
        dims = given[0].dims if given[0].form == "array" else None
        return Kind("int", dims=(dims[0],)) if dims else INT
    if function is range:
        return kinds.RANGE
    if function is abs and len(given) == 1:
        return given[0] if given[0].form in ("float", "scalar", "array", "numeric", "int") else OBJECT
    if function is float:
        return FLOAT
    if function is int:
        return INT
    if function in (bool, isinstance, hasattr, callable):
        return BOOL
    if function in (math.floor, math.ceil, math.trunc, math.comb, math.factorial, math.isqrt):
        return INT
    if function in (math.isnan, math.isinf, math.isfinite, math.isclose):
        return BOOL
    if function is round:
        return INT if len(given) == 1 else given[0]
    if function in (min, max) and len(given) > 1 and all(k.is_scalar for k in given):
        out = given[0]
        for k in given[1:]:
            out = kinds.join(out, k)
        return out
    if function is pow and len(given) == 2:
        return kinds.broadcast(*given) if all(k.is_real or k.is_scalar for k in given) else OBJECT
    return None


def _ufunc(function: np.ufunc, given: list[Kind]) -> Kind:
    numbers = all(k.is_scalar or k.form in ("array", "numeric") for k in given)
    if not numbers or any(k.form == "array" and k.dims is None for k in given):
        return NUMERIC if numbers and function not in _TRUTHS else OBJECT
    if function in _TRUTHS:
        out = kinds.broadcast(given[0], given[-1])
        if out.form == "array":
            return Kind("array", kinds.BOOLEAN, out.dims)
        return BOOL if out.is_scalar else OBJECT
    if all(k.form in ("int", "bool") or (k.dtype in "l?" and k.dtype) for k in given):
        out = given[0] if len(given) == 1 else kinds.broadcast(given[0], given[1])
        exact = function.types and function(*([2] * function.nin)).dtype.kind in "iub"
        if not exact:
            return SCALAR if out.is_scalar else Kind("array", kinds.REAL, out.dims)
        return INT if out.is_scalar else Kind("array", kinds.INTEGER, out.dims)
    return _elementwise(given, given)


_TRUTHS = {
    np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal, np.isnan,
    np.isinf, np.isfinite, np.logical_and, np.logical_or, np.logical_not, np.logical_xor, np.signbit,
}  # fmt: skip


def _elementwise(values: list[Kind], given: list[Kind]) -> Kind:
    if not all(k.is_scalar or k.form in ("array", "numeric") for k in given):
        return OBJECT
    if not any(k.is_real for k in values):
        return OBJECT
    out = given[0]
    for k in given[1:]:
        out = kinds.broadcast(out, k)
    if out.is_scalar:
        return SCALAR
    return Kind("array", kinds.REAL, out.dims) if out.form == "array" else out


def _array_function(
    function: Any,
    args: tuple[ir.Argument, ...],
    bound: Mapping[str, Expr],
    given: list[Kind],
    kind: KindOf,
) -> Kind:
    first = given[0]
    if function in (np.eye, np.identity) and len(args) == 1 and not args[0].keyword:
        return of_shape(ir.Sequence("tuple", (args[0].value, args[0].value)), kind)
    try:
        hash(function)
    except TypeError:
        return OBJECT
    if function in LIKE:
        extra = set(bound) - {"a", "prototype", "fill_value", "x"}
        return first if first.form == "array" and not extra and len(args) <= 2 else OBJECT
    if function is np.arange:
        return array(UNKNOWN, dtype=kinds.INTEGER) if all(k.form == "int" for k in given) else OBJECT
    if function is np.linspace:
        extra = set(bound) - {"start", "stop", "num"}
        return array(UNKNOWN) if not extra and all(k.is_scalar for k in given) else OBJECT
    if function in JOINED and isinstance(args[0].value, ir.Sequence):
        return joined_kind(function, [kind(i) for i in args[0].value.items], bound)
    if first.form not in ("array", "numeric") and not first.is_scalar:
        return OBJECT
    if first.form == "array" and first.dtype != kinds.REAL and function not in COUNTS | VERDICTS:
        return OBJECT
    if function in REDUCTIONS | COUNTS | VERDICTS:
        if function is np.linalg.norm and "ord" in bound:
            return OBJECT
        scalar = INT if function in COUNTS else BOOL if function in VERDICTS else SCALAR
        reduced = _reduced(first, bound, scalar)
        if reduced.form == "array" and scalar is not SCALAR:
            dtype = kinds.INTEGER if scalar is INT else kinds.BOOLEAN
            return Kind("array", dtype, reduced.dims)
        return reduced
    if first.form != "array" or first.dims is None:
        return OBJECT
    if function in UNCHANGED:
        axis = bound.get("axis")
        if axis is not None and axes_of(axis, len(first.dims)) is None:
            return OBJECT  # axis=None flattens
        if function in (np.cumsum, np.cumprod) and len(first.dims) > 1:
            return first if axis is not None else OBJECT
        return first
    if function in (np.dot, np.matmul) and len(given) == 2:
        return product_kind(*given)
    if function is np.tensordot:
        return _contracted(given, bound)
    if function is np.outer and len(given) == 2 and all(k.rank == 1 for k in given):
        assert given[1].dims is not None
        return array(first.dims[0], given[1].dims[0])
    if function is np.transpose and set(bound) == {"a"}:
        return array(*reversed(first.dims))
    if function is np.linalg.solve and given[1].form == "array":
        return given[1] if len(first.dims) == 2 else OBJECT
    if function is np.linalg.det and len(first.dims) == 2:
        return SCALAR
    if function is np.trace and len(first.dims) == 2 and len(args) == 1:
        return SCALAR
    if function is np.diag and len(args) == 1:
        return array(UNKNOWN, UNKNOWN) if len(first.dims) == 1 else array(UNKNOWN)
    if function in (np.ravel, np.flip) and len(args) == 1 and len(first.dims) == 1:
        return first
    if function is np.ravel and len(args) == 1:
        return array(UNKNOWN)
    if function is np.expand_dims and set(bound) == {"a", "axis"}:
        at = axes_of(bound["axis"], len(first.dims) + 1)
        if at is None or len(at) != 1:
            return OBJECT
        return array(*first.dims[: at[0]], ONE, *first.dims[at[0] :])
    if function is np.swapaxes and len(first.dims) == 2 and len(args) == 3:
        return array(UNKNOWN, UNKNOWN)
    if function is np.reshape and set(bound) <= {"a", "shape"} and "shape" in bound:
        return of_shape(bound["shape"], kind)
    if function is np.diff and set(bound) <= {"a"}:
        if len(first.dims) == 1:
            return array(replace(first.dims[0], less=first.dims[0].less + 1, one=None))
        return OBJECT
    return OBJECT


def _contracted(given: list[Kind], bound: Mapping[str, Expr]) -> Kind:
    """The kind of `np.tensordot(a, b, ((0, 1), (0, 1)))`, of axes that are given as literals."""
    axes = bound.get("axes")
    if not (isinstance(axes, ir.Sequence) and len(axes.items) == 2) or any(k.dims is None for k in given[:2]):
        return OBJECT
    left: list[Dim] = []
    for k, named in zip(given, axes.items, strict=False):
        gone = axes_of(named, k.rank or 0)
        if k.form != "array" or gone is None:
            return OBJECT
        left += [d for n, d in enumerate(k.dims or ()) if n not in gone]
    return array(*left) if left else SCALAR


def _reduced(first: Kind, bound: Mapping[str, Expr], scalar: Kind) -> Kind:
    if set(bound) - {"a", "axis", "keepdims", "x"}:
        return OBJECT
    axis, keepdims = bound.get("axis"), bound.get("keepdims")
    keep = isinstance(keepdims, ir.Const) and keepdims.value is True
    if keepdims is not None and not isinstance(keepdims, ir.Const):
        return OBJECT
    if axis is None or (isinstance(axis, ir.Const) and axis.value is None):
        if keep:
            return array(*(ONE for _ in first.dims)) if first.dims else OBJECT
        return scalar
    if first.dims is None:
        return OBJECT
    gone = axes_of(axis, len(first.dims))
    if gone is None:
        return OBJECT
    left = [ONE if k in gone else d for k, d in enumerate(first.dims) if keep or k not in gone]
    return array(*left) if left else scalar


def axes_of(axis: Expr, rank: int) -> tuple[int, ...] | None:
    """The axes named by a literal, counted from 0, or None."""
    parts = axis.items if isinstance(axis, ir.Sequence) else (axis,)
    out = []
    for part in parts:
        sign = 1
        if isinstance(part, ir.Unary) and part.op == "-":
            sign, part = -1, part.operand
        if not (isinstance(part, ir.Const) and type(part.value) is int):
            return None
        out.append(sign * part.value % rank if rank else 0)
    return tuple(out)


def product_kind(a: Kind, b: Kind) -> Kind:
    """The kind of `a @ b` for one- and two-dimensional operands, and for a stack of matrices times one."""
    if a.form != "array" or b.form != "array" or not a.dims or not b.dims:
        return OBJECT
    if kinds.REAL not in (a.dtype, b.dtype):
        return OBJECT
    match len(a.dims), len(b.dims):
        case 1, 1:
            return SCALAR
        case 2, 1:
            return array(a.dims[0])
        case 1, 2:
            return array(b.dims[1])
        case n, 2 if n >= 2:
            return array(*a.dims[:-1], b.dims[1])
        case _:
            return OBJECT
