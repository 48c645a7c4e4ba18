"""The table of derivative rules: what is known about each library function.

What enters: one line per function, written as mathematics in the text of Python expressions.
What leaves: `lookup(function)`, an entry that the reverse sweep, the forward sweep and the Tensor
facade all read. The table knows no engine; the text form lets the generator inline a rule, so that
a reader of an adjoint sees `x_bar += y_bar * np.cos(x)` and no helper.

The vocabulary of a rule's text:

    y, y_bar        the result and its cotangent (tuples where the function returns a tuple)
    x, x1, axis …   the parameters, by the names in the entry's signature
    x_dot           the tangent of the parameter x
    np, math, …     any global of the module in which the entry is written

Cotangents follow JAX's convention for complex numbers: the transpose without conjugation, so that
the gradient of a real function of z = a + ib is d/da - i d/db.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """How one library function is differentiated.

    `vjp[p]` is the cotangent of parameter p, `jvp[p]` what the tangent of p adds to the result's
    tangent. An elementwise rule also keeps its bare partial derivatives; the cotangent of such a
    rule is still to be summed over broadcast dimensions. A singular rule's partial reads
    a value, so it may be infinite or NaN where the cotangent is zero (log at 0 under np.where); there
    the product counts as zero.
    """

    function: Callable[..., Any]
    shape: str  # "elementwise", "linear" or "general"
    signature: inspect.Signature
    vjp: Mapping[str, str]
    jvp: Mapping[str, str]
    scope: Mapping[str, Any] = field(repr=False)
    partials: Mapping[str, str] = field(default_factory=dict)
    singular: bool = False

    @property
    def name(self) -> str:
        return full_name(self.function)


_rules: dict[Callable[..., Any], Rule] = {}
_zero: set[Callable[..., Any]] = set()
_composed: dict[Callable[..., Any], Callable[..., Any]] = {}
_refused: set[Callable[..., Any]] = set()

# The files of the built-in table, loaded at the first look-up.
BUILTIN = (
    "ufuncs",
    "scalars",
    "reductions",
    "shapes",
    "selection",
    "contractions",
    "linalg",
    "fft",
    "numerics",
    "mutation",
    "ufunc_methods",
)
# The files for the subpackages of SciPy, each loaded at the first look-up after the program has imported that.
SCIPY = (
    "special",
    "linalg",
    "fft",
    "spatial",
    "signal",
    "ndimage",
    "sparse",
    "sparse.linalg",
    "interpolate",
    "stats",
    "integrate",
    "optimize",
)
_loaded: list[bool] = []
_pending = dict.fromkeys(f"scipy.{name}" for name in SCIPY)


def full_name(function: Callable[..., Any]) -> str:
    """The dotted name by which a user knows a function, e.g. `numpy.linalg.inv`."""
    module = getattr(function, "__module__", None) or ""
    owner = getattr(function, "__objclass__", None)
    if owner is not None:
        return f"{owner.__module__}.{owner.__qualname__}.{function.__name__}"
    name = str(getattr(function, "__qualname__", None) or getattr(function, "__name__", repr(function)))
    if not module and hasattr(function, "nin"):
        homes = ("numpy", "scipy.special")
        module = next((m for m in homes if getattr(sys.modules.get(m), name, None) is function), "")
    return f"{module}.{name}" if module and module != "builtins" else name


def _signature(text: str, scope: Mapping[str, Any]) -> inspect.Signature:
    """The signature written as `a, axis=None, *, keepdims=False`."""
    namespace: dict[str, Any] = {}
    exec(f"def _({text}): ...", dict(scope), namespace)
    return inspect.signature(namespace["_"])


def _caller_scope(depth: int) -> Mapping[str, Any]:
    return sys._getframe(depth + 1).f_globals


def _add(rule: Rule) -> None:
    if taken := {"y", "y_bar"} & set(rule.signature.parameters):
        raise ValueError(f"{taken.pop()} is one of the names of the result: call the parameter something else")
    _rules[rule.function] = rule
    _zero.discard(rule.function)
    _composed.pop(rule.function, None)
    _refused.discard(rule.function)


# A partial derivative that reads a value may be infinite where that value is, or at a pole.
_VALUE = re.compile(r"\b(y|x\d*)\b")


def elementwise(function: Callable[..., Any], *partials: str, depth: int = 0) -> None:
    """Enter a function that acts element by element, with broadcasting.

    `partials` are the partial derivatives with respect to each operand, as text in the result y
    and the operands x (if there is one) or x1, x2, …; an empty text stands for an operand without
    a derivative.

    >>> elementwise(np.hypot, "x1 / y", "x2 / y")            # doctest: +SKIP
    """
    scope = _caller_scope(1 + depth)
    names = ["x"] if len(partials) == 1 else [f"x{k}" for k in range(1, len(partials) + 1)]
    given = {name: text for name, text in zip(names, partials, strict=True) if text}
    _add(
        Rule(
            function,
            "elementwise",
            _signature(", ".join(names), scope),
            vjp={name: _times("y_bar", text) for name, text in given.items()},
            jvp={name: _times(f"{name}_dot", text) for name, text in given.items()},
            scope=scope,
            partials=given,
            singular=any(_VALUE.search(text) for text in partials),
        )
    )


def _times(factor: str, partial: str) -> str:
    if partial == "1":
        return factor
    if partial == "-1":
        return f"-{factor}"
    return f"{factor} * ({partial})"


def linear(function: Callable[..., Any], signature: str, **transposes: str) -> None:
    """Enter a function that is linear in each of the named parameters on its own.

    `transposes[p]` is the cotangent of p; the tangent is the function itself with p_dot in p's
    place. The function's own name in the text of the tangent is `function`.

    >>> linear(np.matmul, "x1, x2", x1="…", x2="…")          # doctest: +SKIP
    """
    scope = {**_caller_scope(1), "function": function}
    parsed = _signature(signature, scope)
    _add(
        Rule(
            function,
            "linear",
            parsed,
            vjp=transposes,
            jvp={name: _call_with_tangent(parsed, name) for name in transposes},
            scope=scope,
        )
    )


def _call_with_tangent(signature: inspect.Signature, active: str) -> str:
    """The text `function(x_dot, axis=axis, …)`."""
    words = []
    for name, parameter in signature.parameters.items():
        value = f"{name}_dot" if name == active else name
        if parameter.kind is parameter.VAR_POSITIONAL:
            words.append(f"*{value}")
        elif parameter.kind is parameter.VAR_KEYWORD:
            words.append(f"**{value}")
        elif parameter.kind is parameter.KEYWORD_ONLY or (parameter.default is not parameter.empty and name != active):
            words.append(f"{name}={value}")
        else:
            words.append(value)
    return f"function({', '.join(words)})"


def rule(
    function: Callable[..., Any], signature: str, *, vjp: Mapping[str, str], jvp: Mapping[str, str], depth: int = 0
) -> None:
    """Enter any other function: the cotangent of each parameter, and what its tangent adds.

    An empty text says that the derivative by a parameter is zero; a parameter without a text has none.

    >>> rule(np.linalg.inv, "a",                             # doctest: +SKIP
    ...      vjp={"a": "-mT(y) @ y_bar @ mT(y)"}, jvp={"a": "-y @ a_dot @ y"})
    """
    scope = _caller_scope(1 + depth)
    _add(Rule(function, "general", _signature(signature, scope), vjp, jvp, scope))


def zero(*functions: Callable[..., Any]) -> None:
    """Enter functions whose derivative is zero wherever it exists: sign, floor, argmax, shape …"""
    for function in functions:
        _zero.add(function)


def composed(*functions: Callable[..., Any]) -> Callable[[F], F]:
    """Enter functions that are differentiated as the decorated Python function in their place.

    The body is plain NumPy over functions that have rules, and may write into its arguments where
    the library function does.

    >>> @composed(np.ptp)                                    # doctest: +SKIP
    ... def ptp(a, axis=None, keepdims=False):
    ...     return np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)
    """

    def enter(substitute: F) -> F:
        for function in functions:
            _composed[function] = substitute
            _rules.pop(function, None)
        return substitute

    return enter


def refused(*functions: Callable[..., Any]) -> Callable[[F], F]:
    """Enter functions that compute with callbacks or in loops and yet have no derivative.

    The decorated function says why, by `raise NotImplementedError(what, *ways_out)`. It stands for them
    wherever something active is in reach of their arguments.
    """
    _refused.update(functions)
    return composed(*functions)


def same(existing: Callable[..., Any], *others: Callable[..., Any]) -> None:
    """Let other functions of the same meaning and signature share an entry: np.pow, operator.pow …"""
    for other in others:
        if existing in _composed:
            _composed[other] = _composed[existing]
        elif existing in _zero:
            _zero.add(other)
        else:
            _rules[other] = _rules[existing]


def _load() -> None:
    if not _loaded:
        _loaded.append(True)
        for name in BUILTIN:
            importlib.import_module(f"srcgrad.rules.{name}")
    if "scipy" in sys.modules and _pending:
        for name in [name for name in _pending if name in sys.modules]:
            _load_scipy(name)


def _load_scipy(name: str) -> None:
    """Load the rules for a subpackage; what the user has entered before stands."""
    if getattr(sys.modules[name].__spec__, "_initializing", False):
        return  # another thread is still importing it
    del _pending[name]
    entered = dict(_rules)
    importlib.import_module(f"srcgrad.rules.scipy.{name.removeprefix('scipy.').replace('.', '_')}")
    for rule in entered.values():
        _add(rule)


def lookup(function: Callable[..., Any]) -> Rule | None:
    """The entry of a library function, or None."""
    _load()
    try:
        return _rules.get(function)
    except TypeError:  # an unhashable callable is nobody's library function
        return None


def is_zero(function: Callable[..., Any]) -> bool:
    """Whether the function's derivative is zero wherever it exists."""
    _load()
    try:
        return function in _zero
    except TypeError:
        return False


def substitute(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The Python function in whose place a library function is differentiated, or None."""
    _load()
    try:
        return _composed.get(function)
    except TypeError:
        return None


def has_rule(function: Callable[..., Any]) -> bool:
    """Whether the table knows a library function.

    >>> import numpy as np
    >>> has_rule(np.sin)
    True
    """
    if lookup(function) is not None or is_zero(function):
        return True
    return substitute(function) is not None and function not in _refused


def entries() -> list[Rule]:
    """Every entry with a derivative, in the order of registration."""
    _load()
    return list(_rules.values())
