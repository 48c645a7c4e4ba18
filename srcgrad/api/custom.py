"""Functions that carry their own rule, and functions that change how others are differentiated."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.api.arguments import signature_of
from srcgrad.api.gradient import grad
from srcgrad.api.products import jvp, vjp
from srcgrad.build import recorded
from srcgrad.errors import MissingRuleError
from srcgrad.rules import table
from srcgrad.runtime import custom, tree
from srcgrad.runtime.leaves import copied, copied_tree
from srcgrad.runtime.levels import at, state
from srcgrad.runtime.calls import call


class _Wrapped:
    """A callable that means what the function in it means."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.primal = f
        functools.update_wrapper(self, f, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.primal(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def _positional(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, defaults filled in, as a rule's function takes them."""
        signature = signature_of(self.primal)
        if signature is None:
            return args
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(f"{self.primal.__name__}() has a rule of its own: it takes no keyword-only arguments")
        return bound.args


class CustomVjp(_Wrapped):
    """What `custom_vjp` returns; see there."""

    fwd: Callable[..., Any] | None = None
    bwd: Callable[..., Any] | None = None

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Give the rule: `fwd(*args) -> (y, kept)` and `bwd(kept, y_bar) -> cotangents of args`."""
        self.fwd, self.bwd = fwd, bwd

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fwd is None or self.bwd is None:
            raise MissingRuleError(f"{self.primal.__name__}() has no rule yet", ways=("call its defvjp(fwd, bwd)",))
        positional = self._positional(args, kwargs)
        leaves = list(tree.leaves(positional))
        level = custom.innermost(leaves)
        if level < 0:
            return self.primal(*args, **kwargs)
        outer = state.levels[:level]
        y, kept = at(outer, self.fwd, *positional)
        outputs = list(tree.leaves(y))
        bwd = self.bwd

        def pull(y_bars: list[Any]) -> list[Any]:
            remaining = iter(y_bars)
            x_bars = call(bwd, kept, tree.map_leaves(lambda _: next(remaining), y))
            return _matched(positional, x_bars)

        def push(x_dots: list[Any]) -> list[Any]:
            # bwd is linear in y_bar: the transpose of its matrix is the Jacobian.
            zeros = [np.zeros_like(v) if isinstance(v, np.ndarray) else 0.0 for v in outputs]
            _, transposed = recorded.vjp(pull, [zeros], {}, (0,))
            return transposed(x_dots)

        custom.record(y, leaves, level, pull, push)
        return y


def _matched(arguments: tuple[Any, ...], x_bars: Any) -> list[Any]:
    """The cotangents that a user's bwd returned, one per leaf; None stands for zero."""
    x_bars = x_bars if isinstance(x_bars, (tuple, list)) else (x_bars,)
    if len(x_bars) != len(arguments):
        raise TypeError(f"bwd returned {len(x_bars)} cotangents for {len(arguments)} arguments")
    found: list[Any] = []
    for argument, x_bar in zip(arguments, x_bars, strict=True):
        leaves = list(tree.leaves(argument))
        if x_bar is None:
            found += [np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0 for x in leaves]
        elif leaves:
            given = [x_bar] if tree.is_leaf(argument) else list(tree.leaves(x_bar))
            if len(given) != len(leaves):
                raise TypeError("bwd returned a cotangent that is not of its argument's structure")
            found += given
    return found


def custom_vjp(f: Callable[..., Any]) -> CustomVjp:
    """A function with a reverse rule of the user's: numerically better, or of code without a derivative.

    >>> import numpy as np, srcgrad as sg
    >>> @sg.custom_vjp
    ... def clip_gradient(x):
    ...     return x
    >>> clip_gradient.defvjp(lambda x: (x, None), lambda kept, y_bar: (np.clip(y_bar, -1, 1),))
    >>> sg.grad(lambda x: 5.0 * clip_gradient(x))(2.0)
    1.0

    In forward mode the rule is transposed. `bwd` may return None for an argument without a derivative.
    Raises MissingRuleError where it is differentiated before `defvjp`.
    """
    return CustomVjp(f)


class CustomJvp(_Wrapped):
    """What `custom_jvp` returns; see there."""

    rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Give the rule: `rule(primals, tangents) -> (y, y_dot)`, linear in the tangents. Also a decorator."""
        self.rule = rule
        return rule

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.rule is None:
            raise MissingRuleError(f"{self.primal.__name__}() has no rule yet", ways=("call its defjvp(rule)",))
        positional = self._positional(args, kwargs)
        leaves = list(tree.leaves(positional))
        level = custom.innermost(leaves)
        if level < 0:
            return self.primal(*args, **kwargs)
        y = at(state.levels[:level], self.primal, *positional)
        outputs = list(tree.leaves(y))
        rule = self.rule

        def push(x_dots: list[Any]) -> list[Any]:
            remaining = iter(x_dots)
            tangents = tuple(_tangent_of(p, remaining) for p in positional)
            return list(tree.leaves(call(rule, positional, tangents)[1]))

        def pull(y_bars: list[Any]) -> list[Any]:
            zeros = [np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0 for x in leaves]
            _, transposed = recorded.vjp(push, [zeros], {}, (0,))
            return transposed(y_bars)

        custom.record(outputs, leaves, level, pull, push)
        return y


def _tangent_of(primal: Any, remaining: Any) -> Any:
    """The tangent of one argument; 0 for one without a derivative."""
    if next(tree.leaves(primal), None) is None:
        return 0
    return tree.map_leaves(lambda _: next(remaining), primal)


def custom_jvp(f: Callable[..., Any]) -> CustomJvp:
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

    Raises MissingRuleError where it is differentiated before `defjvp`.
    """
    return CustomJvp(f)


class Differentiable(_Wrapped):
    """What `differentiable` returns; see there."""

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

    >>> import srcgrad as sg
    >>> square = sg.differentiable(lambda x: x * x)
    >>> square(3.0), square.grad(3.0)
    (9.0, 6.0)
    """
    return Differentiable(f)


class Checkpointed(_Wrapped):
    """What `checkpoint` returns; see there."""

    def __srcgrad_call__(self, *args: Any, **kwargs: Any) -> Any:
        f = self.primal
        arguments = (list(args), kwargs)
        leaves = list(tree.leaves(arguments))
        level = custom.innermost(leaves)
        if level < 0 or not self._forgettable(arguments):
            return call(f, *args, **kwargs)
        outer = state.levels[:level]
        given = at(outer, copied_tree, arguments, {})
        y = at(outer, _apply, f, given)
        if not _equal(given, arguments) or _shares(y, given):
            # f writes into its arguments: what it did must be recorded as it happens.
            return call(f, *args, **kwargs)
        outputs = list(tree.leaves(y))

        def pull(y_bars: list[Any]) -> list[Any]:
            _, pullback = recorded.vjp(_apply, [f, arguments], {}, (1,))
            return pullback(y_bars)

        def push(x_dots: list[Any]) -> list[Any]:
            return recorded.jvp(_apply, [f, arguments], {}, (1,), x_dots)[1]

        custom.record(outputs, leaves, level, pull, push)
        return y

    def _forgettable(self, arguments: Any) -> bool:
        """Whether everything that f can depend on is in its arguments."""
        cells = getattr(self.primal, "__closure__", None) or ()
        contents = [cell.cell_contents for cell in cells]
        return all(_is_value(v) for v in (*arguments[0], *arguments[1].values())) and not any(
            level.is_active(leaf) for level in state.levels for v in contents for leaf in tree.leaves(v)
        )


def _apply(f: Callable[..., Any], arguments: tuple[list[Any], dict[str, Any]]) -> Any:
    return call(f, *arguments[0], **arguments[1])


def _is_value(x: Any) -> bool:
    if isinstance(x, (float, complex, int, str, bytes, np.ndarray, np.generic, type(None))):
        return True
    return type(x) in (list, tuple, dict) and all(_is_value(m) for m in tree.children(x) or ())


def _equal(a: Any, b: Any) -> bool:
    """Whether f left its copies of the arguments as they were."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    members, others = tree.children(a), tree.children(b)
    if members is None or others is None:
        return True
    return len(members) == len(others) and all(_equal(m, n) for m, n in zip(members, others, strict=True))


def _shares(y: Any, given: Any) -> bool:
    """Whether a result shows an argument's memory, or is an argument."""
    outputs, inputs = list(tree.leaves(y)), list(tree.leaves(given))
    return any(
        o is i or (isinstance(o, np.ndarray) and isinstance(i, np.ndarray) and np.may_share_memory(o, i))
        for o in outputs
        for i in inputs
    )


def checkpoint(f: Callable[..., Any] | None = None, *, budget: int | None = None) -> Any:
    """A function whose inner values are forgotten after a call and computed again in the reverse sweep.

    Trades one more evaluation of f for the memory of its trace. Also `@checkpoint(budget=k)`, where
    k bounds how many states a loop of f may keep; at present every call keeps its arguments alone,
    which is within any budget.

    >>> import numpy as np, srcgrad as sg
    >>> layer = sg.checkpoint(lambda x: np.sin(x) * np.exp(-x))
    >>> sg.grad(lambda x: layer(layer(x)))(0.0)
    1.0

    Griewank and Walther 2000, Algorithm 799: revolve.
    """
    if f is None:
        return functools.partial(checkpoint, budget=budget)
    if budget is not None and budget < 1:
        raise ValueError("a budget is at least one state")
    return Checkpointed(f)


def stop_gradient(x: Any) -> Any:
    """x as a constant: its value, with derivative zero. Containers are taken leaf by leaf.

    >>> import srcgrad as sg
    >>> sg.grad(lambda x: x * sg.stop_gradient(x))(3.0)
    3.0
    """
    return tree.map_leaves(copied, x)


def register_rule(
    function: Callable[..., Any],
    *partials: str,
    signature: str | None = None,
    vjp: dict[str, str] | None = None,
    jvp: dict[str, str] | None = None,
) -> None:
    """Give a library function a derivative, in the form of the built-in table.

    An elementwise function takes its partial derivatives as text in the result y and the operands x
    (or x1, x2, …). Any other takes its `signature` and the texts of `vjp` and `jvp` per parameter, in
    y, y_bar, the parameters and their tangents p_dot. Names in a text are the caller's globals.

    >>> import numpy as np, srcgrad as sg
    >>> softplus = np.frompyfunc(lambda x: np.log1p(np.exp(x)), 1, 1)
    >>> sg.register_rule(softplus, "1 / (1 + np.exp(-x))")
    >>> sg.has_rule(softplus)
    True
    """
    if partials:
        table.elementwise(function, *partials, depth=1)
    elif signature is not None and vjp is not None:
        table.rule(function, signature, vjp=vjp, jvp=jvp or {}, depth=1)
    else:
        raise TypeError("register_rule needs partial derivatives, or a signature with vjp (and jvp) texts")
