"""Statements of the user's function.

What enters: syntax. What leaves: statements of the program, and the state of the names after them. A block ends
with None, or with what `return`, `break` or `continue` say.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from srcgrad.torch.compiling.interpreter import Ended, Returned
from srcgrad.torch.compiling.loops import Loops
from srcgrad.torch.compiling.program import Number


class Statements(Loops):
    """All kinds of statements."""

    def run(self, statements: Sequence[ast.stmt]) -> Any:
        """The statements of a block; how it ends."""
        for k, s in enumerate(statements):
            self.at(s)
            if isinstance(s, ast.If):
                test = self.test(s.test)
                if isinstance(test, Number):
                    return self.dynamic_if(s, test, statements[k + 1 :])
                ended = self.run(s.body if test else s.orelse)
            else:
                ended = self.statement(s)
            if ended is not None:
                return ended
        return None

    def statement(self, s: ast.stmt) -> Any:
        """Any statement but `if`."""
        method = getattr(self, f"do_{type(s).__name__}", None)
        if method is None:
            raise self.refuse(f"the statement {type(s).__name__.lower()}", s)
        return method(s)

    def do_Pass(self, s: ast.Pass) -> None:
        """Nothing."""

    def do_Break(self, _: ast.Break) -> Any:
        return Ended("break")

    def do_Continue(self, _: ast.Continue) -> Any:
        return Ended("continue")

    def do_Return(self, s: ast.Return) -> Any:
        return Returned(None if s.value is None else self.eval(s.value))

    def do_Expr(self, s: ast.Expr) -> None:
        self.eval(s.value)

    def do_Assign(self, s: ast.Assign) -> None:
        name = s.targets[0].id if isinstance(s.targets[0], ast.Name) else ""
        value = self.named(s.value, name)
        for target in s.targets:
            self.assign(target, value)

    def do_AnnAssign(self, s: ast.AnnAssign) -> None:
        if s.value is not None:
            self.assign(s.target, self.eval(s.value))

    def do_AugAssign(self, s: ast.AugAssign) -> None:
        self.augmented(s)

    def do_FunctionDef(self, s: ast.FunctionDef) -> None:
        if s.decorator_list:
            raise self.refuse("a decorated function inside", s)
        self.frame.names[s.name] = self.closure(s, s.name)

    def do_Import(self, s: ast.Import) -> None:
        for alias in s.names:
            module = __import__(alias.name)
            if alias.asname:
                for part in alias.name.split(".")[1:]:
                    module = getattr(module, part)
            self.frame.names[alias.asname or alias.name.partition(".")[0]] = module

    def do_ImportFrom(self, s: ast.ImportFrom) -> None:
        if s.level or s.module is None:
            raise self.refuse("a relative import", s)
        module = __import__(s.module, fromlist=[a.name for a in s.names])
        for alias in s.names:
            self.frame.names[alias.asname or alias.name] = self.attribute(module, alias.name, s)

    def do_Delete(self, s: ast.Delete) -> None:
        for target in s.targets:
            if not isinstance(target, ast.Name):
                raise self.refuse("del of an item", s)
            self.frame.names.pop(target.id, None)

    def do_Assert(self, s: ast.Assert) -> None:
        test = self.test(s.test)
        if isinstance(test, Number):
            raise self.refuse("an assertion about the data", s)
        if not test:
            raise self.refuse("an assertion that does not hold", s)

    def do_Raise(self, s: ast.Raise) -> None:
        raise self.refuse("a raise that is reached", s)

    def do_With(self, s: ast.With) -> Any:
        """`with torch.no_grad():` and its relatives."""
        before = self.samples.recording
        for item in s.items:
            mode = self.mode_of(item.context_expr)
            if mode is None or item.optional_vars is not None:
                raise self.refuse("this context manager", item.context_expr)
            self.samples.recording = mode
        if self.samples.recording and not self.granted:
            self.samples.recording = False
        try:
            return self.run(s.body)
        finally:
            self.samples.recording = before
