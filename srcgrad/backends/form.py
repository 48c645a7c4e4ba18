"""A generated module rewritten for numba: the steps in their order."""

from __future__ import annotations

import ast
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from srcgrad.backends import library
from srcgrad.backends.closures import lifted
from srcgrad.backends.elementwise import in_loops
from srcgrad.backends.kinds import BOOL, FLOAT, INT, SCALAR, UNKNOWN, Kinds, Module, of_argument
from srcgrad.backends.ranges import Backwards
from srcgrad.backends.settled import Plainly, divided, settle


@dataclass(frozen=True)
class Form:
    """The text for numba, and its entry."""

    text: str
    entry: str
    numpys: bool  # whether a value comes along that is NumPy's number and not Python's
    lines: dict[int, int]  # the line of the generated module for lines of the text


def numba_form(source: str, entry: str, mode: str, given: Sequence[Hashable], *, loops: bool = True) -> Form:
    """The text that numba compiles, from a module that needs NumPy alone.

    `given` are the kinds of the arguments.
    `loops=False` leaves statements over arrays as they are. Raises Untranslatable.
    """
    tree = ast.parse(source)
    tree.body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    for s in ast.walk(tree):
        if isinstance(s, ast.FunctionDef):
            s.args.args, s.args.posonlyargs = [*s.args.posonlyargs, *s.args.args], []
    tree = lifted(tree)
    tree = Plainly().visit(Backwards().visit(tree))
    kinds = [of_argument(k) for k in given]
    if mode == "jvp":
        kinds += kinds  # never too few: a tangent has its argument's kind
    module = Module(tree, entry, kinds)
    settle(tree, module)
    known = module.kinds(entry)
    assert known is not None
    _look(module.functions[entry], mode, known)
    ast.fix_missing_locations(tree)
    if loops:
        in_loops(tree, module)
    divided(tree, module)
    result = module.results.get(entry, UNKNOWN)
    tree.body = [*_head(), *library.used_by(tree), *tree.body]
    for s in tree.body:
        if isinstance(s, ast.FunctionDef):
            # Memory beyond an array is never read or written: an index out of bounds raises as in NumPy.
            options = "fastmath={'reassoc', 'nsz'}" if s.name == "plus" else "boundscheck=True"
            options += ", cache=True" * (s.name == entry)
            s.decorator_list = [ast.parse(f"numba.njit({options}, error_model='numpy')", mode="eval").body]
    ast.fix_missing_locations(tree)
    text = ast.unparse(tree) + "\n"
    if os.environ.get("SRCGRAD_DUMP") == "numba":
        print(text)  # noqa: T201 - what the switch is for
    numpys = False
    if mode == "value_and_grad":
        found = result.items[0] if result.items else UNKNOWN
        numpys = found == SCALAR or (found not in (FLOAT, INT, BOOL) and "np." in source)
    return Form(text, entry, numpys, _lines(tree, text))


def _head() -> list[ast.stmt]:
    return ast.parse("import math\nimport numba\nimport numpy as np").body


def _look(function: ast.FunctionDef, mode: str, kinds: Kinds) -> None:
    """Have a function look at its derivatives: one that is not finite is left to the plain form."""

    class Returns(ast.NodeTransformer):
        def visit_Return(self, node: ast.Return) -> list[ast.stmt]:
            assert node.value is not None
            derivatives = node.value
            if mode != "grad":
                assert isinstance(derivatives, ast.Tuple)
                derivatives = derivatives.elts[1]
            parts = derivatives.elts if isinstance(derivatives, ast.Tuple) else [derivatives]
            lines: list[ast.stmt] = []
            tests = []
            for part in parts:
                at = ast.unparse(part)
                kind = kinds.of(part)
                if kind.is_number:
                    tests.append(f"math.isfinite({at})")
                elif kind.is_array and isinstance(part, ast.Name):
                    tests.append(f"np.sum({at} - {at} != 0.0) == 0")
                else:
                    tests.append(f"is_finite(np.asarray({at}))")
            lines += ast.parse(f"if not ({' and '.join(tests)}):\n    raise NotImplementedError('not finite')").body
            return [*[ast.copy_location(line, node) for line in lines], node]

    Returns().visit(function)


def _lines(tree: ast.Module, text: str) -> dict[int, int]:
    """Where the statements of the text stand in the module that it was made of."""
    found = {}
    again = ast.parse(text)
    for old, new in zip(ast.walk(tree), ast.walk(again), strict=False):
        if type(old) is not type(new):
            break
        if isinstance(old, ast.stmt) and isinstance(new, ast.stmt):
            found[new.lineno] = getattr(old, "lineno", 0)
    return found
