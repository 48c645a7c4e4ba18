"""Functions that carry their own rule, and functions that change how others are differentiated."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Sequence
from typing import Any, overload

from srcgrad.api.arguments import name_of, signature_of
from srcgrad.api.gradient import grad
from srcgrad.api.products import jvp, vjp
from srcgrad.api.results import cotangents_for
from srcgrad.build import pickling, recorded
from srcgrad.build.derive import zero_of
from srcgrad.errors import MissingRuleError, NotDifferentiableError
from srcgrad.runtime import custom, tree
from srcgrad.runtime.calls import call
from srcgrad.runtime.leaves import copied
from srcgrad.runtime.levels import at, refused, state


class Wrapped:
    """A callable that means what the function in it means."""

    __name__: str

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        self.primal = f
        self.nondiff_argnums = (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums)
        self.__name__ = name_of(f)
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.primal(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        known = pickling.reference(self)
        if known[0] == "name":
            return (pickling.function, (known,))
        inside = {name: pickling.reference(value) for name, value in vars(self).items() if name in self.rules}
        return (_unpickled, (type(self), pickling.reference(self.primal), inside, self.nondiff_argnums))

    rules: tuple[str, ...] = ()  # the attributes that hold functions of a user's rule

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """All arguments by position, defaults filled in, and the keyword-only ones, which have no derivative."""
        signature = signature_of(self.primal)
        if signature is None:
            return args, kwargs
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if custom.innermost(list(tree.leaves(bound.kwargs))) >= 0:
            raise NotDifferentiableError(
                f"{self.__name__}() has a rule of its own, which says nothing of its keyword-only arguments",
                ways=("make them positional parameters, or constants by srcgrad.stop_gradient",),
            )
        return bound.args, bound.kwargs

    def _divided(self, positional: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """The arguments that the rule says something of, and those of `nondiff_argnums`, in their order."""
        count = len(positional)
        for k in self.nondiff_argnums:
            if not -count <= k < count:
                raise TypeError(
                    f"nondiff_argnums={self.nondiff_argnums} of {self.__name__}(), called with {count} arguments"
                )
        fixed = [k % count for k in self.nondiff_argnums]
        if custom.innermost([leaf for k in fixed for leaf in tree.leaves(positional[k])]) >= 0:
            raise refused(
                f"{self.__name__}() is given, in a place of its nondiff_argnums={self.nondiff_argnums}, what is differentiated",
                ways=("leave it out of nondiff_argnums", "make it a constant by srcgrad.stop_gradient"),
            )
        return [a for k, a in enumerate(positional) if k not in fixed], [positional[k] for k in fixed]


def _unpickled(kind: type[Wrapped], primal: Any, inside: dict[str, Any], nondiff: tuple[int, ...] = ()) -> Wrapped:
    made = kind(pickling.function(primal), nondiff)
    for name, value in inside.items():
        setattr(made, name, pickling.function(value))
    return made


def apply(f: Callable[..., Any], arguments: tuple[list[Any], dict[str, Any]]) -> Any:
    return call(f, *arguments[0], **arguments[1])


class CustomVjp(Wrapped):
    """What `custom_vjp` returns; see there."""

    rules = ("fwd", "bwd")
    fwd: Callable[..., Any] | None = None
    bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Give the rule: `fwd(*args) -> (y, kept)` and `bwd(kept, y_bar) -> cotangents of args`."""
        self.fwd, self.bwd = fwd, bwd

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fwd is None or self.bwd is None:
            raise MissingRuleError(f"{self.primal.__name__}() has no rule yet", ways=("call its defvjp(fwd, bwd)",))
        positional, named = self._arguments(args, kwargs)
        given, fixed = self._divided(positional)
        leaves = list(tree.leaves(given))
        level = custom.innermost(leaves)
        if level < 0:
            return self.primal(*args, **kwargs)
        outer = state.levels[:level]
        y, kept = at(outer, _forward, self, positional, named)
        outputs = list(tree.leaves(y))
        bwd = self.bwd

        def pull(y_bars: list[Any]) -> list[Any]:
            remaining = iter(y_bars)
            x_bars = call(bwd, *fixed, kept, tree.map_leaves(lambda _: next(remaining), y))
            return _matched(self, given, x_bars)

        def push(x_dots: list[Any]) -> list[Any]:
            # bwd is linear in y_bar: the transpose of its matrix is the Jacobian.
            zeros = [zero_of(v) for v in outputs]
            _, transposed = recorded.vjp(pull, [zeros], {}, (0,))
            return transposed(x_dots)

        custom.record(y, leaves, level, pull, push)
        return y


def _forward(f: CustomVjp, positional: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
    """The result and what bwd is given of a call."""
    assert f.fwd is not None
    made = call(f.fwd, *positional, **named)
    if not isinstance(made, tuple) or len(made) != 2:
        raise TypeError(f"the fwd of {f.__name__}() must return (result, what bwd needs), not {type(made).__name__}")
    return made


def _matched(f: Wrapped, arguments: Sequence[Any], x_bars: Any) -> list[Any]:
    """The cotangents that a user's bwd returned, one per leaf; None stands for zero."""
    x_bars = x_bars if isinstance(x_bars, (tuple, list)) else (x_bars,)
    if len(x_bars) != len(arguments):
        raise TypeError(f"the bwd of {f.__name__}() returned {len(x_bars)} cotangents for {len(arguments)} arguments")
    found: list[Any] = []
    for number, (argument, x_bar) in enumerate(zip(arguments, x_bars, strict=True)):
        if x_bar is None:
            found += [zero_of(x) for x in tree.leaves(argument)]
        else:
            found += cotangents_for(
                argument, x_bar, f"cotangent that the bwd of {f.__name__}() returns", f"argument {number}"
            )
    return found


@overload
def custom_vjp(f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomVjp: ...
@overload
def custom_vjp(f: None = None, nondiff_argnums: int | Sequence[int] = ()) -> Callable[..., CustomVjp]: ...
def custom_vjp(f: Any = None, nondiff_argnums: int | Sequence[int] = ()) -> Any:
    """A function with a reverse rule of the user's: numerically better, or of code without a derivative.

    >>> import numpy as np, srcgrad as sg
    >>> @sg.custom_vjp
    ... def clip_gradient(x):
    ...     return x
    >>> clip_gradient.defvjp(lambda x: (x, None), lambda kept, y_bar: (np.clip(y_bar, -1, 1),))
    >>> sg.grad(lambda x: 5.0 * clip_gradient(x))(2.0)
    1.0

    In forward mode the rule is transposed. `bwd` may return None for an argument without a derivative.
    Arguments at the positions `nondiff_argnums` have no derivative: functions, options. bwd gets them
    first, `bwd(*options, kept, y_bar)`, and returns cotangents of the others. Also a decorator with arguments.
    Raises MissingRuleError where it is differentiated before `defvjp`.
    """
    return functools.partial(CustomVjp, nondiff_argnums=nondiff_argnums) if f is None else CustomVjp(f, nondiff_argnums)


class CustomJvp(Wrapped):
    """What `custom_jvp` returns; see there."""

    rules = ("rule",)
    rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Give the rule: `rule(primals, tangents) -> (y, y_dot)`, linear in the tangents. Also a decorator."""
        self.rule = rule
        return rule

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.rule is None:
            raise MissingRuleError(f"{self.primal.__name__}() has no rule yet", ways=("call its defjvp(rule)",))
        positional, named = self._arguments(args, kwargs)
        given, fixed = self._divided(positional)
        leaves = list(tree.leaves(given))
        level = custom.innermost(leaves)
        if level < 0:
            return self.primal(*args, **kwargs)
        y = at(state.levels[:level], apply, self.primal, (list(positional), named))
        outputs = list(tree.leaves(y))
        rule = self.rule

        def push(x_dots: list[Any]) -> list[Any]:
            remaining = iter(x_dots)
            tangents = tuple(_tangent_of(p, remaining) for p in given)
            made = call(rule, *fixed, tuple(given), tangents, **named)
            if not isinstance(made, (tuple, list)) or len(made) != 2:
                raise TypeError(
                    f"the rule of {self.__name__}() must return (result, tangent), not {type(made).__name__}"
                )
            return cotangents_for(y, made[1], f"tangent that the rule of {self.__name__}() returns", "result")

        def pull(y_bars: list[Any]) -> list[Any]:
            zeros = [zero_of(x) for x in leaves]
            _, transposed = recorded.vjp(push, [zeros], {}, (0,))
            return transposed(y_bars)

        custom.record(outputs, leaves, level, pull, push)
        return y


def _tangent_of(primal: Any, remaining: Any) -> Any:
    """The tangent of one argument; 0 for one without a derivative."""
    if next(tree.leaves(primal), None) is None:
        return 0
    return tree.map_leaves(lambda _: next(remaining), primal)


@overload
def custom_jvp(f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> CustomJvp: ...
@overload
def custom_jvp(f: None = None, nondiff_argnums: int | Sequence[int] = ()) -> Callable[..., CustomJvp]: ...
def custom_jvp(f: Any = None, nondiff_argnums: int | Sequence[int] = ()) -> Any:
    """A function with a forward rule of the user's; reverse mode follows by transposition.

    >>> import srcgrad as sg
    >>> @sg.custom_jvp
    ... def cube(x):
    ...     return x * x * x
    >>> @cube.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (x_dot,) = primals, tangents
    ...     return cube(x), 3 * x * x * x_dot
    >>> sg.grad(cube)(2.0)
    12.0

    Arguments at the positions `nondiff_argnums` have no derivative; the rule gets them first,
    `rule(*options, primals, tangents)`. Also a decorator with arguments.
    Raises MissingRuleError where it is differentiated before `defjvp`.
    """
    return functools.partial(CustomJvp, nondiff_argnums=nondiff_argnums) if f is None else CustomJvp(f, nondiff_argnums)


class Differentiable(Wrapped):
    """What `differentiable` returns; see there."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for a in (*args, *kwargs.values()):
            node_of = getattr(type(a), "__srcgrad_node__", None)
            if node_of is not None:
                return node_of(self.primal, args, kwargs)
        return self.primal(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Differentiable(types.MethodType(self.primal, instance))

    def vjp(self, *args: Any, **kwargs: Any) -> Any:
        """`srcgrad.vjp` of the function."""
        return vjp(self.primal, *args, **kwargs)

    def jvp(self, primals: Any, tangents: Any, **kwargs: Any) -> Any:
        """`srcgrad.jvp` of the function."""
        return jvp(self.primal, primals, tangents, **kwargs)

    @property
    def grad(self) -> Any:
        """`srcgrad.grad` of the function, with respect to its first argument."""
        return grad(self.primal)

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(self.primal, *args, **kwargs)


def differentiable(f: Callable[..., Any]) -> Differentiable:
    """A function that means what f means and carries its derivatives: `.vjp`, `.jvp`, `.grad`.

    Called with tensors of `srcgrad.torch`, it computes on their arrays and is one node of their graph, whose
    backward is the generated adjoint.

    >>> import srcgrad as sg
    >>> square = sg.differentiable(lambda x: x * x)
    >>> square(3.0), square.grad(3.0)
    (9.0, 6.0)
    """
    return Differentiable(f)


def stop_gradient(x: Any) -> Any:
    """x as a constant: its value, with derivative zero. Containers are taken leaf by leaf.

    >>> import srcgrad as sg
    >>> sg.grad(lambda x: x * sg.stop_gradient(x))(3.0)
    3.0
    """
    return tree.map_leaves(copied, x)
