"""Primitives of one or two operands that act element by element, made quick: most operations are these.

What enters: a ufunc or another elementwise kernel with an entry in the rule table. What leaves: a function of
tensors and numbers that promotes dtypes as PyTorch does, computes, and records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import profiling
from srcgrad.torch.dtypes import default_float, of, result_dtype
from srcgrad.torch.graph import next_sequence
from srcgrad.torch.modes import state
from srcgrad.torch.plan import Ghost, Plan
from srcgrad.torch.primitive import INFERENCE, NO_EDGE, Primitive, _constant, extra
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.tensor import Tensor, edge_of

NUMBERS = (int, float, complex, bool, np.number, np.bool_)
_ndarray = np.ndarray
_new = Tensor.__new__


def promoted(a: Any, b: Any, floating: bool = False) -> tuple[Any, Any]:
    """Two operands, arrays or numbers, in the dtype that an operator computes in; integers as floats if `floating`."""
    dtype = result_dtype(a, b)
    if floating and dtype.kind in "iub":
        dtype = default_float()
    return as_kind(a, dtype), as_kind(b, dtype)


def as_kind(x: Any, dtype: Any) -> Any:
    """An array or a number in a dtype."""
    if x.__class__ is _ndarray:
        return x if x.dtype is dtype else x.astype(dtype)
    try:
        return dtype.type(x)
    except OverflowError:
        if dtype.kind == "u":
            return np.array(x).astype(dtype)[()]
        name = _C_TYPES.get(dtype.name, dtype.name)
        raise RuntimeError(f"value cannot be converted to type {name} without overflow") from None


_C_TYPES = {"int8": "int8", "int16": "int16_t", "int32": "int", "int64": "int64_t"}


def not_a_tensor(name: str, x: Any, parameter: str = "input", position: int = 1) -> TypeError:
    """What PyTorch says of an argument that should be a tensor."""
    return TypeError(f"{name}(): argument '{parameter}' (position {position}) must be Tensor, not {type(x).__name__}")


def unsupported(kernel: str, dtype: Any) -> NotImplementedError:
    """What PyTorch says of a dtype for which an operation has no code."""
    return NotImplementedError(f"\"{kernel}\" not implemented for '{of(dtype)._c_name}'")


class Pointwise(Primitive):
    """What the two share: the node of a call whose operands are `given` and whose arrays are `arrays`."""

    floating: bool

    def __init__(self, kernel: Callable[..., Any], name: str, *, floating: bool = False, **options: Any) -> None:
        super().__init__(kernel, name, **options)
        self.floating = floating
        self.run: Callable[..., Any] = kernel

        self.makers: dict[int, Callable[..., None]] = {}

    def enter(self, given: tuple[Any, ...], arrays: tuple[Any, ...], t: Tensor) -> None:
        """Make the node of a call and hang it on its result."""
        bits = 0
        for k, x in enumerate(given):
            if isinstance(x, Tensor) and x._needs:
                bits |= 1 << k
        maker = self.makers.get(bits)
        if maker is None:
            maker = self.makers[bits] = self._maker(bits)
        maker(*given, *arrays, t)

    def _maker(self, bits: int) -> Callable[..., None]:
        """What makes the node of a call, written out for the operands that need a gradient.

        For a product of which both do:

            def enter(x0, x1, a0, a1, t):
                node = new(kind)
                origin0 = x0._node
                edge0 = (origin0, x0._output) if origin0 is not None and not x0._stale else edge_of(x0) or NO_EDGE
                …
                node.sequence = count()
                node.edges = (edge0, edge1)
                node.inputs = ((x0._a.shape, x0._a.dtype), (x1._a.shape, x1._a.dtype))
                node.saved = [a0, a1]
                node.checks = (checked(x0, 0), checked(x1, 1))
        """
        count = len(self.operands)
        plan = self.plans.get(bits)
        if plan is None:
            names = [name for k, name in enumerate(self.operands) if bits >> k & 1]
            plan = self.plans[bits] = Plan(self.rule, self.name, names)
            plan.leading = names == self.operands[: len(names)]
        needed = [k for k in range(count) if bits >> k & 1]
        lines = ["node = new(kind)"]
        for k in needed:
            lines += [
                f"origin{k} = x{k}._node",
                (
                    f"edge{k} = (origin{k}, x{k}._output) if origin{k} is not None and not x{k}._stale "
                    f"else edge_of(x{k}) or NO_EDGE"
                ),
                f"own{k} = x{k}._a",
            ]
        edges = "".join(f"edge{k}, " if k in needed else "NO_EDGE, " for k in range(count))
        inputs = "".join(f"(own{k}.shape, own{k}.dtype), " if k in needed else "None, " for k in range(count))
        # Counted after the edges: the history of a stale view is made anew for its edge, and must be the older node.
        lines += [
            "node.sequence = count()",
            f"node.edges = ({edges})",
            f"node.inputs = ({inputs})",
            "y = t._a",
            "kind_of_y = y.dtype",
        ]
        saved, checks = [], []
        for place, _, shape_only in plan.entries:
            if place < 0:
                saved.append("y")
                checks.append("(t._writes, 0, -1)")
            elif shape_only:
                saved.append(f"Ghost(a{place}) if a{place}.__class__ is ndarray else a{place}")
            else:
                saved.append(f"a{place}")
                checks.append(f"checked(x{place}, {place})" if place in needed else f"checked_any(x{place}, {place})")
        lines += [f"node.saved = [{', '.join(saved)}]"]
        if checks:
            lines += [f"node.checks = ({', '.join(checks)},)"]
        if len(needed) < count:
            constants = "".join("None, " if k in needed else f"constant(x{k}), " for k in range(count))
            lines += [f"node.constants = ({constants})"]
        is_complex = " or ".join(["kind_of_y.kind == 'c'", *(f"own{k}.dtype.kind == 'c'" for k in needed)])
        lines += [
            "node.outputs = ((y.shape, kind_of_y),)",
            f"if {is_complex}: node.complex = True",
            "t._node = node",
            "t._needs = True",
            "if EXTRAS: extra(node)",
        ]
        parameters = ", ".join([*(f"x{k}" for k in range(count)), *(f"a{k}" for k in range(count)), "t"])
        scope: dict[str, Any] = {
            "new": object.__new__, "kind": type(self.name, (self.node_class,), {"plan": plan}), "count": next_sequence,
            "edge_of": edge_of, "NO_EDGE": NO_EDGE, "Ghost": Ghost, "ndarray": _ndarray, "checked": _checked,
            "checked_any": _checked_any, "constant": _constant, "EXTRAS": EXTRAS, "extra": extra,
        }  # fmt: skip
        exec(f"def enter({parameters}):\n" + "".join(f"    {line}\n" for line in lines), scope)
        made: Callable[..., None] = scope["enter"]
        return made


def _checked(x: Tensor, place: int) -> tuple[Any, int, int]:
    """The version at which an operand is saved."""
    if x._inference:
        raise RuntimeError(INFERENCE)
    version = x._counter or x._writes
    return version, version.count, place


class _Constant:
    """The version of a number, which never changes."""

    count = 0


_CONSTANT = _Constant()


def _checked_any(x: Any, place: int) -> tuple[Any, int, int]:
    """The same for an operand that may be a number."""
    return _checked(x, place) if isinstance(x, Tensor) else (_CONSTANT, 0, place)


class Binary(Pointwise):
    """An operation on two operands, at least one of them a tensor; `floating` makes integers floats first."""

    def __call__(self, x: Any, other: Any) -> Any:
        if isinstance(other, Tensor):
            b: Any = other._a
            needs = other._needs
            if isinstance(x, Tensor):
                a: Any = x._a
                needs = needs or x._needs
                if a.dtype is not b.dtype or self.floating:
                    a, b = promoted(a, b, self.floating)
            elif isinstance(x, NUMBERS):
                a, b = promoted(x, b, self.floating)
            else:
                return NotImplemented
        elif isinstance(other, NUMBERS):
            a = x._a
            needs = x._needs
            if (other.__class__ is float or other.__class__ is int) and a.dtype.kind == "f":
                b = other
            else:
                a, b = promoted(a, other, self.floating)
        else:
            return NotImplemented
        if a.__class__ is b.__class__ and a.shape != b.shape:
            check_broadcast(a.shape, b.shape)
        y = profiling.run(self, [a, b]) if profiling.watch.on else self.run(a, b)
        t = _new(Tensor)
        t._a = y if y.__class__ is _ndarray else np.asarray(y)
        if state.enabled:
            if needs:
                bits = (1 if isinstance(x, Tensor) and x._needs else 0) + (
                    2 if isinstance(other, Tensor) and other._needs else 0
                )
                maker = self.makers.get(bits)
                if maker is None:
                    maker = self.makers[bits] = self._maker(bits)
                maker(x, other, a, b, t)
        elif state.inference:
            t._inference = True
        return t


class Unary(Pointwise):
    """An operation on one tensor; `floating` makes integers floats first."""

    def __call__(self, x: Any) -> Any:
        a = x._a
        if self.floating and a.dtype.kind in "iub":
            a = a.astype(default_float())
        y = profiling.run(self, [a]) if profiling.watch.on else self.run(a)
        t = _new(Tensor)
        t._a = y if y.__class__ is _ndarray else np.asarray(y)
        if state.enabled:
            if x._needs:
                maker = self.makers.get(1)
                if maker is None:
                    maker = self.makers[1] = self._maker(1)
                maker(x, a, t)
        elif state.inference:
            t._inference = True
        return t


def check_broadcast(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    """Raise, in PyTorch's words, where two shapes do not broadcast."""
    for k in range(1, min(len(first), len(second)) + 1):
        n, m = first[-k], second[-k]
        if n != m and n != 1 and m != 1:
            dim = max(len(first), len(second)) - k
            raise RuntimeError(
                f"The size of tensor a ({n}) must match the size of tensor b ({m}) at non-singleton dimension {dim}"
            )
