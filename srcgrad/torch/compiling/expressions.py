"""Expressions of the user's function.

What enters: syntax. What leaves: Python values, among them samples for tensors and numbers of run time.
"""

from __future__ import annotations

import ast
from typing import Any

from srcgrad.torch.compiling.interpreter import Closure
from srcgrad.torch.compiling.items import Items
from srcgrad.torch.compiling.structures import flat
from srcgrad.torch.tensor import Tensor


class Expressions(Items):
    """All kinds of expressions."""

    def eval(self, e: ast.expr) -> Any:
        """The value of an expression."""
        method = getattr(self, f"on_{type(e).__name__}", None)
        if method is None:
            raise self.refuse(f"the expression {ast.unparse(e)}", e)
        return method(e)

    def named(self, e: ast.expr, name: str) -> Any:
        """The value of an expression that is bound to a name: what was made last for it is called so too."""
        before = len(self.samples.block.statements)
        found = self.eval(e)
        if name and isinstance(found, Tensor):
            value = self.samples.values.get(id(found))
            made = [v for s in self.samples.block.statements[before:] for v in s.binds()]
            if value is not None and value in made and not isinstance(e, ast.Name):
                value.name = self.samples.names.fresh(name)
        return found

    def on_Constant(self, e: ast.Constant) -> Any:
        return e.value

    def on_Name(self, e: ast.Name) -> Any:
        return self.look_up(e.id, e)

    def on_NamedExpr(self, e: ast.NamedExpr) -> Any:
        found = self.named(e.value, e.target.id)
        self.assign(e.target, found)
        return found

    def on_Tuple(self, e: ast.Tuple) -> Any:
        return tuple(self.elements(e.elts))

    def on_List(self, e: ast.List) -> Any:
        return self.local(self.elements(e.elts))

    def on_Set(self, e: ast.Set) -> Any:
        return set(self.concrete(self.elements(e.elts)))

    def elements(self, parts: list[ast.expr]) -> list[Any]:
        """Values one after the other, starred ones spread out."""
        found: list[Any] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                found.extend(self.sequence(self.eval(part.value), part))
            else:
                found.append(self.eval(part))
        return found

    def on_Dict(self, e: ast.Dict) -> Any:
        made: dict[Any, Any] = {}
        for key, value in zip(e.keys, e.values, strict=True):
            if key is None:
                made.update(self.eval(value))
            else:
                made[self.concrete(self.eval(key))] = self.eval(value)
        return self.local(made)

    def on_Slice(self, e: ast.Slice) -> Any:
        return slice(*(None if p is None else self.eval(p) for p in (e.lower, e.upper, e.step)))

    def on_JoinedStr(self, e: ast.JoinedStr) -> Any:
        parts = []
        for part in e.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
                continue
            assert isinstance(part, ast.FormattedValue)
            value = self.concrete(self.eval(part.value))
            if any(isinstance(v, Tensor) for v in flat(value)) or part.conversion != -1:
                raise self.refuse("a text of a tensor", e)
            self.plain(value, e)
            spec = self.eval(part.format_spec) if part.format_spec is not None else ""
            parts.append(format(value, spec))
        return "".join(parts)

    def on_Lambda(self, e: ast.Lambda) -> Any:
        return self.closure(e, "<lambda>")

    def closure(self, tree: Any, name: str) -> Closure:
        """A function that is defined inside."""
        a = tree.args
        return Closure(
            tree,
            self.frame,
            [self.eval(d) for d in a.defaults],
            {p.arg: self.eval(d) for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None},
            name,
        )

    def on_ListComp(self, e: ast.ListComp) -> Any:
        return self.local(self.comprehended(e.elt, e.generators))

    def on_GeneratorExp(self, e: ast.GeneratorExp) -> Any:
        return self.local(self.comprehended(e.elt, e.generators))

    def on_DictComp(self, e: ast.DictComp) -> Any:
        pair = ast.copy_location(ast.Tuple([e.key, e.value], ast.Load()), e)
        return self.local(dict(self.comprehended(pair, e.generators)))

    def comprehended(self, element: ast.expr, generators: list[ast.comprehension]) -> list[Any]:
        """The elements of a comprehension, whose names end with it."""
        before = dict(self.frame.names)
        found: list[Any] = []

        def level(k: int) -> None:
            if k == len(generators):
                found.append(self.eval(element))
                return
            for thing in self.rows(self.eval(generators[k].iter), generators[k].iter):
                self.assign(generators[k].target, thing)
                if all(self.decided(test) for test in generators[k].ifs):
                    level(k + 1)

        level(0)
        self.frame.names.clear()
        self.frame.names.update(before)
        return found

    def decided(self, test: ast.expr) -> bool:
        """A condition that does not depend on the data."""
        return bool(self.concrete(self.test(test)))
