"""Rule texts as functions, compiled when first used and kept on nothing but the text itself.

Each has a source that `inspect` finds, so that a derivative of a derivative can rewrite it.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

from srcgrad.rules.table import Rule
from srcgrad.runtime.cotangents import moved, settled

_functions: dict[tuple[int, str, str], tuple[Rule, Callable[..., Any]]] = {}


def vjp_function(rule: Rule, name: str) -> Callable[..., Any]:
    """`(y, y_bar, *parameters) -> cotangent of the parameter`, summed to an elementwise operand's shape."""
    return _function(rule, "vjp", name, ["y", "y_bar", *rule.signature.parameters], rule.vjp[name])


def jvp_function(rule: Rule, name: str) -> Callable[..., Any]:
    """`(y, p_dot, *parameters) -> what the tangent of p adds to that of y`."""
    return _function(rule, "jvp", name, ["y", f"{name}_dot", *rule.signature.parameters], rule.jvp[name])


def _function(rule: Rule, mode: str, name: str, parameters: list[str], text: str) -> Callable[..., Any]:
    key = (id(rule), mode, name)
    known = _functions.get(key)
    if known is not None:
        return known[1]
    filename = f"<{mode} of {rule.name} for {name}, {id(rule):x}>"
    source = f"def {mode}_{name}({', '.join(parameters)}):\n    return {text}\n"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = dict(rule.scope)
    if "guarded" in namespace:
        namespace["guarded"] = settled if mode == "vjp" else moved
    exec(compile(source, filename, "exec"), namespace)
    function: Callable[..., Any] = namespace[f"{mode}_{name}"]
    _functions[key] = (rule, function)
    return function


def rules_by_function() -> dict[int, Rule]:
    """Which rule each function made so far belongs to, by its id."""
    return {id(function): rule for rule, function in _functions.values()}
