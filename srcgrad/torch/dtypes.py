"""What PyTorch says about a tensor besides its values: dtype, shape, device, layout, memory format.

A torch dtype names a NumPy dtype. In one module float, int and bool cannot be both Python's types and
PyTorch's dtypes, so those three are called `float_`, `int_` and `bool_` here; `NAMES` has them all under
PyTorch's names.

Operators compute in NumPy dtypes and ask here for one thing, `result_dtype`. NumPy would promote an
int64 array and a float32 one to float64, and PyTorch to float32, hence the rules of its own.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, NoReturn, Self, SupportsIndex

import numpy as np
from numpy import ndarray

from srcgrad.torch.devices import device as device  # noqa: PLC0414 - it is asked for here with the rest

AnyDtype = np.dtype[Any]


class _Named:
    """A value that is known by its name: there is one of each, and a pickle finds it again."""

    __slots__ = ("name",)
    name: str

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        raise TypeError(f"cannot create 'torch.{type(self).__name__}' instances")

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Callable[[str], _Named], tuple[str]]:
        return named, (self.name,)


class dtype(_Named):  # noqa: N801 - PyTorch's name
    """The type of a tensor's elements. `numpy` is NumPy's dtype of the same elements.

    NumPy has no bfloat16 and no complex32. They can be named, compared and promoted; who asks for
    their arrays gets a NotImplementedError.
    """

    __module__ = "torch"  # where PyTorch has it, as its type is printed
    __slots__ = ("_c_name", "abbr", "is_complex", "is_floating_point", "is_signed", "itemsize", "numpy")
    # The name that PyTorch's messages use, after C.
    _c_name: str
    abbr: str
    is_complex: bool
    is_floating_point: bool
    is_signed: bool
    itemsize: int
    numpy: AnyDtype

    def to_real(self) -> dtype:
        """The dtype of a complex number's parts; the dtype itself where it is real."""
        return _REAL.get(self, self)

    def to_complex(self) -> dtype:
        """The dtype of complex numbers with parts of this dtype."""
        if self not in _COMPLEX:
            raise RuntimeError(f"Unknown Complex ScalarType for {self._c_name}")
        return _COMPLEX[self]

    def __getattr__(self, attribute: str) -> NoReturn:
        # Asked for what the slots do not hold: `numpy`, where there is none.
        if attribute == "numpy":
            raise NotImplementedError(f"NumPy has no {self.name}, so there are no tensors of {self!r} here")
        raise AttributeError(f"'torch.dtype' object has no attribute '{attribute}'")


class layout(_Named):  # noqa: N801 - PyTorch's name
    """How elements are stored; here always `strided`."""

    __module__ = "torch"
    __slots__ = ()


class memory_format(_Named):  # noqa: N801 - PyTorch's name
    """In which order of the dimensions."""

    __module__ = "torch"
    __slots__ = ()


# Every dtype, layout and memory format under PyTorch's name.
NAMES: dict[str, Any] = {}


def named(name: str) -> Any:
    """The dtype, layout or memory format of that name."""
    return NAMES[name]


def _dtype(name: str, c_name: str, itemsize: int, kind: str) -> dtype:
    """A dtype; `kind` is NumPy's letter for bool, integers, unsigned integers, floats, complex numbers."""
    made = object.__new__(dtype)
    made.name, made._c_name, made.itemsize = name, c_name, itemsize
    made.abbr = ("bf" if name == "bfloat16" else kind) + str(8 * itemsize)
    made.is_complex, made.is_floating_point, made.is_signed = kind == "c", kind == "f", kind in "ifc"
    if name not in {"bfloat16", "complex32"}:
        made.numpy = np.dtype(name)
    NAMES[name] = made
    return made


def _plain(cls: type[_Named], name: str) -> Any:
    made = object.__new__(cls)
    made.name = name
    NAMES[name] = made
    return made


uint8 = _dtype("uint8", "Byte", 1, "u")
int8 = _dtype("int8", "Char", 1, "i")
int16 = _dtype("int16", "Short", 2, "i")
int32 = _dtype("int32", "Int", 4, "i")
int64 = _dtype("int64", "Long", 8, "i")
float16 = _dtype("float16", "Half", 2, "f")
float32 = _dtype("float32", "Float", 4, "f")
float64 = _dtype("float64", "Double", 8, "f")
complex32 = _dtype("complex32", "ComplexHalf", 4, "c")
complex64 = _dtype("complex64", "ComplexFloat", 8, "c")
complex128 = _dtype("complex128", "ComplexDouble", 16, "c")
bool_ = _dtype("bool", "Bool", 1, "b")
bfloat16 = _dtype("bfloat16", "BFloat16", 2, "f")
uint16 = _dtype("uint16", "UInt16", 2, "u")
uint32 = _dtype("uint32", "UInt32", 4, "u")
uint64 = _dtype("uint64", "UInt64", 8, "u")

half, float_, double = float16, float32, float64
short, int_, long = int16, int32, int64
chalf, cfloat, cdouble = complex32, complex64, complex128
NAMES |= {"half": half, "float": float_, "double": double, "short": short, "int": int_, "long": long}
NAMES |= {"chalf": chalf, "cfloat": cfloat, "cdouble": cdouble}

strided: layout = _plain(layout, "strided")
contiguous_format: memory_format = _plain(memory_format, "contiguous_format")
preserve_format: memory_format = _plain(memory_format, "preserve_format")
channels_last: memory_format = _plain(memory_format, "channels_last")
channels_last_3d: memory_format = _plain(memory_format, "channels_last_3d")

_REAL = {complex32: float16, complex64: float32, complex128: float64}
_COMPLEX = {real: kind for kind, real in _REAL.items()} | {kind: kind for kind in _REAL} | {bfloat16: complex64}


class _Torch(dict[AnyDtype, dtype]):
    """The torch dtype of each of NumPy's that has one."""

    def __missing__(self, key: AnyDtype) -> NoReturn:
        if not key.isnative and key.newbyteorder() in self:
            raise ValueError(
                "given numpy array has byte order different from the native byte order. "
                "Conversion between byte orders is currently not supported."
            )
        raise TypeError(
            f"can't convert np.ndarray of type {key.type.__module__}.{key.type.__name__}. The only supported types "
            "are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, "
            "uint16, uint8, and bool."
        )


of: Callable[[AnyDtype], dtype] = _Torch(
    {kind.numpy: kind for kind in NAMES.values() if isinstance(kind, dtype) and kind not in {bfloat16, complex32}}
).__getitem__
"""The torch dtype of a NumPy dtype: of(array.dtype)."""


def _want_dtype(given: object, function: str, parameter: str, position: int = 1) -> dtype:
    if not isinstance(given, dtype):
        raise TypeError(
            f"{function}(): argument '{parameter}' (position {position}) must be torch.dtype, "
            f"not {type(given).__name__}"
        )
    return given


_default = float32


def get_default_dtype() -> dtype:
    """The dtype of tensors that are made from Python's floats."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Tensors made from Python's floats have this dtype from now on, in all threads."""
    global _default
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _ = d.numpy
    _default = d
    _RESULTS.clear()


def default_float() -> AnyDtype:
    """The default dtype as NumPy's."""
    return _default.numpy


def default_complex() -> AnyDtype:
    """What complex literals become, as NumPy's dtype."""
    return _default.to_complex().numpy


def _category(kind: dtype) -> int:
    """bool, integers, floats, complex numbers: the later absorbs the earlier whatever their sizes."""
    return 3 if kind.is_complex else 2 if kind.is_floating_point else 0 if kind is bool_ else 1


@functools.cache
def _promoted(a: dtype, b: dtype) -> dtype:
    if a is b:
        return a
    low, high = sorted((a, b), key=_category)
    if not {uint16, uint32, uint64}.isdisjoint((a, b)) and not high.is_floating_point:
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, "
            f"attempted to promote {a._c_name} and {b._c_name}"
        )
    if high.is_complex and (low.is_complex or low.is_floating_point):
        return _promoted(a.to_real(), b.to_real()).to_complex()
    if _category(low) != _category(high):
        return high
    if {a, b} == {float16, bfloat16}:
        return float32
    if {a, b} == {int8, uint8}:
        return int16
    return max(a, b, key=lambda kind: kind.itemsize)


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that is as general as both."""
    return _promoted(
        _want_dtype(type1, "promote_types", "type1"),
        _want_dtype(type2, "promote_types", "type2", 2),
    )


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of the one dtype may be stored in a tensor of the other."""
    given, wanted = _category(_want_dtype(from_, "can_cast", "from_")), _category(_want_dtype(to, "can_cast", "to", 2))
    # A bool takes only bools; otherwise integers may wrap, and floats may overflow.
    return given <= wanted


def result_type(*operands: Any) -> dtype:
    """The dtype that an operator computes in, given NumPy arrays and numbers.

    Arrays with dimensions decide. A 0-d array has a say only where its category (bool, integer, float,
    complex) is above theirs, and a number only where it is above both; of numbers it is the category that
    counts, and their dtype is the default one of it.
    """
    dimensioned = [of(x.dtype) for x in operands if isinstance(x, ndarray) and x.ndim]
    scalars = [of(x.dtype) for x in operands if isinstance(x, ndarray) and not x.ndim]
    numbers = [_of_number(x) for x in operands if not isinstance(x, ndarray)]
    levels = [functools.reduce(_promoted, level) for level in (numbers, scalars, dimensioned) if level]
    if not levels:
        raise ValueError("result_type() wants at least one operand")
    return functools.reduce(_outranked, levels)


def _outranked(low: dtype, high: dtype) -> dtype:
    """The dtype of operands of different levels."""
    if high.is_floating_point and low.is_complex:
        return high.to_complex()
    if _category(high) >= _category(low):
        return high
    return _promoted(high, low) if high is bool_ else low


def _of_number(x: Any) -> dtype:
    if isinstance(x, (bool, np.bool_)):
        return bool_
    if isinstance(x, (int, np.integer)):
        return int64
    if isinstance(x, (float, np.floating)):
        return _default
    if isinstance(x, (complex, np.complexfloating)):
        return _default.to_complex()
    raise TypeError(f"result_type(): expected a tensor or a number, not {type(x).__name__}")


# What result_dtype has found, by the dtype and rank of the arrays and the type of the numbers.
_RESULTS: dict[tuple[Any, ...], AnyDtype] = {}


def result_dtype(*operands: Any) -> AnyDtype:
    """`result_type` as NumPy's dtype, found quickly."""
    key: tuple[Any, ...]
    if len(operands) == 2 and type(operands[0]) is ndarray:
        # The same as below, at half the price.
        a, b = operands
        kind: AnyDtype = a.dtype
        if type(b) is ndarray:
            other: AnyDtype = b.dtype
            if kind is other:
                return kind
            key = kind, a.ndim > 0, other, b.ndim > 0
        else:
            key = kind, a.ndim > 0, type(b)
    else:
        key = tuple([(x.dtype, x.ndim > 0) if type(x) is ndarray else type(x) for x in operands])
    try:
        return _RESULTS[key]
    except KeyError:
        found = result_type(*operands).numpy
        # The type of a subclass of ndarray does not tell its dtype.
        if not any(isinstance(x, ndarray) and type(x) is not ndarray for x in operands):
            _RESULTS[key] = found
        return found


class finfo:  # noqa: N801, PLW1641 - PyTorch's name, and no hash there either
    """The limits of a floating point dtype, or of a complex dtype's parts."""

    __module__ = "torch"

    _DIGITS = {float16: 3, bfloat16: 2, float32: 6, float64: 15}  # noqa: RUF012 - never changes

    def __init__(self, type: dtype | None = None) -> None:
        kind = _default if type is None else _want_dtype(type, "finfo", "type")
        if _category(kind) < 2:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        kind = kind.to_real()
        self.dtype, self.bits, self.resolution = kind.name, 8 * kind.itemsize, 10.0 ** -self._DIGITS[kind]
        if kind is bfloat16:
            # The exponents of float32 with seven bits of fraction.
            self.eps, self.tiny, self.max = 2.0**-7, 2.0**-126, math.ldexp(2 - 2.0**-7, 127)
        else:
            limits = np.finfo(kind.numpy)
            self.eps, self.tiny, self.max = float(limits.eps), float(limits.tiny), float(limits.max)
        self.smallest_normal, self.min = self.tiny, -self.max

    def __repr__(self) -> str:
        shown = "resolution", "min", "max", "eps", "smallest_normal", "tiny"
        return f"finfo({''.join(f'{name}={getattr(self, name):g}, ' for name in shown)}dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype


class iinfo:  # noqa: N801, PLW1641 - PyTorch's name, and no hash there either
    """The limits of an integer dtype."""

    __module__ = "torch"

    def __init__(self, type: dtype) -> None:
        kind = _want_dtype(type, "iinfo", "type")
        if _category(kind) > 1:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        if kind is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        self.dtype, self.bits = kind.name, 8 * kind.itemsize
        limits = np.iinfo(kind.numpy)
        self.min, self.max = int(limits.min), int(limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={float(self.min):g}, max={float(self.max):g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype


class Size(tuple[int, ...]):
    """A shape."""

    __module__ = "torch"
    __slots__ = ()

    def __new__(cls, sizes: Any = ()) -> Self:
        return tuple.__new__(cls, [n if type(n) is int else _integer(n, i) for i, n in enumerate(sizes)])

    def numel(self) -> int:
        """How many elements a tensor of this shape has."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return size_of(found) if type(found) is tuple else found

    def __add__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            raise TypeError(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple.__add__(other, self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> Size:
        if not hasattr(times, "__index__"):
            raise TypeError(f"can't multiply sequence by non-int of type '{type(times).__name__}'")
        return size_of(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[tuple[int, ...]]]:
        return size_from, (tuple(self),)


def size_from(sizes: tuple[int, ...]) -> Size:
    """What a pickle of a Size calls."""
    return Size(sizes)


size_of: Callable[[tuple[int, ...]], Size] = functools.partial(tuple.__new__, Size)
"""The Size of a tuple that is known to hold integers, such as an array's shape."""


def _integer(n: Any, position: int) -> int:
    try:
        return operator.index(n) + 0
    except TypeError:
        kind = type(n).__name__
        raise TypeError(f"torch.Size() takes an iterable of 'int' (item {position} is '{kind}')") from None
