"""The rewriting itself: which expression and statement becomes which call of the recorder.

Order of evaluation, names and positions stay as they are.
"""

from __future__ import annotations

import ast
import builtins
from types import CodeType, FunctionType, ModuleType
from typing import Any

from srcgrad.errors import Place, UnsupportedSyntaxError
from srcgrad.runtime import levels
from srcgrad.syntax.source import FunctionSource

_BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.MatMult: "matmul", ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip
_UNARY = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}
_COMPARISON = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}

# Builtins whose result never depends on a derivative and that call nothing of the user's.
_PLAIN_CALLS = frozenset({"len", "range", "isinstance", "issubclass", "type", "id", "callable"})


def names_in(code: CodeType) -> set[str]:
    used = {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            used |= names_in(constant)
    return used


def class_name(function: FunctionType) -> str | None:
    """The class whose private names the function's body may use."""
    if not any(n.startswith("_") and "__" in n for n in names_in(function.__code__)):
        return None
    parts = function.__code__.co_qualname.split(".")
    for owner in reversed(parts[:-1]):
        if owner != "<locals>" and owner.isidentifier():
            return owner if parts[parts.index(owner) + 1] != "<locals>" else None
    return None


class Rewriter(ast.NodeTransformer):
    def __init__(self, function: FunctionType, recorder_name: str) -> None:
        self.function = function
        self.recorder_name = recorder_name
        self.count = 0
        self.nameless = False  # whether this is where a name of one's own cannot be bound in an expression
        code = function.__code__
        self.locals = {*code.co_varnames, *code.co_cellvars, *code.co_freevars}
        self.filename = code.co_filename
        self.owner = class_name(function)  # the class whose private names are meant

    def top(self, source: FunctionSource) -> Any:
        node = source.tree
        # The tree is shared by all functions of the file: what is rewritten is a fresh parse of it.
        node = copied(node)
        if isinstance(node, ast.AsyncFunctionDef):
            self.refuse(node, "async functions cannot be differentiated", "make it a plain function")
        if isinstance(node, ast.Lambda):
            node.args = bare(node.args)
            node.body = self.visit(node.body)
            return node
        node.decorator_list = []
        node.args = bare(node.args)
        node.returns = None
        node.body = self.statements(node.body)
        return node

    def refuse(self, node: ast.AST, what: str, way: str) -> None:
        line, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        place = Place(
            self.filename,
            line,
            getattr(node, "col_offset", 0),
            getattr(node, "end_col_offset", None) if end == line else None,
            function=self.function.__name__,
        )
        raise UnsupportedSyntaxError(what, place, calls=levels.places(), ways=(way,))

    def attribute_name(self, node: ast.Attribute) -> ast.Constant:
        """The name of an attribute as a constant, private names as the compiler would mangle them."""
        name = node.attr
        if self.owner and name.startswith("__") and not name.endswith("__") and self.owner.strip("_"):
            name = f"_{self.owner.lstrip('_')}{name}"
        return ast.copy_location(ast.Constant(name), node)

    def temporary(self) -> str:
        self.count += 1
        return f"{self.recorder_name}_{self.count}"

    def rec(self, name: str, args: list[Any], like: ast.AST) -> ast.Call:
        """The node of `rec.name(args)` with the position of what it replaces."""
        function = ast.Attribute(ast.Name(self.recorder_name, ast.Load()), name, ast.Load())
        made = ast.Call(function, args, [])
        for node in (function.value, function, made):
            ast.copy_location(node, like)
        return made

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for statement in body:
            result = self.visit(statement)
            done.extend(result if isinstance(result, list) else [result])
        return done

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
            return node
        return self.rec(_BINARY[type(node.op)], [left, right], node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            node.operand = self.test(node.operand)
            return node
        node.operand = self.visit(node.operand)
        if isinstance(node.operand, ast.Constant):
            return node
        return self.rec(_UNARY[type(node.op)], [node.operand], node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        left, rights = self.visit(node.left), [self.visit(c) for c in node.comparators]
        node.left, node.comparators = left, rights
        if len(rights) == 1:
            return self.compared(node, left, node.ops[0], rights[0])
        if self.nameless and not all(isinstance(right, (ast.Name, ast.Constant)) for right in rights[:-1]):
            return node
        links: list[ast.expr] = []
        for k, right in enumerate(rights):
            # Each operand is evaluated once, and none after the first comparison that fails.
            held = right if k == len(rights) - 1 else self.kept(right)
            links.append(self.compared(node, left, node.ops[k], held))
            left = _again(held)
        return ast.copy_location(ast.BoolOp(ast.And(), links), node)

    def compared(self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr) -> ast.expr:
        """One comparison of a chain."""
        operator = type(op)
        if operator in _COMPARISON and not (isinstance(right, ast.Constant) and right.value is None):
            return self.rec(_COMPARISON[operator], [left, right], node)
        if operator in (ast.In, ast.NotIn):
            # Python evaluates the left side first, as an argument in this order would not be.
            found = self.rec("contained", [left, right], node)
            return found if operator is ast.In else ast.copy_location(ast.UnaryOp(ast.Not(), found), node)
        return ast.copy_location(ast.Compare(left, [op], [right]), node)

    def test(self, node: ast.expr) -> ast.expr:
        """An expression of which only the truth is asked."""
        if isinstance(node, ast.BoolOp):
            node.values = [self.test(v) for v in node.values]
            return node
        made: ast.expr = self.visit(node)
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
            return self.rec("truth", [made], node)
        return made

    def visit_If(self, node: ast.If) -> Any:
        node.test = self.test(node.test)
        node.body, node.orelse = self.statements(node.body), self.statements(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> Any:
        node.test = self.test(node.test)
        node.body, node.orelse = self.statements(node.body), self.statements(node.orelse)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        node.test, node.body, node.orelse = self.test(node.test), self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_Assert(self, node: ast.Assert) -> Any:
        node.test = self.test(node.test)
        node.msg = node.msg and self.visit(node.msg)
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Name) and self.is_builtin(node.func.id):
            if node.func.id == "super" and not node.args:
                return node
            if node.func.id == "locals" and not node.args:
                return self.rec("named_locals", [node, ast.copy_location(ast.Constant(self.recorder_name), node)], node)
            if node.func.id in ("vars", "dir") and not node.args:
                return node
            if node.func.id in _PLAIN_CALLS:
                node.args = [self.visit(a) for a in node.args]
                node.keywords = [self.visit(k) for k in node.keywords]
                return node
        made = self.rec("call", [self.visit(node.func), *(self.visit(a) for a in node.args)], node)
        made.keywords = [self.visit(k) for k in node.keywords]
        return made

    def is_builtin(self, name: str) -> bool:
        return name not in self.locals and name not in self.function.__globals__ and hasattr(builtins, name)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if self.is_module(node.value):
            return node
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            return self.rec("attribute", [node.value, self.attribute_name(node)], node)
        return node

    def is_module(self, node: ast.expr) -> bool:
        return isinstance(self.resolved(node), ModuleType)

    def resolved(self, node: ast.expr) -> Any:
        """The object that a dotted name of modules stands for, or None."""
        if isinstance(node, ast.Name):
            return None if node.id in self.locals else self.function.__globals__.get(node.id)
        if isinstance(node, ast.Attribute):
            value = self.resolved(node.value)
            return getattr(value, node.attr, None) if isinstance(value, ModuleType) else None
        return None

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            return self.rec("getitem", [node.value, self.index(node.slice)], node)
        node.slice = self.visit(node.slice)
        return node

    def index(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Slice):
            none = ast.copy_location(ast.Constant(None), node)
            return self.rec("slice", [self.visit(p) if p else none for p in (node.lower, node.upper, node.step)], node)
        if isinstance(node, ast.Tuple):
            node.elts = [self.index(e) for e in node.elts]
            return node
        return self.visit(node)  # type: ignore[no-any-return]

    def visit_Starred(self, node: ast.Starred) -> Any:
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            node.value = self.rec("iterate", [node.value], node)
        return node

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Any:
        node.value = self.rec("iterate", [self.visit(node.value)], node)
        return node

    def visit_Await(self, node: ast.Await) -> Any:
        self.refuse(node, "await cannot be differentiated", "call a plain function")

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> Any:
        self.refuse(node, "async functions cannot be differentiated", "make it a plain function")

    def target(self, node: ast.expr, after: list[ast.stmt]) -> ast.expr:
        """A target with each subscript and attribute in it replaced by a name, stored to `after`."""
        if isinstance(node, (ast.Tuple, ast.List)):
            node.elts = [self.target(e, after) for e in node.elts]
            return node
        if isinstance(node, ast.Starred):
            node.value = self.target(node.value, after)
            return node
        if isinstance(node, (ast.Subscript, ast.Attribute)):
            name = self.temporary()
            after.append(self.store(node, ast.copy_location(ast.Name(name, ast.Load()), node)))
            return ast.copy_location(ast.Name(name, ast.Store()), node)
        return node

    def store(self, target: ast.expr, value: ast.expr) -> ast.stmt:
        """The statement that stores a value to a subscript or an attribute."""
        if isinstance(target, ast.Subscript):
            made = self.rec("setitem", [self.visit(target.value), self.index(target.slice), value], target)
        else:
            assert isinstance(target, ast.Attribute)
            made = self.rec("setattribute", [self.visit(target.value), self.attribute_name(target), value], target)
        return ast.copy_location(ast.Expr(made), target)

    def visit_Assign(self, node: ast.Assign) -> Any:
        value = self.visit(node.value)
        if len(node.targets) == 1:
            return self.assigned(node.targets[0], value, node)
        name = self.temporary()
        done: list[ast.stmt] = [ast.copy_location(ast.Assign([_stored(name, node)], value), node)]
        for target in node.targets:
            done += self.assigned(target, ast.copy_location(ast.Name(name, ast.Load()), node), node)
        return done

    def assigned(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(target, ast.Name):
            return [ast.copy_location(ast.Assign([target], value), node)]
        if isinstance(target, (ast.Subscript, ast.Attribute)):
            simple = isinstance(value, (ast.Name, ast.Constant))
            if simple:
                return [self.store(target, value)]
            # Python evaluates the value before the target's object and index.
            name = self.temporary()
            first = ast.copy_location(ast.Assign([_stored(name, node)], value), node)
            return [first, self.store(target, ast.copy_location(ast.Name(name, ast.Load()), node))]
        after: list[ast.stmt] = []
        if not (isinstance(value, ast.Tuple) and all(isinstance(e, ast.Name) for e in getattr(target, "elts", []))):
            value = self.rec("unpack", [value, _pattern(target)], node)
        made = ast.Assign([self.target(target, after)], value)
        return [ast.copy_location(made, node), *after]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None:
            return ast.copy_location(ast.AnnAssign(node.target, ast.Constant(None), None, node.simple), node)
        return self.assigned(node.target, self.visit(node.value), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        name = ast.copy_location(ast.Constant("i" + _BINARY[type(node.op)].rstrip("_")), node)
        value = self.visit(node.value)
        if isinstance(node.target, ast.Name):
            current = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            made = self.rec("augmented", [name, current, value], node)
            return ast.copy_location(ast.Assign([node.target], made), node)
        # The object and the index are evaluated once, and the old value before the right side.
        obj = self.kept(self.visit(node.target.value))
        if isinstance(node.target, ast.Subscript):
            key = self.kept(self.index(node.target.slice))
            old = self.rec("getitem", [_again(obj), _again(key)], node)
            made = self.rec("augmented_item", [name, obj, key, old, value], node)
        else:
            attr = self.attribute_name(node.target)
            old = self.rec("attribute", [_again(obj), attr], node)
            made = self.rec("augmented_attribute", [name, obj, attr, old, value], node)
        return ast.copy_location(ast.Expr(made), node)

    def kept(self, node: ast.expr) -> ast.expr:
        """An expression whose value is needed twice: a name of its own, unless it is as good as one."""
        if isinstance(node, (ast.Name, ast.Constant)):
            return node
        target = ast.copy_location(ast.Name(self.temporary(), ast.Store()), node)
        return ast.copy_location(ast.NamedExpr(target, node), node)

    def visit_For(self, node: ast.For) -> Any:
        node.iter = self.iterated(node.iter, node.target)
        before: list[ast.stmt] = []
        node.target = self.target(node.target, before)
        node.body = [*before, *self.statements(node.body)]
        node.orelse = self.statements(node.orelse)
        return node

    def iterated(self, iterable: ast.expr, target: ast.expr) -> ast.expr:
        pattern = _pattern(target)
        args = [self.visit(iterable)]
        if not (isinstance(pattern, ast.Constant)):
            args.append(pattern)
        return self.rec("iterate", args, iterable)

    def visit_comprehension(self, node: ast.comprehension) -> Any:
        if node.is_async:
            self.refuse(node.iter, "async comprehensions cannot be differentiated", "use a plain one")
        saved, self.nameless = self.nameless, True  # Python allows no `:=` in what a comprehension runs over
        node.iter = self.iterated(node.iter, node.target)
        self.nameless = saved
        node.ifs = [self.test(test) for test in node.ifs]
        return node

    def visit_With(self, node: ast.With) -> Any:
        before: list[ast.stmt] = []
        for item in node.items:
            item.context_expr = self.rec("context", [self.visit(item.context_expr)], item.context_expr)
            if item.optional_vars is not None:
                item.optional_vars = self.target(item.optional_vars, before)
        node.body = [*before, *self.statements(node.body)]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        inner = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        inner |= {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        saved, self.locals = self.locals, self.locals | inner
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.args.defaults = [self.visit(d) for d in node.args.defaults]
        node.args.kw_defaults = [d and self.visit(d) for d in node.args.kw_defaults]
        node.body = self.statements(node.body)
        self.locals = saved
        return node

    def visit_Lambda(self, node: ast.Lambda) -> Any:
        saved, self.locals = self.locals, self.locals | {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        node.args.defaults = [self.visit(d) for d in node.args.defaults]
        node.args.kw_defaults = [d and self.visit(d) for d in node.args.kw_defaults]
        node.body = self.visit(node.body)
        self.locals = saved
        return node

    def generic_visit(self, node: ast.AST) -> Any:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, name, self.statements(value))
        for name, value in ast.iter_fields(node):
            if isinstance(value, list) and not (value and isinstance(value[0], ast.stmt)):
                setattr(node, name, [self.visit(v) if isinstance(v, ast.AST) else v for v in value])
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        return node

    def visit_match_case(self, node: ast.match_case) -> Any:
        """A pattern is matched by Python as it stands; guard and body are rewritten."""
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = self.statements(node.body)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Any:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                conversion = ast.copy_location(ast.Constant(part.conversion), part)
                spec = part.format_spec or ast.copy_location(ast.Constant(""), part)
                part.value = self.rec("shown", [self.visit(part.value), conversion, self.visit(spec)], part)
                part.conversion, part.format_spec = -1, None
        return self.rec("text", [node], node)

    def visit_Delete(self, node: ast.Delete) -> Any:
        done: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, (ast.Tuple, ast.List)):
                parts = self.visit_Delete(ast.copy_location(ast.Delete(target.elts), node))
                done += parts
                continue
            made: ast.stmt = ast.copy_location(ast.Delete([target]), node)
            if isinstance(target, ast.Subscript):
                call = self.rec("delitem", [self.visit(target.value), self.index(target.slice)], target)
                made = ast.copy_location(ast.Expr(call), node)
            elif isinstance(target, ast.Attribute):
                call = self.rec("delattribute", [self.visit(target.value), self.attribute_name(target)], target)
                made = ast.copy_location(ast.Expr(call), node)
            done.append(made)
        return done

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        """A class defined in the function: its body computes, its names are attributes."""
        saved, self.owner = self.owner, node.name
        bound, self.nameless = self.nameless, True
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.bases = [self.visit(b) for b in node.bases]
        node.keywords = [self.visit(k) for k in node.keywords]
        node.body = self.statements(node.body)
        self.owner, self.nameless = saved, bound
        return node


def copied(node: Any) -> Any:
    """A deep copy of a syntax tree; the standard one is ten times slower."""
    if isinstance(node, ast.AST):
        made = type(node)(**{name: copied(value) for name, value in ast.iter_fields(node)})
        return ast.copy_location(made, node)
    return [copied(v) for v in node] if isinstance(node, list) else node


def bare(a: ast.arguments) -> ast.arguments:
    """The parameters without defaults and annotations, which the function object keeps."""
    for parameter in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg):
        if parameter is not None:
            parameter.annotation = None
    none = ast.Constant(None)
    a.defaults = [none for _ in a.defaults]
    a.kw_defaults = [d and none for d in a.kw_defaults]
    return a


def _stored(name: str, like: ast.AST) -> ast.expr:
    return ast.copy_location(ast.Name(name, ast.Store()), like)


def _again(node: ast.expr) -> ast.expr:
    """A second use of what `kept` made."""
    if isinstance(node, ast.NamedExpr):
        return ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
    return node


def _pattern(target: ast.expr) -> ast.expr:
    """The pattern of a target for `rec.unpack`: 0 for a name, a tuple for a tuple."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return ast.copy_location(ast.Tuple([_pattern(e) for e in target.elts], ast.Load()), target)
    return ast.copy_location(ast.Constant(0), target)
