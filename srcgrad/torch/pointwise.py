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
from srcgrad.torch.primitive import INFERENCE, NO_EDGE, OperationNode, Primitive, _constant, extra, wrapped
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.tensor import Tensor, edge_of

NUMBERS = (int, float, complex, bool, np.number, np.bool_)
_ndarray = np.ndarray


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
    return TypeError(
        f"{name}(): argument '{parameter}' (position {position}) must be Tensor, not {type(x).__name__}"
    )


def unsupported(kernel: str, dtype: Any) -> NotImplementedError:
    """What PyTorch says of a dtype for which an operation has no code."""
    return NotImplementedError(f'"{kernel}" not implemented for \'{of(dtype)._c_name}\'')


class Pointwise(Primitive):
    """What the two share: the node of a call whose operands are `given` and whose arrays are `arrays`."""

    floating: bool

    def __init__(self, kernel: Callable[..., Any], name: str, *, floating: bool = False, **options: Any) -> None:
        super().__init__(kernel, name, **options)
        self.floating = floating
        self.run: Callable[..., Any] = kernel

    def enter(self, given: tuple[Any, ...], arrays: tuple[Any, ...], t: Tensor) -> None:
        """Make the node of a call and hang it on its result."""
        edges = []
        inputs = []
        bits = 0
        bit = 1
        is_complex = False
        constants: Any = None
        for x in given:
            if isinstance(x, Tensor) and x._needs:
                origin = x._node
                edges.append((origin, x._output) if origin is not None and not x._stale else edge_of(x) or NO_EDGE)
                a = x._a
                kind = a.dtype
                inputs.append((a.shape, kind))
                bits |= bit
                if kind.kind == "c":
                    is_complex = True
            else:
                edges.append(NO_EDGE)
                inputs.append(None)
                constants = given
            bit += bit
        plan = self.plans.get(bits)
        if plan is None:
            names = [name for k, name in enumerate(self.operands) if bits >> k & 1]
            plan = self.plans[bits] = Plan(self.rule, self.name, names)
            plan.leading = names == self.operands[: len(names)]
        node: OperationNode = _new_node(self.node_class)
        node.sequence = next_sequence()
        node.plan = plan
        node.edges = tuple(edges)
        node.inputs = tuple(inputs)
        y = t._a
        saved = []
        checks = []
        for place, _, shape_only in plan.entries:
            if place < 0:
                saved.append(y)
                checks.append((t._writes, 0, -1))
                continue
            x = given[place]
            if shape_only:
                saved.append(Ghost(arrays[place]) if arrays[place].__class__ is _ndarray else arrays[place])
                continue
            saved.append(arrays[place])
            if isinstance(x, Tensor):
                if x._inference:
                    raise RuntimeError(INFERENCE)
                version = x._counter or x._writes
                checks.append((version, version.count, place))
        node.saved = saved
        if constants is not None:
            node.constants = tuple([_constant(x) for x in given])
        node.checks = checks
        kind = y.dtype
        node.outputs = ((y.shape, kind),)
        if is_complex or kind.kind == "c":
            node.complex = True
        t._node = node
        t._needs = True
        if EXTRAS:
            extra(node)


_new_node: Any = object.__new__


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
        t = wrapped(profiling.run(self, [a, b]) if profiling.watch.on else self.run(a, b))
        if needs and state.enabled:
            self.enter((x, other), (a, b), t)
        return t


class Unary(Pointwise):
    """An operation on one tensor; `floating` makes integers floats first."""

    def __call__(self, x: Any) -> Any:
        a = x._a
        if self.floating and a.dtype.kind in "iub":
            a = a.astype(default_float())
        t = wrapped(profiling.run(self, [a]) if profiling.watch.on else self.run(a))
        if x._needs and state.enabled:
            self.enter((x,), (a,), t)
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
