"""The kind of a value, as far as the form for numba depends on it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Forms: float (Python's), scalar (NumPy's float64), int, bool, array, tuple, list, range, none, text, unknown.

    `dims` says of each dimension of an array whether its length is known to be 1, `dtype` is f, i or b.
    """

    form: str
    dtype: str = ""
    dims: tuple[bool, ...] = ()
    items: tuple[Kind, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.form in ("float", "scalar", "int", "bool")

    @property
    def is_array(self) -> bool:
        return self.form == "array"

    @property
    def rank(self) -> int:
        return len(self.dims)


UNKNOWN = Kind("unknown")
BOTTOM = Kind("bottom")
FLOAT, SCALAR, INT, BOOL = Kind("float"), Kind("scalar"), Kind("int"), Kind("bool")
NONE, TEXT, RANGE = Kind("none"), Kind("text"), Kind("range")
_NAMED = {"float": FLOAT, "scalar": SCALAR, "int": INT, "bool": BOOL, "none": NONE, "text": TEXT}

# Functions that work element by element, and what they give.
UNARY = frozenset(
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh exp exp2 expm1 log log2 log10 log1p "
    "sqrt cbrt abs absolute fabs sign square negative positive floor ceil rint trunc reciprocal deg2rad rad2deg".split()
)
BINARY = frozenset("add subtract multiply divide true_divide power maximum minimum fmax fmin arctan2 hypot".split())
TESTS = frozenset("isnan isfinite isinf logical_not".split())
PAIRED_TESTS = frozenset(
    "logical_and logical_or less less_equal greater greater_equal equal not_equal".split()
)  # fmt: skip


def array(*dims: bool, dtype: str = "f") -> Kind:
    return Kind("array", dtype, tuple(dims))


def of_argument(kind: Hashable) -> Kind:
    """The kind of an argument, from the key that `srcgrad.passes.kinds.kind_of` gives."""
    if isinstance(kind, str):
        return _NAMED.get(kind, UNKNOWN)
    if isinstance(kind, tuple) and kind[0] == "array":
        dtype = {"d": "f", "?": "b", "l": "i", "q": "i"}.get(kind[1])
        # An array without dimensions is a case apart.
        return UNKNOWN if dtype is None or not kind[2] else array(*kind[2], dtype=dtype)
    if isinstance(kind, tuple) and kind[0] == "tuple":
        return Kind("tuple", items=tuple(of_argument(k) for k in kind[1]))
    return UNKNOWN


def join(a: Kind, b: Kind) -> Kind:
    """What is known of a name that holds one or the other."""
    if a == b or b == BOTTOM:
        return a
    if a == BOTTOM:
        return b
    if a.is_number and b.is_number:
        forms = {a.form, b.form}
        if "scalar" in forms:
            return SCALAR
        return FLOAT if "float" in forms else INT
    if a.is_array and b.is_array and a.rank == b.rank and a.dtype == b.dtype:
        return array(*(p and q for p, q in zip(a.dims, b.dims, strict=True)), dtype=a.dtype)
    if a.form == b.form == "tuple" and len(a.items) == len(b.items):
        return Kind("tuple", items=tuple(join(p, q) for p, q in zip(a.items, b.items, strict=True)))
    if a.form == b.form == "list":
        return Kind("list", items=(join(a.items[0], b.items[0]),))
    return UNKNOWN


def combined(a: Kind, b: Kind, test: bool = False) -> Kind:
    """The kind of an elementwise operation's result."""
    if BOTTOM in (a, b):
        return BOTTOM
    if not all(k.is_number or k.is_array for k in (a, b)):
        return UNKNOWN
    if a.is_array or b.is_array:
        p, q = a.dims, b.dims
        p, q = (True,) * (len(q) - len(p)) + p, (True,) * (len(p) - len(q)) + q
        kinds = {("f" if k.form in ("float", "scalar") else k.form[0]) if k.is_number else k.dtype for k in (a, b)}
        dtype = "b" if test else "f" if "f" in kinds else "i" if "i" in kinds else "b"
        return array(*(x and y for x, y in zip(p, q, strict=True)), dtype=dtype)
    if test:
        return BOOL
    return join(join(a, b), INT)


def of_lists(kind: Kind) -> Kind:
    """The array that nested lists make."""
    dims: list[bool] = []
    while kind.form == "list":
        dims.append(False)
        kind = kind.items[0]
    return array(*dims, dtype="i" if kind == INT else "f") if kind in (INT, FLOAT, SCALAR) else UNKNOWN


def number_of(dtype: str) -> Kind:
    return {"f": SCALAR, "i": INT, "b": BOOL}[dtype]


def of_floats(kind: Kind) -> Kind:
    return array(*kind.dims) if kind.is_array else kind
