"""Vector-Jacobian and Jacobian-vector products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.api.arguments import Argnums, arranged, check_argnums
from srcgrad.api.results import cotangents_for, in_structure, in_structure_of_result
from srcgrad.build import derive
from srcgrad.build.backend import Name
from srcgrad.build.backend import chosen as form_of
from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime import dispatchers, tree


def vjp(
    f: Callable[..., Any],
    /,
    *args: Any,
    argnums: Argnums | None = None,
    backend: Name = "numpy",
    parallel: bool = False,
    **kwargs: Any,
) -> tuple[Any, Callable[[Any], Any]]:
    """The value of f, and its pullback from a cotangent of the result to those of the arguments.

    `pullback(y_bar)` takes a cotangent of the result's structure and shapes and returns a tuple, one
    cotangent per positional argument, each of its argument's structure, shapes and dtypes. With
    `argnums` an int or a name it returns that one cotangent, with a tuple a tuple, and the other
    arguments need no derivative. It may be called again.

    >>> import numpy as np, srcgrad as sg
    >>> y, pullback = sg.vjp(np.outer, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pullback(np.ones((2, 2)))
    (array([7., 7.]), array([3., 3.]))

    Raises UnsupportedSyntaxError, MissingRuleError, SourceUnavailableError for what cannot be
    differentiated, NotDifferentiableError for arguments without a derivative.
    """
    form = form_of(backend, parallel)
    f = dispatchers.plain(f)
    chosen = check_argnums(f, tuple(range(len(args))) if argnums is None else argnums)
    values, keywords, keys = arranged(f, args, kwargs, chosen)
    y, pull = derive.vjp(f, values, keywords, keys, form)

    def pullback(y_bar: Any) -> Any:
        x_bars = in_structure(values, keywords, keys, pull(cotangents_for(y, y_bar)))
        return x_bars[0] if isinstance(argnums, (int, str)) else x_bars

    return y, pullback


def jvp(
    f: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Any,
    *,
    argnums: Argnums | None = None,
    kwargs: dict[str, Any] | None = None,
    backend: Name = "numpy",
    parallel: bool = False,
) -> tuple[Any, Any]:
    """The value of f and its derivative in the direction of the tangents.

    `tangents` holds one tangent per primal, of its structure and shapes; an argument without a
    derivative takes the tangent 0. With `argnums` it holds those of the chosen arguments alone
    (the one tangent itself where argnums is an int or a name). Costs about twice f. `backend` and `parallel` are
    those of `grad`.

    >>> import numpy as np, srcgrad as sg
    >>> sg.jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), 2.0)

    Raises as vjp does.
    """
    form = form_of(backend, parallel)
    f = dispatchers.plain(f)
    primals = tuple(primals)
    named = dict(kwargs or {})
    if argnums is None:
        given = tuple(tangents)
        if len(given) != len(primals):
            raise NotDifferentiableError(
                f"{len(primals)} primals, but {len(given)} tangents", ways=("give one tangent per primal",)
            )
        moving = [n for n in range(len(primals)) if not _is_zero(primals[n], given[n])]
        chosen: tuple[int | str, ...] = tuple(moving)
        given = tuple(given[n] for n in moving)
    else:
        chosen = check_argnums(f, argnums)
        if isinstance(argnums, (int, str)):
            given = (
                (tangents[0],)
                if isinstance(tangents, (tuple, list)) and _wrapped(primals, argnums, tangents)
                else (tangents,)
            )
        else:
            given = tuple(tangents)
            if len(given) == len(primals) != len(chosen):
                given = tuple(given[n] for n in chosen if isinstance(n, int))
    values, keywords, keys = arranged(f, primals, named, chosen)
    leaves = []
    for key, x_dot in zip(keys, given, strict=True):
        x = keywords[key] if isinstance(key, str) else values[key]
        leaves += tangents_for(x, x_dot)
    y, y_dots = derive.jvp(f, values, keywords, keys, leaves, form)
    return y, in_structure_of_result(y, y_dots)


def _wrapped(primals: tuple[Any, ...], argnum: int | str, tangents: Any) -> bool:
    """Whether the one tangent came in a tuple of its own."""
    if len(tangents) != 1:
        return False
    primal = primals[argnum] if isinstance(argnum, int) else None
    return not isinstance(primal, (list, tuple)) or isinstance(tangents[0], (list, tuple))


def _is_zero(x: Any, x_dot: Any) -> bool:
    """Whether a tangent says that its primal is not differentiated: None, or 0 for what has none."""
    if x_dot is None:
        return True
    if type(x) is int or next(tree.leaves(x), None) is not None:
        return type(x) is int and type(x_dot) in (int, float) and x_dot == 0
    return isinstance(x_dot, (int, float, np.ndarray, np.generic)) and not np.any(x_dot)


def tangents_for(x: Any, x_dot: Any) -> list[Any]:
    """The leaves of a tangent, checked against their primal; 0 stands for zeros of any structure."""
    if type(x_dot) in (int, float) and x_dot == 0 and not isinstance(x, float):
        return [np.zeros_like(leaf) for leaf in tree.leaves(x)]
    return cotangents_for(x, x_dot, "tangent", "primal")
