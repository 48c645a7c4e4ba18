"""`register_rule`: an entry of the user's in the table of rules."""

from __future__ import annotations

import ast
import dataclasses
import sys
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from srcgrad.build import compiled, recorded
from srcgrad.build.derive import zero_of
from srcgrad.rules import table


def register_rule(
    function: Callable[..., Any],
    *texts: str,
    signature: str | None = None,
    vjp: Mapping[str, str] | None = None,
    jvp: Mapping[str, str] | None = None,
) -> None:
    """Give a library function a derivative, in the form of the built-in table.

    An elementwise function takes its partial derivatives as text in the result y and the operands x
    (or x1, x2, …); an empty text stands for an operand without a derivative. Any other takes its signature, and the texts
    of `vjp` and `jvp` per parameter, in y, y_bar, the parameters and their tangents p_dot; where one of the two is not
    given it follows from the other by transposition. Of a tuple of results y, y_bar and the tangent are tuples.
    A parameter that is not named is refused where it varies.

    Names in a text are the caller's, helper functions among them. A text is differentiated in its turn, so what it calls
    needs a rule for second derivatives. A second rule replaces the first. The built-in table is written in the same
    form; `examples/own_rules.py` has rules for functions of SciPy that come without, and `check_grads` tests a rule.

    >>> import numpy as np, srcgrad as sg
    >>> softplus = np.frompyfunc(lambda x: np.log1p(np.exp(x)), 1, 1)
    >>> sg.register_rule(softplus, "1 / (1 + np.exp(-x))")
    >>> sg.has_rule(softplus)
    True

    >>> from numpy.linalg import inv
    >>> sg.register_rule(inv, "a", vjp={"a": "-y.mT @ y_bar @ y.mT"}, jvp={"a": "-y @ a_dot @ y"})

    Raises TypeError or ValueError for what is not of one of these forms.
    """
    if not callable(function):
        raise TypeError(f"register_rule takes a function first, not {type(function).__name__}")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("the partial derivatives of a rule are texts, such as 'np.cos(x)'")
    if vjp is None and jvp is None:
        if not texts or signature is not None:
            raise TypeError("register_rule needs partial derivatives, or a signature with vjp or jvp texts")
        for text in texts:
            _parsed(text)
        table.elementwise(function, *texts)
    else:
        if signature is None and len(texts) == 1:
            (signature,) = texts
        elif signature is None or texts:
            raise TypeError("register_rule needs one signature for vjp and jvp texts, such as 'x, axis=None'")
        _general(function, signature, dict(vjp or {}), dict(jvp or {}))
    _give_names(function, sys._getframe(1))
    compiled.forget()


def _give_names(function: Any, caller: FrameType) -> None:
    """Let the texts of a new entry read what its author sees."""
    entry = table.lookup(function)
    assert entry is not None
    scope = ChainMap({"_transposed": transposed}, dict(caller.f_locals), caller.f_globals)
    table._add(dataclasses.replace(entry, scope=scope))


def _general(function: Any, signature: str, vjp: dict[str, str], jvp: dict[str, str]) -> None:
    parameters = _parameters(signature)
    for name, text in (*vjp.items(), *jvp.items()):
        if name not in parameters:
            raise ValueError(f"the rule names {name!r}, which is not in the signature ({signature})")
        if text:
            _parsed(text)
    for name in {**vjp, **jvp}:
        # A text that is missing is the transpose of the other, which is linear in y_bar or p_dot.
        if name not in jvp:
            jvp[name] = f"_transposed(lambda y_bar: {vjp[name]}, y, {name}_dot)" if vjp[name] else ""
        elif name not in vjp:
            vjp[name] = f"_transposed(lambda {name}_dot: {jvp[name]}, {name}, y_bar)" if jvp[name] else ""
    table.rule(function, signature, vjp=vjp, jvp=jvp, depth=2)


def _parameters(signature: str) -> list[str]:
    try:
        (parsed,) = ast.parse(f"def _({signature}): ...").body
    except SyntaxError as error:
        raise ValueError(f"no signature: {signature!r}") from error
    assert isinstance(parsed, ast.FunctionDef)
    a = parsed.args
    return [p.arg for p in (*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg) if p is not None]


def _parsed(text: str) -> None:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise ValueError(f"the text of a rule is no Python expression: {text!r}") from error


def transposed(linear: Callable[[Any], Any], like: Any, cotangent: Any) -> Any:
    """The transpose of a linear function of something like `like`, applied to a cotangent of its result."""
    _, pull = recorded.vjp(linear, [zero_of(like)], {}, (0,))
    (found,) = pull([cotangent])
    return found
