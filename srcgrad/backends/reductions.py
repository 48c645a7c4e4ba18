"""Sums, products and extrema over arrays, as loops that stand before the statement that uses them.

np.sum(u * v)      a number: the loop that adds it up stands before
a @ x              an array: the loop over the rows does
"""

from __future__ import annotations

import ast

from srcgrad.backends.element import Element, plus, together, turned
from srcgrad.backends.expressions import Expressions
from srcgrad.backends.fusion import Access
from srcgrad.backends.indexing import axis_and_keepdims, axis_of
from srcgrad.backends.kind import Kind
from srcgrad.backends.steps import steps


def _transposed(e: ast.expr) -> ast.expr | None:
    """The matrix of which an expression is the transposed one."""
    match e:
        case ast.Attribute(value=inner, attr="T") | ast.Call(func=ast.Name(id="mT"), args=[inner]):
            return inner
    return None


class Reductions(Expressions):
    """The expressions of one function, with what is added up."""

    def without_reductions(self, e: ast.expr) -> ast.expr:
        """The expression with sums and dots over arrays worked out before the statement."""
        this = self

        class Replaced(ast.NodeTransformer):
            def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
                return node  # only one branch is worked out

            def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
                return node

            def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
                return node

            def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
                return node

            def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
                return node

            def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
                if isinstance(node.op, ast.MatMult):
                    made = this.product(node.left, node.right)
                    if made is not None:
                        return ast.Name(made, ast.Load())
                    if (
                        steps.products
                        and this.depth
                        and this.kinds.of(node.left).rank == this.kinds.of(node.right).rank == 2
                    ):
                        self.generic_visit(node)
                        factors = [this.straight(e) for e in (node.left, node.right)]
                        return ast.Call(ast.Name("matmul", ast.Load()), factors, [])
                self.generic_visit(node)
                return node

            def visit_Call(self, node: ast.Call) -> ast.expr:
                made = this.reduction(node)
                if made is not None:
                    return ast.Name(made, ast.Load())
                self.generic_visit(node)
                return node

        made: ast.expr = Replaced().visit(e)
        return made

    def straight(self, e: ast.expr) -> ast.expr:
        """A transposed matrix with its rows laid out anew: of fewer kinds of arrays there is less to compile."""
        inner = _transposed(e)
        if inner is None:
            return e
        element = turned(self.element(inner))
        made = self.fresh("turned", self.kinds.of(e))
        self.before += self.nest(
            element,
            element,
            lambda names: [f"{made}[{', '.join(names)}] = {element.at(names)}"],
            [f"{made} = np.empty(({', '.join(n or '1' for n in element.lengths)}))"],
            [Access(made, ("0:0", "1:0"), True)],
        )
        return ast.Name(made, ast.Load())

    def product(self, a: ast.expr, b: ast.expr) -> str | None:
        """The product of two vectors, or of a matrix and a vector."""
        p, q = self.kinds.of(a), self.kinds.of(b)
        if not (p.is_array and q.is_array and p.dtype == q.dtype == "f"):
            return None
        if p.rank == q.rank == 1:
            return self.total(together([self.element(a), self.element(b)], lambda x, y: f"{x} * {y}"))
        if not steps.products or {p.rank, q.rank} != {1, 2}:
            return None
        if p.rank == 2 and (inner := _transposed(a)) is not None:
            return self.product(b, inner)  # along the rows as they lie in memory
        if q.rank == 2 and (inner := _transposed(b)) is not None:
            return self.product(inner, a)
        left, right = self.element(a), self.element(b)
        if (left.lengths[-1] is None) != (right.lengths[0] is None):
            return None  # not to be broadcast
        if p.rank == 1:
            of_one = left
            left = Element(lambda names: of_one.at(names[:1]), (left.lengths[0], None), left.checks, left.reads)
        made = together([left, right], lambda x, y: f"{x} * {y}")
        return self.along(made, 1 if p.rank == 2 else 0, False, "sum")

    def reduction(self, e: ast.Call) -> str | None:
        match e:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), args=[inner, *more]):
                pass
            case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[*more]):
                pass
            case _:
                return None
        kind = self.kinds.of(inner)
        if name == "dot" and len(more) == 1:
            return self.product(inner, more[0])
        if name not in ("sum", "mean", "max", "min", "amax", "amin") or not kind.is_array or kind.dtype == "i":
            return None
        axis, keepdims = axis_and_keepdims({k.arg: k.value for k in e.keywords}, more)
        if axis is None and name in ("sum", "mean") and not keepdims:
            element = self.element(inner)
            if kind.dtype == "b" and name == "sum":
                return self.total(element, "0")
            total = self.total(element)
            if name == "mean":
                made = self.fresh("mean", Kind("scalar"))
                self.before.append(f"{made} = {total} / ({' * '.join(n or '1' for n in element.lengths)})")
                return made
            return total
        k = None if axis is None else axis_of(axis, kind.rank)
        if k is None or name == "mean" or kind.dtype != "f" or (kind.rank == 1 and (keepdims or name != "sum")):
            return None
        if kind.rank == 1:
            return self.total(self.element(inner))
        return self.along(self.element(inner), k, keepdims, name)

    def total(self, element: Element, zero: str = "0.0") -> str:
        made = self.fresh("total", Kind("int" if zero == "0" else "scalar"))
        self.before += self.nest(
            element, element, lambda names: [f"{made} = {plus(made, element.at(names), zero)}"],
            [f"{made} = {zero}"], sums=[made],
        )  # fmt: skip
        return made

    def along(self, element: Element, axis: int, keepdims: bool, name: str) -> str:
        """The sum or an extremum along one axis, as an array."""
        rest = element.lengths[:axis] + (None,) * keepdims + element.lengths[axis + 1 :]
        made = self.fresh("sums" if name == "sum" else "tops", Kind("array", "f", tuple(n is None for n in rest)))
        self.sums.add(made)
        shape = ", ".join(n or "1" for n in rest)
        between = ["0"] * keepdims
        start = "-np.inf" if "max" in name else "np.inf"

        def body(names: list[str]) -> list[str]:
            place = f"{made}[{', '.join(names[:axis] + between + names[axis + 1 :])}]"
            if name == "sum":
                return [f"{place} = plus({place}, {element.at(names)})"]
            return [f"{place} = np.{'max' if 'max' in name else 'min'}imum({place}, {element.at(names)})"]

        checks = [] if name == "sum" else [f"not_empty({element.lengths[axis] or 1})"]
        self.before += checks
        # Nearly every program makes zeros somewhere: nothing more to compile.
        head = [f"{made} = np.zeros(({shape},))" if name == "sum" else f"{made} = np.full(({shape},), {start})"]
        self.before += self.nest(element, element, body, head, [Access(made, ("?",), True)])
        for k, n in enumerate(rest):
            self.same[f"{made}.shape[{k}]"] = self.length(n or "1")
        return made
