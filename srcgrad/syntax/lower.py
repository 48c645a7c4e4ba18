"""Source text to the intermediate representation.

What enters: a function, of which the text and the syntax tree are looked up. What leaves: a `Unit`.
Statements that the static tier has no form for raise NotStatic here; expressions that it has none for
become `Opaque`, which only code without derivatives may contain.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import types
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcgrad.errors import SourceUnavailableError
from srcgrad.syntax import ir
from srcgrad.syntax.expressions import OPERATORS, Expressions, check_opaque, expression_of, reads
from srcgrad.syntax.ir import NotStatic
from srcgrad.syntax.source import FunctionSource, source_of
from srcgrad.syntax.written import Position, Written

# Units by the text that they were lowered from; a unit is never changed, only replaced.
_units: dict[tuple[str, int, str, str], ir.Unit] = {}


def unit_of(function: Any) -> ir.Unit:
    """The unit of a plain Python function, or NotStatic."""
    if not isinstance(function, types.FunctionType):
        raise NotStatic("it is not a plain Python function")
    try:
        found = source_of(function)
    except SourceUnavailableError as error:
        raise NotStatic("its source is not available") from error
    place = (found.text, found.first_line, found.filename, function.__qualname__)
    unit = _units.get(place)
    if unit is None:
        unit = _Lowering(found, function).unit(found.tree)
        if not function.__defaults__ and not function.__kwdefaults__:  # their values are in the signature
            _units[place] = unit
    return dataclasses.replace(unit, function=function)


class _Lowering(Expressions):
    """One function's lowering."""

    def __init__(self, source: FunctionSource, function: Any) -> None:
        super().__init__(Written(source))
        self.file = source.filename
        self.function = function

    # The function -------------------------------------------------------------------------------

    def unit(self, definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> ir.Unit:
        code = self.function.__code__
        if isinstance(definition, ast.AsyncFunctionDef) or code.co_flags & _SUSPENDS:
            raise NotStatic("it is a generator or a coroutine", self.span(definition))
        if code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
            raise NotStatic("its signature has *args or **kwargs", self.span(definition))
        if isinstance(definition, ast.Lambda):
            name, body = "lambda", self.returned(definition)
        else:
            name, statements = definition.name, definition.body
            line = self.written.colon(_header_end(definition, self.written))[0]
            if ast.get_docstring(definition, clean=False) is not None:
                line, statements = statements[0].end_lineno or 0, statements[1:]
            body = self.block(statements, line)
        return ir.Unit(
            name=name,
            params=code.co_varnames[: code.co_argcount + code.co_kwonlyargcount],
            signature=self._signature(definition.args),
            body=body,
            file=self.file,
            function=self.function,
        )

    def returned(self, definition: ast.Lambda) -> ir.Block:
        """What a lambda does, as a return statement."""
        primal = self.text(definition).split("\n", 1)[0]
        return (ir.Return(self.expression(definition.body), span=self.span(definition), primal=primal),)

    def _signature(self, arguments: ast.arguments) -> str:
        """The parameters' text: without annotations, and with the defaults that are plain constants.

        Any other text could read names that do not exist in the module, or mean something else by now.
        """
        code = self.function.__code__
        positional = code.co_varnames[: code.co_argcount]
        values = self.function.__defaults__ or ()
        given = dict(zip(positional[len(positional) - len(values) :], values, strict=True))
        given |= self.function.__kwdefaults__ or {}
        texts: dict[str, str] = {}
        for name, default in _defaults(arguments):
            if default is not None and name in given:
                text = _constant_text(self.text(default), given[name])
                if text is None and name in positional:
                    texts.clear()  # a parameter without a default follows none with one
                elif text is not None:
                    texts[name] = f"{name}={text}"
        words = [texts.get(name, name) for name in positional]
        if code.co_posonlyargcount:
            words.insert(code.co_posonlyargcount, "/")
        if code.co_kwonlyargcount:
            names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
            words += ["*", *(texts.get(name, name) for name in names)]
        return ", ".join(words)

    # Expressions --------------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> ir.Expr:
        if isinstance(node, ast.Attribute) and node.attr == "newaxis" and isinstance(node.value, ast.Name):
            name = node.value.id
            local = self.function.__code__.co_varnames + self.function.__code__.co_freevars
            if name not in local and self.function.__globals__.get(name) is np:
                return ir.Const(None, self.text(node), span=self.span(node))
        return super().expression(node)

    # Statements ---------------------------------------------------------------------------------

    def block(self, body: Sequence[ast.stmt], line: int) -> ir.Block:
        """The statements of a block, whose header or whatever is in front of it ends on the given line."""
        out: list[ir.Stmt] = []
        deepest: int | None = None
        for k, node in enumerate(body):
            leading: tuple[str, ...] = ()
            if node.lineno > line:
                leading = self.written.above(line, node.lineno, deepest)
            line = node.end_lineno or 0
            last = k == len(body) - 1 or body[k + 1].lineno > line
            out.extend(self.statement(node, leading, last))
            deepest = node.col_offset if isinstance(node, (ast.If, ast.For, ast.While)) else None
        return tuple(out)

    def statement(self, node: ast.stmt, leading: tuple[str, ...], last: bool) -> Sequence[ir.Stmt]:
        """One statement; `last` says that what else is on its line is a comment."""
        match node:
            case ast.If():
                return [self.conditional(node, leading)]
            case ast.For() | ast.While():
                return [self.loop(node, leading)]
            case _:
                if hasattr(node, "body") or isinstance(node, ast.Match):
                    raise NotStatic(f"a {type(node).__name__} statement", self.span(node))
                return self.simple(node, leading, last)

    def simple(self, node: ast.stmt, leading: tuple[str, ...], last: bool) -> Sequence[ir.Stmt]:
        text = self.text(node)
        about: dict[str, Any] = {
            "span": self.span(node),
            "text": text,
            "leading": leading,
            "comment": self.written.beside(*self.written.end(node)) if last else "",
            "primal": text.split("\n", 1)[0],
        }
        match node:
            case ast.Assign() if len(node.targets) > 1:
                return self.chained(node, about)
            case ast.Assign():
                return [ir.Assign(self.target(node.targets[0]), self.expression(node.value), **about)]
            case ast.AnnAssign():
                if node.value is None:
                    return []
                about["text"] = None
                return [ir.Assign(self.target(node.target), self.expression(node.value), **about)]
            case ast.AugAssign():
                op = OPERATORS[type(node.op)]
                return [ir.Assign(self.target(node.target), self.expression(node.value), op, **about)]
            case ast.Return():
                if node.value is None:
                    raise NotStatic("a return without a value", about["span"])
                return [ir.Return(self.expression(node.value), **about)]
            case ast.Break():
                return [ir.Break(**about)]
            case ast.Continue():
                return [ir.Continue(**about)]
            case ast.Pass():
                return [ir.Evaluate(ir.Opaque("pass", frozenset()), **about)]
            case ast.Expr():
                return [ir.Evaluate(self.expression(node.value), **about)]
            case ast.Assert() | ast.Raise():
                check_opaque(node, about["span"])
                kept = ir.Opaque(text, reads(node), span=about["span"])
                return [ir.Evaluate(kept, ends=isinstance(node, ast.Raise), **about)]
            case _:
                kind = type(node).__name__
                raise NotStatic(f"a statement of the form {kind}", about["span"])

    def chained(self, node: ast.Assign, about: dict[str, Any]) -> list[ir.Stmt]:
        """`a = b = e` as `a = e` and `b = a`; `a[0] = a[1] = e` through a name for e."""
        bound = [self.target(t) for t in node.targets]
        about = {**about, "text": None}
        later = {**about, "leading": (), "comment": ""}
        first = bound[0]
        if isinstance(first, ir.Name):
            bound = bound[1:]
        else:
            first = ir.Name(self.unused("chained"))
        return [ir.Assign(first, self.expression(node.value), **about), *(ir.Assign(t, first, **later) for t in bound)]

    def unused(self, wanted: str) -> str:
        """A name that the function does not mention."""
        code = self.function.__code__
        known = {*code.co_varnames, *code.co_names, *code.co_freevars, *code.co_cellvars}
        while wanted in known:
            wanted += "_"
        return wanted

    def target(self, node: ast.expr) -> ir.Expr:
        target = self.expression(node)
        for single in ir.targets(target):
            if not isinstance(single, (ir.Name, ir.Subscript)):
                raise NotStatic("an assignment to an attribute or a starred name", single.span)
        return target

    def conditional(self, node: ast.If, leading: tuple[str, ...]) -> ir.If:
        line, about = self.header(node, node.test, leading)
        test, body = self.expression(node.test), self.block(node.body, line)
        return ir.If(test, body, self.otherwise(node), **about)

    def otherwise(self, node: ast.If | ast.For | ast.While) -> ir.Block:
        """The block under `else`, or the condition after `elif`."""
        if not node.orelse:
            return ()
        line = node.body[-1].end_lineno or 0
        first = node.orelse[0]
        if isinstance(node, ast.If) and isinstance(first, ast.If) and self.text(first).startswith("elif"):
            return (self.conditional(first, self.written.above(line, first.lineno, node.col_offset)),)
        while not self.written.line(line).lstrip().startswith("else"):
            line += 1
        return self.block(node.orelse, line)

    def loop(self, node: ast.For | ast.While, leading: tuple[str, ...]) -> ir.Stmt:
        if isinstance(node, ast.While):
            line, about = self.header(node, node.test, leading)
            return ir.While(self.expression(node.test), self.block(node.body, line), self.otherwise(node), **about)
        target = self.expression(node.target)
        for single in ir.targets(target):
            if not isinstance(single, ir.Name):
                raise NotStatic("a loop over something other than names", self.span(node))
        line, about = self.header(node, node.iter, leading)
        iterable, body = self.expression(node.iter), self.block(node.body, line)
        return ir.For(target, iterable, body, self.otherwise(node), **about)

    def header(
        self, node: ast.If | ast.For | ast.While, last: ast.expr, leading: tuple[str, ...]
    ) -> tuple[int, dict[str, Any]]:
        """The line where `if test:` ends, and its text from the keyword to the colon with the comments around it."""
        end = self.written.colon(self.written.end(last))
        text = self.written.slice(self.written.start(node), end)
        text = text.removeprefix("el").rstrip()
        return end[0], {
            "span": self.span(node),
            "text": f"{text}:",
            "leading": leading,
            "comment": self.written.beside(*end) if node.body[0].lineno > end[0] else "",
            "primal": f"{text}:".split("\n", 1)[0],
        }


_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _header_end(definition: ast.FunctionDef, written: Written) -> Position:
    """A place between a definition's last annotation or default and the colon of its first line."""
    a = definition.args
    inside = [*a.posonlyargs, *a.args, *a.kwonlyargs, *a.defaults, *(d for d in a.kw_defaults if d), definition.returns]
    return max([written.start(definition), *(written.end(node) for node in inside if node is not None)])


def _defaults(a: ast.arguments) -> list[tuple[str, ast.expr | None]]:
    """The parameters with their defaults, None for those without one."""
    positional = [*a.posonlyargs, *a.args]
    values = [None] * (len(positional) - len(a.defaults)) + [*a.defaults]
    pairs = [*zip(positional, values, strict=True), *zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    return [(parameter.arg, value) for parameter, value in pairs]


def _constant_text(text: str, value: Any) -> str | None:
    """A default as written, or as it turned out, where that is a constant."""
    for candidate in (text, repr(value)):
        try:
            known = ast.literal_eval(candidate)
        except (ValueError, SyntaxError):
            continue
        if type(known) is type(value) and type(known) in (bool, int, float, str, type(None)) and known == value:
            return candidate
    return None


__all__ = ["expression_of", "unit_of"]
