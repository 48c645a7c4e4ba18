"""A generated module rewritten for numba: the steps in their order."""

from __future__ import annotations

import ast
import os
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from srcgrad.backends import library
from srcgrad.backends.closures import lifted
from srcgrad.backends.elementwise import in_loops
from srcgrad.backends.kinds import SCALAR, Kind, Module, of_argument
from srcgrad.backends.ranges import Backwards
from srcgrad.backends.settled import divided, settle


@dataclass(frozen=True)
class Form:
    """The text for numba, and its entry."""

    text: str
    entry: str
    numpys: bool  # whether a value comes along that is NumPy's number and not Python's
    lines: dict[int, int]  # the line of the generated module for lines of the text


def numba_form(
    source: str, entry: str, mode: str, given: Sequence[Hashable], *, loops: bool = True, extra: Sequence[str] = ()
) -> Form:
    """The text that numba compiles, from a module that needs NumPy alone.

    `given` are the kinds of the arguments, `extra` the names of those that the library's own forms replace.
    `loops=False` leaves statements over arrays as they are. Raises Untranslatable.
    """
    tree = ast.parse(source)
    tree.body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    tree = lifted(tree)
    tree = Backwards().visit(tree)
    kinds = [of_argument(k) for k in given]
    if mode == "jvp":
        kinds += kinds  # never too few: a tangent has its argument's kind
    module = Module(tree, entry, kinds)
    settle(tree, module)
    if loops:
        in_loops(tree, module)
    divided(tree, module)
    result = module.results.get(entry, SCALAR)
    checked = _checked(entry, mode, module.functions[entry], result)
    tree.body = [*tree.body, *checked]
    tree.body = [*_head(), *library.used_by(tree), *tree.body]
    for s in tree.body:
        if isinstance(s, ast.FunctionDef):
            s.args.posonlyargs = []
            options = "cache=True, " if s.name == f"{entry}_checked" else ""
            s.decorator_list = [ast.parse(f"numba.njit({options}error_model='numpy')", mode="eval").body]
    ast.fix_missing_locations(tree)
    text = ast.unparse(tree) + "\n"
    if os.environ.get("SRCGRAD_DUMP") == "numba":
        print(text)  # noqa: T201 - what the switch is for
    numpys = mode == "value_and_grad" and bool(result.items) and result.items[0] == SCALAR
    return Form(text, f"{entry}_checked", numpys, _lines(tree, text))


def _head() -> list[ast.stmt]:
    return ast.parse("import math\nimport numba\nimport numpy as np").body


def _checked(entry: str, mode: str, function: ast.FunctionDef, result: Kind) -> list[ast.stmt]:
    """The entry with a look at its derivatives: one that is not finite is left to the plain form."""
    parameters = ", ".join(a.arg for a in function.args.args)
    found = "made" if mode == "grad" else "made[1]"
    kind = result if mode == "grad" else result.items[1] if len(result.items) > 1 else result
    places = [(found, kind)]
    if kind.form == "tuple":
        places = [(f"{found}[{k}]", item) for k, item in enumerate(kind.items)]
    tests = [
        f"math.isfinite({at})" if k.is_number else f"is_finite({at if k.is_array else f'np.atleast_1d({at})'})"
        for at, k in places
    ]
    lines = [
        f"def {entry}_checked({parameters}):",
        f"    made = {entry}({parameters})",
        f"    if not ({' and '.join(tests)}):",
        '        raise FloatingPointError("a derivative is not finite")',
        "    return made",
    ]
    return ast.parse("\n".join(lines)).body


def _lines(tree: ast.Module, text: str) -> dict[int, int]:
    """Where the statements of the text stand in the module that it was made of."""
    found = {}
    again = ast.parse(text)
    for old, new in zip(ast.walk(tree), ast.walk(again), strict=False):
        if type(old) is not type(new):
            break
        if isinstance(old, ast.stmt):
            found[new.lineno] = getattr(old, "lineno", 0)
    return found
