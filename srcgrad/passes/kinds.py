"""What is known about a value before it is computed: its kind.

`kind_of(value)` is the outside form: small, hashable and fast, since it runs on every argument of
every call. `Kind` is the inside form, with which the abstract interpretation in `infer` works.
Dimensions are tokens: two arrays whose tokens are equal have the same length there, and an operand
whose dimension is known not to be 1 cannot have been stretched by broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

_FIXED: dict[type, str] = {
    float: "float",
    int: "int",
    bool: "bool",
    str: "text",
    type(None): "none",
    np.float64: "scalar",
    np.int64: "int",
    np.bool_: "bool",
}


def kind_of(value: Any) -> Hashable:
    """The kind of a value, for use as a key.

    >>> kind_of(1.5), kind_of(np.ones((3, 1)))
    ('float', ('array', 'd', (False, True)))
    """
    kind = _FIXED.get(type(value))
    if kind is not None:
        return kind
    if type(value) is np.ndarray:
        dtype = value.dtype
        return ("array", dtype.char if dtype.isnative else dtype.str, tuple([n == 1 for n in value.shape]))
    if type(value) is tuple:
        return ("tuple", tuple([kind_of(v) for v in value]))
    return ("object", type(value))


@dataclass(frozen=True)
class Dim:
    """A length: symbol minus a constant. `one` says whether it is 1, where that is known.

    `reads` are the variables that the symbol mentions: once one of them is bound anew, it means another length.
    """

    symbol: str
    less: int = 0
    one: bool | None = None
    reads: frozenset[str] = frozenset()

    @property
    def settled(self) -> bool:
        """Whether it is the same length wherever it is spoken of."""
        return self.symbol != "?" and not self.reads


ONE = Dim("", 0, True)
UNKNOWN = Dim("?")

REAL, INTEGER, BOOLEAN = "d", "l", "?"


@dataclass(frozen=True)
class Kind:
    """The abstract value.

    Forms: `float`, `int`, `bool` (Python's or NumPy's where they behave alike), `scalar` (a Python
    float or a NumPy float64), `array` (dims None when its rank is unknown), `numeric` (any real
    number or array), `text`, `none`, `tuple`, `range`, `object` (anything else).
    """

    form: str
    dtype: str = ""
    dims: tuple[Dim, ...] | None = None
    items: tuple[Kind, ...] = ()

    @property
    def is_scalar(self) -> bool:
        return self.form in ("float", "int", "bool", "scalar")

    @property
    def is_real(self) -> bool:
        """Whether a derivative with respect to such a value makes sense."""
        return self.form in ("float", "scalar", "numeric", "bottom") or (self.form == "array" and self.dtype == REAL)

    @property
    def rank(self) -> int | None:
        if self.is_scalar:
            return 0
        return None if self.dims is None else len(self.dims)


FLOAT = Kind("float")
INT = Kind("int")
BOOL = Kind("bool")
SCALAR = Kind("scalar")
NUMERIC = Kind("numeric")
TEXT = Kind("text")
NONE = Kind("none")
RANGE = Kind("range")
OBJECT = Kind("object")
# The result of a call that is still being worked out: nothing is known, and nothing excluded.
BOTTOM = Kind("bottom")

_BY_NAME = {k.form: k for k in (FLOAT, INT, BOOL, SCALAR, NUMERIC, TEXT, NONE)}


def array(*dims: Dim, dtype: str = REAL) -> Kind:
    return Kind("array", dtype, dims)


def abstract(kind: Hashable, name: str) -> Kind:
    """The inside form of a key, its dimensions named after the variable."""
    if isinstance(kind, str):
        return _BY_NAME[kind]
    assert isinstance(kind, tuple)
    if kind[0] == "array":
        _, char, single = kind
        dtype = {"d": REAL, "?": BOOLEAN}.get(char, INTEGER if char in "bhilqBHILQ" else "")
        if not dtype or not single:
            return OBJECT
        dims = [ONE if one else Dim(f"{name}.{k}", 0, False) for k, one in enumerate(single)]
        return array(*dims, dtype=dtype)
    if kind[0] == "tuple":
        return Kind("tuple", items=tuple(abstract(k, f"{name}.{i}") for i, k in enumerate(kind[1])))
    return OBJECT


def without(kind: Kind, stale: Callable[[Dim], bool]) -> Kind:
    """The kind with unknown lengths in the place of those that say nothing any more.

    >>> without(array(Dim("a.0[:k]", reads=frozenset("k")), ONE), lambda d: "k" in d.reads).dims
    (Dim(symbol='?', less=0, one=None, reads=frozenset()), Dim(symbol='', less=0, one=True, reads=frozenset()))
    """
    dims, items = kind.dims, kind.items
    if dims and any(d.reads and stale(d) for d in dims):
        dims = tuple(Dim("?", 0, d.one) if d.reads and stale(d) else d for d in dims)
    if items:
        items = tuple(without(k, stale) for k in items)
    return kind if dims is kind.dims and items == kind.items else replace(kind, dims=dims, items=items)


def abroad(kind: Kind) -> Kind:
    """What a kind says where the variables of this function mean nothing: in a callee, or in its caller."""
    return without(kind, lambda d: bool(d.reads))


def same_length(a: Dim, b: Dim) -> bool:
    return a == b and a.symbol != "?"


def broadcast_dim(a: Dim, b: Dim) -> Dim:
    """The length of two dimensions that are broadcast together (a mismatch raises in the primal)."""
    if a == ONE or same_length(a, b):
        return b
    if b == ONE or a.one is False:
        return a
    return b if b.one is False else UNKNOWN


def broadcast(a: Kind, b: Kind) -> Kind:
    """The kind of an elementwise operation's result, for real operands."""
    if BOTTOM in (a, b):
        return BOTTOM
    if a.form == "array" and b.form == "array" and a.dims is not None and b.dims is not None:
        short, long = sorted((a.dims, b.dims), key=len)
        padded = (ONE,) * (len(long) - len(short)) + short
        return array(*(broadcast_dim(p, q) for p, q in zip(padded, long, strict=True)))
    for one, other in ((a, b), (b, a)):
        if one.is_scalar and other.form == "array":
            return Kind("array", REAL, other.dims)
        if one.form == "array":
            # An array of unknown rank keeps being an array, unless its rank is 0: numeric then.
            return NUMERIC if one.dims is None or other.form == "numeric" else one
    if a.form == "numeric" or b.form == "numeric":
        return NUMERIC
    if a.form == "float" and b.form in ("float", "int", "bool"):
        return FLOAT
    if b.form == "float" and a.form in ("int", "bool"):
        return FLOAT
    return SCALAR if "scalar" in (a.form, b.form) else FLOAT


def stretches(operand: Kind, result: Kind) -> bool:
    """Whether broadcasting may have stretched the operand (so its cotangent needs a sum)."""
    if operand.is_scalar:
        return not result.is_scalar
    if operand.dims is None or result.dims is None:
        return True
    if len(operand.dims) != len(result.dims):
        return True
    return any(not (same_length(o, r) or o.one is False) for o, r in zip(operand.dims, result.dims, strict=True))


def same_shape(a: Kind, b: Kind) -> bool:
    """Whether two values are known to have the same shape."""
    if a.is_scalar or b.is_scalar:
        return a.is_scalar and b.is_scalar
    if a.dims is None or b.dims is None or len(a.dims) != len(b.dims):
        return False
    return all(same_length(p, q) for p, q in zip(a.dims, b.dims, strict=True))


def join(a: Kind, b: Kind) -> Kind:
    """What is known of a value that has one kind or the other."""
    if a == b or b == BOTTOM:
        return a
    if a == BOTTOM:
        return b
    forms = {a.form, b.form}
    if forms <= {"int", "bool"}:
        return INT
    if forms <= {"float", "int", "bool"}:
        return FLOAT
    if forms <= {"float", "int", "bool", "scalar"}:
        return SCALAR
    if forms == {"array"} and a.dtype == b.dtype:
        if a.dims is None or b.dims is None or len(a.dims) != len(b.dims):
            return Kind("array", a.dtype, None)
        return array(*(_join_dim(p, q) for p, q in zip(a.dims, b.dims, strict=True)), dtype=a.dtype)
    if forms == {"tuple"} and len(a.items) == len(b.items):
        return Kind("tuple", items=tuple(join(p, q) for p, q in zip(a.items, b.items, strict=True)))
    if all(k.is_real or k.is_scalar for k in (a, b)):
        return NUMERIC
    return OBJECT


def _join_dim(a: Dim, b: Dim) -> Dim:
    if a == b:
        return a
    return Dim("?", 0, False) if a.one is False and b.one is False else UNKNOWN
