"""Operators of rewritten source: `a + b` becomes `rec.add(a, b)`, `a += b` `rec.augmented("iadd", a, b)`.

Each computes what the expression would have computed, on the same objects, through the operands'
own methods where those are written in Python.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.rules import table
from srcgrad.runtime import anomaly, memory, reach
from srcgrad.runtime.binding import binding_for
from srcgrad.runtime.calls import call, python_method
from srcgrad.runtime.levels import refused, state
from srcgrad.runtime.operations import check_unlike, is_active, note
from srcgrad.runtime.reverse import ReverseTrace

NUMBERS = frozenset({float, int, bool, complex, np.ndarray, np.bool_} | {np.dtype(c).type for c in "bBhHiIlLqQefdgFDG"})
_REAL = frozenset({float, int, np.float64})
_FLOATS = frozenset({float, np.float64})
Operator = Callable[..., Any]
_CONTAINERS = (list, tuple, str, bytes, dict, set, frozenset)


def _binary(name: str, function: Callable[..., Any], ufunc: Callable[..., Any] | None) -> Callable[..., Any]:
    forward, reflected = f"__{name}__", f"__r{name}__"

    def apply(a: Any, b: Any) -> Any:
        levels = state.levels
        if not levels:
            return function(a, b)
        kind_a, kind_b = type(a), type(b)
        if kind_a in _REAL and kind_b in _REAL:
            y = function(a, b)
            if type(y) in _FLOATS and len(levels) == 1:
                level = levels[0]
                known = level.known
                active_a, active_b = id(a) in known, id(b) in known
                if not (active_a or active_b):
                    return y
                if type(level) is ReverseTrace and not anomaly.watch.on:
                    binding = binding_for(function)
                    if binding is not None:
                        level.step(binding, y, a, b, active_a, active_b)
                        return y
            if is_active(a) or is_active(b):
                _note_operator(name, function, ufunc, y, (a, b))
            return y
        if kind_a in NUMBERS and kind_b in NUMBERS:
            y = function(a, b)
            active_a, active_b = is_active(a), is_active(b)
            if active_a or active_b:
                if type(y) is np.ndarray and y.base is None and y.dtype.kind == "f" and len(levels) == 1:
                    binding = binding_for(function)
                    if binding is not None and binding.rule.shape == "elementwise" and _is_quick(levels[0], a, b):
                        levels[0].array_step(binding, y, a, b, active_a, active_b)
                        return y
                _note_operator(name, function, ufunc, y, (a, b))
            return y
        return between_objects(a, b)

    def between_objects(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        own, other = python_method(kind_a, forward), python_method(kind_b, reflected)
        if isinstance(a, np.ndarray) and own is None and kind_b.__flags__ & _OF_PYTHON and ufunc is not None:
            # An array decides by these attributes whether the other operand's method is asked.
            if python_method(kind_b, "__array_ufunc__") is not None:
                return call(ufunc, a, b)
            if not defers_to(b):
                if converts(b):
                    return apply(a, converted(b))
                other = None
        elif isinstance(b, np.ndarray) and own is None and python_method(kind_a, "__array_ufunc__") is not None:
            return call(ufunc, a, b)
        if own is not None or other is not None:
            y = tried(own, other, a, b)
            if y is not NotImplemented:
                return y
            if not (is_active(a) or is_active(b)):
                return function(a, b)
        if isinstance(a, (np.ndarray, np.inexact)) and isinstance(b, (list, tuple, deque)):
            return apply(a, call(np.asarray, b))
        if isinstance(b, (np.ndarray, np.inexact)) and isinstance(a, (list, tuple, deque)):
            return apply(call(np.asarray, a), b)
        if isinstance(a, _CONTAINERS) and not isinstance(b, np.ndarray):
            return marked(function(a, b), a, b)
        if isinstance(b, _CONTAINERS) and not isinstance(a, np.ndarray):
            return function(a, b)
        for x, o in ((a, b), (b, a)):
            # An array that meets an object of the user's asks the object for its __array_ufunc__ or __array__.
            if isinstance(x, (np.ndarray, np.generic)) and converts(o):
                return apply(converted(a), converted(b))
        if reach.is_reached(a, b) and not (_plain(a) and _plain(b)):
            raise refused(
                f"the operator between {kind_a.__name__} and {kind_b.__name__} has no derivative rule", ways=_WAYS
            )
        y = function(a, b)
        if is_active(a) or is_active(b):
            _note_operator(name, function, ufunc, y, (a, b))
        return y

    apply.__name__ = name
    return apply


def _is_quick(level: Any, a: Any, b: Any) -> bool:
    """Whether an operation can be noted without looking closer at its operands."""
    if type(level) is not ReverseTrace or anomaly.watch.on:
        return False
    return not any(type(x) is np.ndarray and x.base is not None and memory.reinterprets(x) for x in (a, b))


_WAYS = ("write it with floats and arrays", "srcgrad.stop_gradient(...) where it is constant in the argument")


def tried(own: Any, other: Any, a: Any, b: Any) -> Any:
    """What the operands' methods make of them, in Python's order; NotImplemented if neither does."""
    kind_a, kind_b = type(a), type(b)
    tries = [(own, a, b), (other, b, a)] if kind_a is not kind_b else [(own, a, b)]
    if issubclass(kind_b, kind_a) and kind_b is not kind_a and other is not None:
        tries.reverse()
    for method, left, right in tries:
        if method is not None:
            y = call(method, left, right)
            if y is not NotImplemented:
                return y
    return NotImplemented


_OF_PYTHON = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def defers_to(x: Any) -> bool:
    """Whether an array leaves an operation to the other operand."""
    if isinstance(x, (np.ndarray, *_CONTAINERS)):
        return True
    return getattr(x, "__array_ufunc__", x) is None or float(getattr(x, "__array_priority__", -1.0)) > 0.0


def converts(x: Any) -> bool:
    """Whether an object of the user's turns itself into an array."""
    if isinstance(x, memoryview):
        return isinstance(x.obj, np.ndarray)
    return not isinstance(x, np.ndarray) and python_method(type(x), "__array__") is not None


def converted(x: Any) -> Any:
    """The array that an object of the user's turns itself into; anything else as it is."""
    if isinstance(x, memoryview):
        return np.asarray(x)
    return call(python_method(type(x), "__array__"), x) if converts(x) else x


def marked(y: Any, *parts: Any) -> Any:
    """A text made of parts is one of numbers that a derivative depends on if a part is."""
    if isinstance(y, str) and state.texts is not None and any(is_active(p) or id(p) in state.texts for p in parts):
        state.texts[id(y)] = y
    return y


def _plain(x: Any) -> bool:
    return isinstance(x, (float, int, complex, np.generic)) or type(x) is np.ndarray or _is_bare(type(x))


def _is_bare(kind: type) -> bool:
    """A subclass of ndarray that changes none of the operators."""
    return issubclass(kind, np.ndarray) and python_method(kind, "__array_ufunc__") is None


def _note_operator(
    name: str, function: Callable[..., Any], ufunc: Callable[..., Any] | None, y: Any, args: tuple[Any, ...]
) -> None:
    rule = table.lookup(function) or (table.lookup(ufunc) if ufunc is not None else None)
    if rule is None:
        if table.is_zero(function) or (ufunc is not None and table.is_zero(ufunc)):
            check_unlike(y, args)
            return
        raise refused(f"no derivative rule for the operator {name}", ways=_WAYS)
    note(rule, function, y, args, {})


add: Operator = _binary("add", operator.add, np.add)
sub: Operator = _binary("sub", operator.sub, np.subtract)
mul: Operator = _binary("mul", operator.mul, np.multiply)
truediv: Operator = _binary("truediv", operator.truediv, np.divide)
floordiv: Operator = _binary("floordiv", operator.floordiv, np.floor_divide)
mod: Operator = _binary("mod", operator.mod, np.remainder)
pow: Operator = _binary("pow", operator.pow, np.power)
matmul: Operator = _binary("matmul", operator.matmul, np.matmul)
and_: Operator = _binary("and", operator.and_, None)
or_: Operator = _binary("or", operator.or_, None)
xor: Operator = _binary("xor", operator.xor, None)
lshift: Operator = _binary("lshift", operator.lshift, None)
rshift: Operator = _binary("rshift", operator.rshift, None)


def _unary(name: str, function: Callable[..., Any], ufunc: Callable[..., Any]) -> Callable[..., Any]:
    method_name = f"__{name}__"

    def apply(a: Any) -> Any:
        if not state.levels:
            return function(a)
        method = python_method(type(a), method_name)
        if method is not None:
            return call(method, a)
        y = function(a)
        if is_active(a):
            _note_operator(name, function, ufunc, y, (a,))
        return y

    apply.__name__ = name
    return apply


neg: Operator = _unary("neg", operator.neg, np.negative)
pos: Operator = _unary("pos", operator.pos, np.positive)
invert: Operator = _unary("invert", operator.invert, np.invert)


def _comparison(name: str, reflected: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(a: Any, b: Any) -> Any:
        kind_a, kind_b = type(a), type(b)
        if (kind_a in NUMBERS and kind_b in NUMBERS) or not state.levels:
            return function(a, b)
        own, other = python_method(kind_a, f"__{name}__"), python_method(kind_b, f"__{reflected}__")
        if own is not None or other is not None:
            y = tried(own, other, a, b)
            if y is not NotImplemented:
                return y
        elif name == "ne":
            equal = python_method(kind_a, "__eq__")
            if equal is not None:
                y = call(equal, a, b)
                if y is not NotImplemented:
                    return not y
        return function(a, b)

    apply.__name__ = name
    return apply


lt = _comparison("lt", "gt", operator.lt)
le = _comparison("le", "ge", operator.le)
gt = _comparison("gt", "lt", operator.gt)
ge = _comparison("ge", "le", operator.ge)
eq = _comparison("eq", "eq", operator.eq)
ne = _comparison("ne", "ne", operator.ne)


def contained(x: Any, xs: Any) -> Any:
    """`x in xs`."""
    return contains(xs, x)


def contains(xs: Any, x: Any) -> Any:
    """As operator.contains."""
    method = python_method(type(xs), "__contains__") if state.levels else None
    return x in xs if method is None else bool(call(method, xs, x))


def truth(x: Any) -> Any:
    """The test of an `if` or a `while`: x, or what an object's own `__bool__` says of it."""
    if type(x) in NUMBERS or not state.levels:
        return x
    method = python_method(type(x), "__bool__") or python_method(type(x), "__len__")
    return x if method is None else call(method, x)


IN_PLACE: dict[str, tuple[Operator, Operator]] = {
    f"i{f.__name__.rstrip('_')}": (f, getattr(operator, f"i{f.__name__.rstrip('_')}"))
    for f in (add, sub, mul, truediv, floordiv, mod, pow, matmul, and_, or_, xor, lshift, rshift)
}


def augmented(name: str, a: Any, b: Any) -> Any:
    """`a += b` and its kin: the new value of the target, with arrays and lists changed in place."""
    from srcgrad.runtime.access import setitem
    from srcgrad.runtime.iteration import iterate

    plain, in_place = IN_PLACE[name]
    kind = type(a)
    if kind in NUMBERS and kind is not np.ndarray:
        return plain(a, b)
    if not state.levels:
        return in_place(a, b)
    method = python_method(kind, f"__{name}__")
    if method is not None:
        y = call(method, a, b)
        if y is not NotImplemented:
            return y
    elif isinstance(a, np.ndarray):
        y = plain(a, b)
        if not isinstance(y, (np.ndarray, np.generic)) or not np.can_cast(y.dtype, a.dtype, "same_kind"):
            return in_place(a, b)
        if np.shape(y) != a.shape:
            # NumPy's own error, where the result does not fit.
            return in_place(a, b) if np.broadcast_shapes(np.shape(y), a.shape) != a.shape else _stored(a, y)
        setitem(a, Ellipsis, y)
        return a
    if isinstance(a, (set, dict)) or type(a).__name__ == "deque" or isinstance(a, list):
        return in_place(a, iterate(b))
    return plain(a, b)


def _stored(a: np.ndarray, y: Any) -> np.ndarray:
    from srcgrad.runtime.access import setitem

    setitem(a, Ellipsis, y)
    return a


def augmented_item(name: str, a: Any, index: Any, old: Any, b: Any) -> None:
    """`a[index] += b`, where `old` is what `a[index]` was before b was evaluated."""
    from srcgrad.runtime.access import setitem

    new = augmented(name, old, b)
    if isinstance(a, np.ndarray) and new is old and memory.owner(new) is memory.owner(a):
        return
    setitem(a, index, new)


def augmented_attribute(name: str, a: Any, attribute: str, old: Any, b: Any) -> None:
    """`a.attribute += b`."""
    from srcgrad.runtime.access import setattribute

    setattribute(a, attribute, augmented(name, old, b))
