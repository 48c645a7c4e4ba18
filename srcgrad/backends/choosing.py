"""Which form is the faster: by the text where it tells, by the clock where it does not.

no loop at all                          NumPy: its whole-array operations are machine code already
loops over numbers and elements         numba
loops with whole-array operations       whichever has needed less time in the first calls
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable
from typing import Any

from srcgrad.backends.kinds import Module

ROUNDS = 3  # calls of each form before one is chosen


def has_loops(source: str) -> bool:
    """Whether a text loops, or calls itself."""
    tree = ast.parse(source)
    if any(isinstance(node, (ast.For, ast.While)) for node in ast.walk(tree)):
        return True
    functions = [s for s in tree.body if isinstance(s, ast.FunctionDef)]
    return any(isinstance(n, ast.Name) and n.id == f.name for f in functions for n in ast.walk(f))


def loops_over_arrays(module: Module) -> bool:
    """Whether a loop of some function works out whole arrays."""
    for name, function in module.functions.items():
        kinds = module.kinds(name)
        if kinds is None:
            continue
        for loop in ast.walk(function):
            if isinstance(loop, (ast.For, ast.While)):
                for node in ast.walk(loop):
                    match node:
                        case ast.BinOp(op=ast.MatMult()):
                            return True
                        case ast.BinOp() | ast.Call() if kinds.of(node).is_array:
                            return True
    return False


def faster(native: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs one or the other in turn, and from then on the one with the least time of a call."""
    times: dict[Callable[..., Any], list[float]] = {native: [], plain: []}
    chosen: list[Callable[..., Any]] = []

    def timed(*args: Any) -> Any:
        if chosen:
            return chosen[0](*args)
        turn = native if len(times[native]) <= len(times[plain]) else plain
        start = time.perf_counter()
        made = turn(*args)
        times[turn].append(time.perf_counter() - start)
        if len(times[plain]) >= ROUNDS or (len(times[plain]) and min(times[plain]) > 10 * min(times[native])):
            chosen.append(min(times, key=lambda form: min(times[form])))
        return made

    return timed
