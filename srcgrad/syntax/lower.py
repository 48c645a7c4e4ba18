"""Source text to the intermediate representation.

What enters: the text of a function. What leaves: a `Unit`. Statements that the static tier has no
form for raise NotStatic here; expressions that it has none for become `Opaque`, which only code
without derivatives may contain.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import textwrap
import types
import unicodedata
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from srcgrad.errors import SourceUnavailableError
from srcgrad.syntax import ir
from srcgrad.syntax.ir import NotStatic, Span
from srcgrad.syntax.source import source_of

_BINARY: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
}
_UNARY: dict[type[cst.CSTNode], str] = {
    cst.Minus: "-",
    cst.Plus: "+",
    cst.Not: "not",
    cst.BitInvert: "~",
}
_COMPARE: dict[type[cst.CSTNode], str] = {
    cst.LessThan: "<",
    cst.GreaterThan: ">",
    cst.LessThanEqual: "<=",
    cst.GreaterThanEqual: ">=",
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.Is: "is",
    cst.IsNot: "is not",
    cst.In: "in",
    cst.NotIn: "not in",
}
_BINDS_OR_SUSPENDS = m.NamedExpr() | m.Yield() | m.Await() | m.Lambda() | m.GeneratorExp() | m.StarredElement()


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
        unit = _lowered(function, textwrap.dedent(found.text), found.first_line, found.filename)
        if not function.__defaults__ and not function.__kwdefaults__:  # their values are in the signature
            _units[place] = unit
    return dataclasses.replace(unit, function=function)


def _lowered(function: Any, text: str, first: int, file: str) -> ir.Unit:
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise NotStatic("its source is not a function definition") from error
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    definition = module.body[0] if module.body else None
    if not isinstance(definition, cst.FunctionDef) or definition.asynchronous is not None:
        raise NotStatic("it is not written as a plain `def`")
    return _Lowering(wrapper, text, first, file, function).unit(definition)


class _Lowering:
    """One function's lowering: the text and the positions in it."""

    def __init__(self, wrapper: MetadataWrapper, text: str, first: int, file: str, function: Any) -> None:
        self.positions = wrapper.resolve(PositionProvider)
        self.module = wrapper.module
        self.lines = text.splitlines()
        self.first = first
        self.file = file
        self.function = function

    # Places -------------------------------------------------------------------------------------

    def range(self, node: cst.CSTNode) -> CodeRange:
        found: CodeRange = self.positions[node]
        return found

    def span(self, node: cst.CSTNode) -> Span:
        r = self.range(node)
        shift = self.first - 1
        return Span(r.start.line + shift, r.start.column, r.end.line + shift, r.end.column)

    def slice(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """The text between two places; later lines keep their indentation relative to the first."""
        (line, column), (last, stop) = start, end
        if line == last:
            return self.lines[line - 1][column:stop]
        indent = len(self.lines[line - 1]) - len(self.lines[line - 1].lstrip())
        middle = [*self.lines[line : last - 1], self.lines[last - 1][:stop]]
        if any(part[:indent].strip() for part in middle):
            indent = 0
        return "\n".join([self.lines[line - 1][column:], *(part[indent:] for part in middle)])

    def written(self, node: cst.CSTNode) -> str:
        r = self.range(node)
        return self.slice((r.start.line, r.start.column), (r.end.line, r.end.column))

    # The function -------------------------------------------------------------------------------

    def unit(self, definition: cst.FunctionDef) -> ir.Unit:
        code = self.function.__code__
        if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
            raise NotStatic("it is a generator or a coroutine", self.span(definition))
        if code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
            raise NotStatic("its signature has *args or **kwargs", self.span(definition))
        if not isinstance(definition.body, cst.IndentedBlock):
            raise NotStatic("its body is on the line of its def", self.span(definition))
        params = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        body = definition.body.body
        if body and m.matches(body[0], m.SimpleStatementLine(body=[m.Expr(m.SimpleString() | m.ConcatenatedString())])):
            body = body[1:]
        return ir.Unit(
            name=definition.name.value,
            params=params,
            signature=self._signature(definition.params),
            body=self.block(body),
            file=self.file,
            function=self.function,
            trailing=_comments(definition.body.footer),
        )

    def _signature(self, params: cst.Parameters) -> str:
        """The parameters' text: without annotations, and with the defaults that are plain constants.

        Any other text could read names that do not exist in the module, or mean something else by now.
        """
        code = self.function.__code__
        positional = code.co_varnames[: code.co_argcount]
        values = self.function.__defaults__ or ()
        given = dict(zip(positional[len(positional) - len(values) :], values, strict=True))
        given |= self.function.__kwdefaults__ or {}
        texts: dict[str, str] = {}
        for p in (*params.posonly_params, *params.params, *params.kwonly_params):
            name = unicodedata.normalize("NFKC", p.name.value)
            if p.default is not None and name in given:
                text = _constant_text(self.module.code_for_node(p.default), given[name])
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

    # Statements ---------------------------------------------------------------------------------

    def block(self, body: Any) -> ir.Block:
        out: list[ir.Stmt] = []
        for statement in body:
            out.extend(self.statement(statement))
        return tuple(out)

    def statement(self, node: cst.CSTNode) -> list[ir.Stmt]:
        match node:
            case cst.SimpleStatementLine():
                return self.simple(node)
            case cst.If():
                return [self.conditional(node)]
            case cst.For() | cst.While():
                if node.orelse is not None:
                    raise NotStatic("a loop with an else", self.span(node))
                return [self.loop(node)]
            case _:
                kind = type(node).__name__
                raise NotStatic(f"a {kind} statement", self.span(node))

    def simple(self, line: cst.SimpleStatementLine) -> list[ir.Stmt]:
        comment = line.trailing_whitespace.comment
        out: list[ir.Stmt] = []
        for k, small in enumerate(line.body):
            last = k == len(line.body) - 1
            text = self.written(small)
            about: dict[str, Any] = {
                "span": self.span(small),
                "text": text,
                "leading": _comments(line.leading_lines) if k == 0 else (),
                "comment": self._trailing(line.trailing_whitespace) if last and comment else "",
                "primal": text.split("\n", 1)[0],
            }
            if isinstance(small, cst.Assign) and len(small.targets) > 1:
                out.extend(self.chained(small, about))
                continue
            statement = self.small(small, about)
            if statement is not None:
                out.append(statement)
        return out

    def chained(self, node: cst.Assign, about: dict[str, Any]) -> list[ir.Stmt]:
        """`a = b = e` as `a = e` and `b = a`."""
        bound = [self.expression(t.target) for t in node.targets]
        if not all(isinstance(t, ir.Name) for t in bound):
            raise NotStatic("a chained assignment to something other than names", about["span"])
        about = {**about, "text": None}
        later = {**about, "leading": (), "comment": ""}
        first = ir.Assign(bound[0], self.expression(node.value), **about)
        return [first, *(ir.Assign(t, bound[0], **later) for t in bound[1:])]

    def _trailing(self, white: cst.TrailingWhitespace) -> str:
        return self.module.code_for_node(white).rstrip("\n")

    def small(self, node: cst.CSTNode, about: dict[str, Any]) -> ir.Stmt | None:
        match node:
            case cst.Assign():
                target = self.expression(node.targets[0].target)
                self._check_target(target)
                return ir.Assign(target, self.expression(node.value), **about)
            case cst.AnnAssign():
                if node.value is None:
                    return None
                target = self.expression(node.target)
                self._check_target(target)
                return ir.Assign(target, self.expression(node.value), **{**about, "text": None})
            case cst.AugAssign():
                target = self.expression(node.target)
                self._check_target(target)
                op = self.written(node.operator).strip().removesuffix("=")
                return ir.Assign(target, self.expression(node.value), op, **about)
            case cst.Return():
                if node.value is None:
                    raise NotStatic("a return without a value", about["span"])
                return ir.Return(self.expression(node.value), **about)
            case cst.Break():
                return ir.Break(**about)
            case cst.Continue():
                return ir.Continue(**about)
            case cst.Pass():
                return ir.Evaluate(ir.Opaque("pass", frozenset()), **about)
            case cst.Expr():
                return ir.Evaluate(self.expression(node.value), **about)
            case cst.Assert() | cst.Raise():
                self._check_opaque(node)
                kept = ir.Opaque(about["text"], self._reads(node), span=about["span"])
                return ir.Evaluate(kept, ends=isinstance(node, cst.Raise), **about)
            case _:
                kind = type(node).__name__
                raise NotStatic(f"a statement of the form {kind}", about["span"])

    def _check_target(self, target: ir.Expr) -> None:
        for single in ir.targets(target):
            if not isinstance(single, (ir.Name, ir.Subscript)):
                raise NotStatic("an assignment to an attribute or a starred name", single.span)

    def conditional(self, node: cst.If) -> ir.If:
        orelse: ir.Block = ()
        if isinstance(node.orelse, cst.If):
            orelse = (self.conditional(node.orelse),)
        elif node.orelse is not None:
            orelse = self.indented(node.orelse.body)
        return ir.If(
            self.expression(node.test),
            self.indented(node.body),
            orelse,
            **self._header(node, node.test),
        )

    def loop(self, node: cst.For | cst.While) -> ir.Stmt:
        if isinstance(node, cst.While):
            about = self._header(node, node.test)
            return ir.While(self.expression(node.test), self.indented(node.body), **about)
        target = self.expression(node.target)
        for single in ir.targets(target):
            if not isinstance(single, ir.Name):
                raise NotStatic("a loop over something other than names", self.span(node))
        about = self._header(node, node.iter)
        return ir.For(target, self.expression(node.iter), self.indented(node.body), **about)

    def indented(self, body: cst.BaseSuite) -> ir.Block:
        if isinstance(body, cst.IndentedBlock):
            return self.block(body.body)
        raise NotStatic("a block on the line of its header", self.span(body))

    def _header(self, node: cst.If | cst.For | cst.While, last: cst.BaseExpression) -> dict[str, Any]:
        """The text of `if test:`, from the keyword to the colon, and the comments around it."""
        start, body = self.range(node).start, node.body
        if not isinstance(body, cst.IndentedBlock):
            raise NotStatic("a block on the line of its header", self.span(node))
        text = self.slice((start.line, start.column), _end(self.range(last)))
        for _ in last.rpar:
            text += ")"
        if "(" in text and text.count("(") != text.count(")"):
            raise NotStatic("a header whose parentheses could not be read", self.span(node))
        text = text.removeprefix("el") if text.startswith("elif") else text
        return {
            "span": self.span(node),
            "text": f"{text}:",
            "leading": _comments(node.leading_lines),
            "comment": self._trailing(body.header) if body.header.comment else "",
            "primal": f"{text}:".split("\n", 1)[0],
        }

    # Expressions --------------------------------------------------------------------------------

    def expression(self, node: cst.CSTNode) -> ir.Expr:
        span = self.span(node)
        match node:
            case cst.Name():
                if node.value in ("True", "False", "None"):
                    return ir.Const(ast.literal_eval(node.value), node.value, span=span)
                return ir.Name(unicodedata.normalize("NFKC", node.value), span=span)
            case cst.Integer() | cst.Float() | cst.SimpleString():
                return ir.Const(ast.literal_eval(node.value), node.value, span=span)
            case cst.Ellipsis():
                return ir.Const(..., "...", span=span)
            case cst.BinaryOperation():
                op = _BINARY[type(node.operator)]
                left, right = self.expression(node.left), self.expression(node.right)
                return ir.Binary(op, left, right, span=span)
            case cst.UnaryOperation():
                op = _UNARY[type(node.operator)]
                return ir.Unary(op, self.expression(node.expression), span=span)
            case cst.BooleanOperation():
                op = "and" if isinstance(node.operator, cst.And) else "or"
                left, right = self.expression(node.left), self.expression(node.right)
                return ir.BoolOp(op, left, right, span=span)
            case cst.Comparison():
                ops = tuple(_COMPARE[type(c.operator)] for c in node.comparisons)
                rest = tuple(self.expression(c.comparator) for c in node.comparisons)
                return ir.Compare(self.expression(node.left), ops, rest, span=span)
            case cst.IfExp():
                parts = (self.expression(p) for p in (node.test, node.body, node.orelse))
                return ir.IfExp(*parts, span=span)
            case cst.Attribute():
                return ir.Attribute(self.expression(node.value), node.attr.value, span=span)
            case cst.Call():
                return ir.Call(self.expression(node.func), tuple(self._argument(a) for a in node.args), span=span)
            case cst.Subscript():
                return ir.Subscript(self.expression(node.value), self._index(node), span=span)
            case cst.Tuple() | cst.List() if not self._starred(node):
                form = "tuple" if isinstance(node, cst.Tuple) else "list"
                items = tuple(self.expression(e.value) for e in node.elements)
                return ir.Sequence(form, items, span=span)
            case _:
                self._check_opaque(node)
                return ir.Opaque(f"({self.written(node)})", self._reads(node), span=span)

    def _starred(self, node: cst.Tuple | cst.List) -> bool:
        return any(isinstance(e, cst.StarredElement) for e in node.elements)

    def _argument(self, a: cst.Arg) -> ir.Argument:
        keyword = a.keyword.value if a.keyword is not None else None
        return ir.Argument(self.expression(a.value), keyword, a.star)

    def _index(self, node: cst.Subscript) -> ir.Expr:
        parts = [self._index_part(e.slice) for e in node.slice]
        trailing_comma = len(parts) == 1 and isinstance(node.slice[0].comma, cst.Comma)
        return parts[0] if len(parts) == 1 and not trailing_comma else ir.Sequence("tuple", tuple(parts))

    def _index_part(self, node: cst.BaseSlice) -> ir.Expr:
        if isinstance(node, cst.Index):
            if node.star:
                raise NotStatic("a starred index", self.span(node))
            return self.expression(node.value)
        assert isinstance(node, cst.Slice)
        parts = [None if p is None else self.expression(p) for p in (node.lower, node.upper, node.step)]
        return ir.Slice(*parts, span=self.span(node))

    def _reads(self, node: cst.CSTNode) -> frozenset[str]:
        return frozenset(
            unicodedata.normalize("NFKC", found.value)
            for found in m.findall(node, m.Name())
            if isinstance(found, cst.Name)
        )

    def _check_opaque(self, node: cst.CSTNode) -> None:
        if m.findall(node, _BINDS_OR_SUSPENDS):
            raise NotStatic(f"an expression of the form {type(node).__name__}", self.span(node))


def _end(r: CodeRange) -> tuple[int, int]:
    return (r.end.line, r.end.column)


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


def _comments(lines: Any) -> tuple[str, ...]:
    """The comment lines above a statement, with one empty line kept where there were some."""
    out: list[str] = []
    for line in lines:
        text = line.comment.value if line.comment is not None else ""
        if text or (out and out[-1]):
            out.append(text)
    if lines and lines[0].comment is None and any(out):
        out.insert(0, "")
    return tuple(out)


class _Loose(_Lowering):
    """Lowers an expression that has no place in a file."""

    def __init__(self) -> None:
        pass

    def span(self, node: cst.CSTNode) -> Span:  # noqa: ARG002 - the signature of what it replaces
        return ir.NOWHERE

    def written(self, node: cst.CSTNode) -> str:
        return cst.Module([]).code_for_node(node)


@functools.cache
def expression_of(text: str) -> ir.Expr:
    """The expression that a text stands for.

    >>> expression_of("y_bar * np.cos(x)").op
    '*'
    """
    return _Loose().expression(cst.parse_expression(text))
