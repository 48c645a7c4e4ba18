"""What numba compiles of a module: one function for each question that is asked of it.

    f_vjp(x)            a value and a pullback          ->    f_vjp_value(x)         the value
                                                              f_vjp_at(x, y_bar)     the value and the cotangents

Lists do not leave machine code for nothing, so the pullback computes the forward sweep anew and keeps none.
Arrays that the module's functions read by name become arguments, since numba would take them for constants:

    W = np.array([1.0, 2.0])                            ->    def f_grad(x, W):
    def f_grad(x): ...                                        ...
"""

from __future__ import annotations

import ast
from collections.abc import Collection

from srcgrad.backends.kind import SCALAR, Kind
from srcgrad.backends.refusal import Untranslatable


def pullback_of(tree: ast.Module, entry: str) -> str:
    """The name that the pullback of a vjp has got outside of it."""
    for s in tree.body:
        if isinstance(s, ast.FunctionDef) and s.name.rstrip("_") == f"{entry}_pullback":
            return s.name
    raise Untranslatable("a vjp without a pullback")


def of_cotangent(kind: Kind) -> Kind:
    """The kind of a result's cotangent."""
    if kind.is_number:
        return SCALAR
    if kind.is_array and kind.dtype == "f":
        return kind
    raise Untranslatable("a result that is neither a number nor an array of floats")


def with_value_and_at(tree: ast.Module, entry: str, pullback: str) -> tuple[str, str]:
    """Add the two entries of a vjp whose pullback has been lifted; their names."""
    functions = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
    names = [a.arg for a in functions[entry].args.args]
    y_bar, kept = fresh("y_bar", names), fresh("kept", names)
    value, at = fresh(f"{entry}_value", functions), fresh(f"{entry}_at", functions)
    given = ", ".join(names)
    tree.body += ast.parse(f"""
def {value}({given}):
    return {entry}({given})[0]

def {at}({given}, {y_bar}):
    y, {kept} = {entry}({given})
    return y, {pullback}({y_bar}, {kept})
""").body
    return value, at


def fresh(name: str, taken: Collection[str]) -> str:
    """The name, or the next like it that is free."""
    while name in taken:
        name += "_"
    return name


def with_arrays(tree: ast.Module, arrays: Collection[str], entries: Collection[str]) -> None:
    """Pass these arrays as arguments to the entries and to every function that reads one of them; in place."""
    functions = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
    mentioned = {name: {n.id for n in ast.walk(s) if isinstance(n, ast.Name)} for name, s in functions.items()}
    needing = set(entries)
    grown = True
    while grown:
        found = {name for name, words in mentioned.items() if words & (set(arrays) | needing)}
        grown = not found <= needing
        needing |= found
    ordered = sorted(arrays)
    for name in needing if ordered else ():
        s = functions[name]
        bound = {a.arg for a in s.args.args}
        bound |= {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        if bound & set(arrays):
            raise Untranslatable("a local variable by the name of a global array", s)
        if s.args.defaults:
            raise Untranslatable(f"the defaults of {name}(), which reads a global array", s)
        s.args.args += [ast.arg(array) for array in ordered]
    for node in ast.walk(tree):
        if ordered and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in needing:
            if node.keywords:
                raise Untranslatable(f"arguments by name for {node.func.id}(), which reads a global array", node)
            node.args += [ast.copy_location(ast.Name(array, ast.Load()), node) for array in ordered]
