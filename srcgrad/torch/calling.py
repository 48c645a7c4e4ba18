"""Calls of a primitive, written out for each pattern of types of the arguments.

What enters: a primitive and the types of the arguments of a call. What leaves: a function of such arguments that
computes, and records if something needs a gradient. Which of a handful of arguments are tensors takes longer to
find out than NumPy takes over ten numbers; the types of the arguments, looked up in a dictionary, say it at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from srcgrad.torch import profiling
from srcgrad.torch.making import defined
from srcgrad.torch.modes import MODES, state
from srcgrad.torch.operation import NEEDED, OTHER, TENSOR
from srcgrad.torch.tensor import Tensor

if TYPE_CHECKING:
    from srcgrad.torch.primitive import Primitive

# The kinds of two arguments: which of them need a gradient.
BOTH, FIRST, SECOND = NEEDED << 2 | NEEDED, NEEDED << 2 | TENSOR, TENSOR << 2 | NEEDED


def settled(t: Tensor, kinds: int) -> int:
    """A new tensor in a thread that may not record: the kinds of the operands if a node is to be made, or 0."""
    if state.enabled:
        if state.inference:
            t._inference = True
        return kinds
    if state.inference:
        t._inference = True
    return 0


def holds(values: Any) -> bool:
    """Whether there is a tensor in a list or tuple."""
    return any([isinstance(m, Tensor) for m in values]) if values else False  # noqa: C419 - a generator takes longer


def caller(primitive: Primitive, types: tuple[type, ...]) -> Callable[..., Any]:
    """What a call with arguments of some types does, for a tensor, a tuple and a number:

        def call(x0, x1, x2):
            if listening or holds(x1): return general(x0, x1, x2)
            a0 = x0._a
            y = kernel(a0, x1, x2)
            if y.__class__ is not ndarray:
                if y.__class__ is tuple or y.__class__ is list: return finished((x0, x1, x2, ), [a0, x1, x2, ], y)
                y = asarray(y)
            t = new(Tensor)
            t._a = y
            kinds = (1 if x0._needs else 2) << 4 | 15 if x0._needs else 0
            if modes: kinds = settled(t, kinds)
            if kinds: (makers.get(kinds) or enter_by(kinds))(x0, x1, x2, a0, x1, x2, t)
            return t

    The general call where an operand may be a sequence of tensors, or where the primitive is of a special kind.
    """
    tensors = [k for k, kind in enumerate(types) if issubclass(kind, Tensor)]
    sequences = [k for k, kind in enumerate(types) if kind is list or kind is tuple]
    if (
        not tensors
        or primitive.view
        or primitive.node_class is not primitive.own_class
        or any(k in primitive.places for k in sequences)
    ):
        return primitive.general
    n = len(types)
    given = "".join(f"x{k}, " for k in range(n))
    arrays = "".join(f"a{k}, " if k in tensors else f"x{k}, " for k in range(n))
    guards = ["listening", *(f"holds(x{k})" for k in sequences)]
    shift = {k: 2 * (n - 1 - k) for k in range(n)}
    needs = " or ".join(f"x{k}._needs" for k in tensors)
    fixed = sum(OTHER << shift[k] for k in range(n) if k not in tensors)
    kinds = " | ".join([str(fixed), *(f"({NEEDED} if x{k}._needs else {TENSOR}) << {shift[k]}" for k in tensors)])
    lines = [
        f"if {' or '.join(guards)}: return general({given})",
        *(f"a{k} = x{k}._a" for k in tensors),
        f"y = kernel({arrays})",
        "if y.__class__ is not ndarray:",
        f"    if y.__class__ is tuple or y.__class__ is list: return finished(({given}), [{arrays}], y)",
        "    y = asarray(y)",
        "t = new(Tensor)",
        "t._a = y",
        f"kinds = {kinds} if {needs} else 0",
        "if modes: kinds = settled(t, kinds)",
        f"if kinds: (makers.get(kinds) or enter_by(kinds))({given}{arrays}t)",
        "return t",
    ]
    scope = {
        "listening": profiling.LISTENING, "holds": holds, "general": primitive.general, "kernel": primitive.kernel,
        "finished": primitive.finished, "ndarray": np.ndarray, "asarray": np.asarray, "new": Tensor.__new__,
        "Tensor": Tensor, "modes": MODES, "settled": settled, "makers": primitive.makers, "enter_by": primitive.enter_by,
    }  # fmt: skip
    return defined(f"def call({given}):", lines, scope)


def of_two(
    primitive: Primitive, kernel: Callable[..., Any], otherwise: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """A primitive of two tensors of one dtype as a function; `otherwise` gets other calls and those that NumPy refuses.

    `kernel` computes what the primitive's does, and perhaps sooner.
    """
    makers, enter_by = primitive.makers, primitive.enter_by
    listening, modes = profiling.LISTENING, MODES
    new, ndarray, asarray = Tensor.__new__, np.ndarray, np.asarray

    def call(x: Any, other: Any) -> Any:
        a, b = x._a, other._a
        if a.dtype is not b.dtype or listening:
            return otherwise(x, other)
        try:
            y = kernel(a, b)
        except ValueError:
            return otherwise(x, other)
        t = new(Tensor)
        t._a = y if y.__class__ is ndarray else asarray(y)
        kinds = (BOTH if other._needs else FIRST) if x._needs else SECOND if other._needs else 0
        if modes:
            kinds = settled(t, kinds)
        if kinds:
            (makers.get(kinds) or enter_by(kinds))(x, other, a, b, t)
        return t

    return call
