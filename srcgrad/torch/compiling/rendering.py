"""Statements of the rule table as text, with the names of a program.

What enters: an operation with its operands' names. What leaves: the call of its kernel, and for each operand the text
of its cotangent, in which shapes and dtypes, which are known, stand as literals.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from srcgrad.torch.compiling.program import Names, Value
from srcgrad.torch.kernels.reductions import count_along

# Kernels that have an operator.
OPERATORS: dict[Any, str] = {
    np.add: "{} + {}",
    np.subtract: "{} - {}",
    np.multiply: "{} * {}",
    np.divide: "{} / {}",
    np.matmul: "{} @ {}",
    np.power: "{} ** {}",
    np.negative: "-{}",
}


class Imports:
    """What a generated module imports, and the names that this gives."""

    def __init__(self, taken: set[str], reserved: Mapping[str, Any]) -> None:
        self.taken = taken
        self.reserved = reserved
        self.lines: dict[str, tuple[str, str]] = {}  # the name here: module, name there
        self.modules: dict[str, str] = {"np": "import numpy as np"}
        self.objects: dict[str, Any] = {"np": np}

    def function(self, f: Callable[..., Any]) -> str:
        """How a statement calls a function, which is imported if need be."""
        name = f.__name__
        if getattr(np, name, None) is f:
            return f"np.{name}"
        for here, known in self.objects.items():
            if known is f:
                return here
        here, k = name, 1
        while here in self.taken and self.reserved.get(here) is not f:
            here, k = f"{name}_{k}", k + 1
        self.taken.add(here)
        module = f.__module__
        if getattr(sys.modules.get(module), name, None) is f:
            self.lines[here] = (module, name)
        self.objects[here] = f
        return here

    def constant(self, name: str, thing: Any, module: str) -> str:
        """How a statement reads what a rule's text calls by a name of its module."""
        if getattr(sys.modules.get(module), name, None) is thing:
            for here, known in self.objects.items():
                if known is thing:
                    return here
            here, k = name, 1
            while here in self.taken:
                here, k = f"{name}_{k}", k + 1
            self.taken.add(here)
            self.lines[here] = (module, name)
            self.objects[here] = thing
            return here
        self.objects[name] = thing
        return name

    def module(self, name: str, thing: Any) -> None:
        """Let a text read a module under a name."""
        self.modules[name] = f"import {thing.__name__}" + ("" if thing.__name__ == name else f" as {name}")
        self.objects[name] = thing

    def text(self) -> list[str]:
        """The import statements, what comes from one module on one line."""
        parts: dict[str, list[str]] = {}
        for here, (module, name) in self.lines.items():
            parts.setdefault(module, []).append(name if name == here else f"{name} as {here}")
        plain = sorted(self.modules.values())
        return [*plain, *(f"from {module} import {', '.join(sorted(parts[module]))}" for module in sorted(parts))]


def call(kernel: Callable[..., Any], args: list[str], imports: Imports) -> str:
    """The expression that runs a kernel."""
    pattern = OPERATORS.get(kernel)
    if pattern is not None and pattern.count("{}") == len(args):
        return pattern.format(*(a if a.isidentifier() else f"({a})" for a in args))
    if kernel.__name__ == "power_scalar" and len(args) == 2:
        return f"{args[0]} * {args[0]}" if args[1] == "2" else f"{args[0]} ** ({args[1]})"
    if kernel.__name__ == "reversed_difference":
        return f"{args[1]} - {args[0]}"
    return f"{imports.function(kernel)}({', '.join(args)})"


class Substitution(ast.NodeTransformer):
    """A rule's text with other names; tests that are decided by literals are decided."""

    def __init__(self, given: Mapping[str, str], values: Mapping[str, Value], rule: Any, imports: Imports) -> None:
        self.given = given
        self.values = values
        self.scope = rule.scope
        self.imports = imports
        self.read: set[str] = set()

    def visit_Attribute(self, e: ast.Attribute) -> ast.expr:
        if isinstance(e.value, ast.Name) and e.value.id in self.values:
            known = self.values[e.value.id]
            assert known.shape is not None
            if e.attr == "shape":
                return expression(repr(known.shape))
            if e.attr == "ndim":
                return expression(repr(len(known.shape)))
            if e.attr == "size":
                return expression(repr(int(np.prod(known.shape))))
            if e.attr == "dtype":
                return expression(f"np.dtype({known.dtype.name!r})")
        return self.generic_visit(e)  # type: ignore[return-value]

    def visit_Call(self, e: ast.Call) -> ast.expr:
        text = ast.unparse(e)
        for name, known in self.values.items():
            if text in {f"np.shape({name})", f"numpy.shape({name})"}:
                return expression(repr(known.shape))
            if text in {f"np.ndim({name})", f"numpy.ndim({name})"}:
                return expression(repr(len(known.shape or ())))
        made = self.generic_visit(e)
        if isinstance(e.func, ast.Name) and e.func.id == "count_along":
            return expression(repr(count_along(*(ast.literal_eval(a) for a in e.args))))
        return made  # type: ignore[return-value]

    def visit_BinOp(self, e: ast.BinOp) -> ast.expr:
        made = ast.BinOp(self.visit(e.left), e.op, self.visit(e.right))
        if isinstance(e.op, ast.Mult) and _whole(made.right) and made.right.value == 1:  # type: ignore[attr-defined]
            return made.left
        if isinstance(e.op, (ast.Add, ast.Sub)) and _whole(made.left) and _whole(made.right):
            return expression(repr(ast.literal_eval(made.left) + (1 if isinstance(e.op, ast.Add) else -1)
                                   * ast.literal_eval(made.right)))  # fmt: skip
        return made

    def visit_IfExp(self, e: ast.IfExp) -> ast.expr:
        test = self.visit(e.test)
        if all(
            isinstance(part, (ast.Compare, ast.Constant, ast.cmpop, ast.Tuple, ast.Load)) for part in ast.walk(test)
        ):
            return self._chosen(test, e)
        return ast.IfExp(test, self.visit(e.body), self.visit(e.orelse))

    def _chosen(self, test: ast.expr, e: ast.IfExp) -> ast.expr:
        chosen = eval(compile(ast.Expression(ast.fix_missing_locations(test)), "<test>", "eval"))
        return self.visit(e.body if chosen else e.orelse)  # type: ignore[no-any-return]

    def visit_Name(self, e: ast.Name) -> ast.expr:
        if e.id in self.given:
            self.read.add(e.id)
            return expression(self.given[e.id])
        found = self.scope.get(e.id)
        if inspect.ismodule(found):
            if e.id != "np":
                self.imports.module(e.id, found)
        elif callable(found) and hasattr(found, "__module__"):
            return expression(self.imports.function(found))
        elif isinstance(found, (int, float)):
            return expression(repr(found))
        elif found is not None:
            return expression(self.imports.constant(e.id, found, self.scope.get("__name__", "")))
        return e


def _whole(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and type(e.value) is int


def tuple_of(texts: list[str]) -> str:
    """A tuple of expressions."""
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def expression(text: str) -> ast.expr:
    """The syntax tree of an expression."""
    return ast.parse(text.strip() or "None", mode="eval").body


def substituted(
    text: str, given: Mapping[str, str], values: Mapping[str, Value], rule: Any, imports: Imports
) -> tuple[str, set[str]]:
    """A rule's text with other names, and the names of the rule that the result still mentions."""
    change = Substitution(given, values, rule, imports)
    made = change.visit(expression(text))
    return ast.unparse(made), change.read


def reserve(node: Any, names: Names) -> None:
    """Keep the names of what a node's statements call, so that no value takes them."""
    if node.primitive.kernel not in OPERATORS:
        names.reserve(node.primitive.kernel)
    scope = node.plan.rule.scope
    for name in node.plan.names:
        for e in ast.walk(expression(node.plan.rule.vjp[name])):
            found = scope.get(e.id) if isinstance(e, ast.Name) else None
            if isinstance(found, FunctionType):
                names.reserve(found)


def base_name(node: Any) -> str:
    """What the result of a node is called: mul, soft_max."""
    base = re.sub(r"Backward\d*$", "", node.name())
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base).lower()
