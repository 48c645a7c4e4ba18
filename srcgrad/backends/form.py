"""A generated module rewritten for numba: the steps in their order."""

from __future__ import annotations

import ast
import os
from collections.abc import Hashable, Mapping, Sequence

from srcgrad.backends import library
from srcgrad.backends.bounds import checked
from srcgrad.backends.choosing import loops_over_arrays
from srcgrad.backends.closures import lifted
from srcgrad.backends.elementwise import Loops, in_loops
from srcgrad.backends.entries import of_cotangent, pullback_of, with_arrays, with_value_and_at
from srcgrad.backends.exact import exact
from srcgrad.backends.kind import BOOL, FLOAT, INT, SCALAR, UNKNOWN, of_argument
from srcgrad.backends.kinds import Kinds, Module
from srcgrad.backends.parallel import OPTIONS, on_threads
from srcgrad.backends.parameters import apart
from srcgrad.backends.ranges import Backwards, Emptied
from srcgrad.backends.refusal import Untranslatable
from srcgrad.backends.settled import Plainly, divided, settle
from srcgrad.backends.steady import steady
from srcgrad.backends.steps import steps
from srcgrad.backends.tangent import with_tangent
from srcgrad.backends.text import Form


def numba_form(
    source: str,
    entry: str,
    mode: str,
    given: Sequence[Hashable],
    arrays: Mapping[str, Hashable] | None = None,
    *,
    moving: Sequence[int] = (),
    loops: bool = True,
    parallel: bool = False,
) -> Form:
    """The text that numba compiles, from a module that needs NumPy alone.

    `given` are the kinds of the arguments, of a jvp those of the tangents too; `arrays` those of the arrays that
    the module reads by name, which become the last arguments in the order of their names.
    With `moving`, it is the tangent of a gradient in the directions of the arguments at these positions.
    `parallel` has loops that are proven independent run on several threads.
    `loops=False` leaves statements over arrays as they are. Raises Untranslatable.
    """
    tree = ast.parse(source)
    tree.body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    for s in ast.walk(tree):
        if isinstance(s, ast.FunctionDef):
            s.args.args, s.args.posonlyargs = [*s.args.posonlyargs, *s.args.args], []
    tree = lifted(Emptied().visit(tree))
    tree = Plainly().visit(Backwards().visit(tree))
    looked, value = entry, ""
    if mode == "vjp":
        looked = pullback_of(tree, entry)
        value, entry = with_value_and_at(tree, entry, looked)
    kinds = [of_argument(k) for k in given]
    named = [of_argument(kind) for _, kind in sorted((arrays or {}).items())]
    with_arrays(tree, arrays or {}, [e for e in (value, entry) if e])
    if value:
        kinds.append(of_cotangent(Module(tree, value, [*kinds, *named]).results[value]))
    apart(tree)
    module = Module(tree, entry, [*kinds, *named])
    settle(tree, module)
    over_arrays = loops_over_arrays(module)
    if moving:
        looked = entry = with_tangent(tree, Module(tree, entry, [*kinds, *named]), entry, moving)
        kinds += [kinds[k] for k in moving]
        function = next(s for s in tree.body if isinstance(s, ast.FunctionDef) and s.name == entry)
        names = function.args.args
        count = len(given)
        function.args.args = [*names[:count], *names[count + len(named) :], *names[count : count + len(named)]]
        module = Module(tree, entry, [*kinds, *named])
    known = module.kinds(looked)
    if known is None:
        raise Untranslatable("a pullback that is never called")
    _look(module.functions[looked], "grad" if value else mode, known)
    ast.fix_missing_locations(tree)
    made = in_loops(tree, module) if loops else Loops()
    if steps.steady:
        steady(tree, module, made.bordered)
    clear = _compared(tree, module, made) if steps.bounds else set()
    divided(tree, module)
    exact(tree, module)
    threaded = on_threads(tree, module, clear) if parallel else set()
    result = module.results.get(entry, UNKNOWN)
    tree.body = [*_head(), *library.used_by(tree), *tree.body]
    for s in tree.body:
        if isinstance(s, ast.FunctionDef):
            # Memory beyond an array is never read or written: an index out of bounds raises as in NumPy.
            options = "fastmath={'reassoc', 'nsz'}" if s.name == "plus" else f"boundscheck={s.name not in clear}"
            options += ", cache=True" * (s.name in (entry, value))
            options += f", parallel={OPTIONS}" * (s.name in threaded)
            s.decorator_list = [ast.parse(f"numba.njit({options}, error_model='numpy')", mode="eval").body]
    ast.fix_missing_locations(tree)
    text = ast.unparse(tree) + "\n"
    if os.environ.get("SRCGRAD_DUMP") == "numba":
        print(text)  # noqa: T201 - what the switch is for
    numpys = False
    if mode in ("value_and_grad", "vjp", "jvp"):
        found = result.items[0] if result.items else UNKNOWN
        numpys = found == SCALAR or (found not in (FLOAT, INT, BOOL) and "np." in source)
    return Form(text, entry, numpys, _lines(tree, text), value, over_arrays)


def _compared(tree: ast.Module, module: Module, made: Loops) -> set[str]:
    """The functions whose indices are compared before they are used, which numba need not do again."""
    clear = set(library.UNINDEXED)
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and (kinds := module.kinds(s.name)) is not None:
            ast.fix_missing_locations(s)
            if checked(s, kinds, made.inside, made.whole):
                clear.add(s.name)
    return clear


def _head() -> list[ast.stmt]:
    return ast.parse("import math\nimport numba\nimport numpy as np\nfrom srcgrad.backends.refusal import Unfit").body


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
            for test in tests:
                lines += ast.parse(f"if not {test}:\n    raise Unfit('not finite')").body
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
