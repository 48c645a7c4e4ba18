"""Rewrite a function so that each of its computations goes through the recorder.

    before                                  after
        def f(x, a):                            def f(x, a):
            a[0] = np.sin(x) + 1.0                  rec.setitem(a, 0, rec.add(rec.call(np.sin, x), 1.0))
            return a[0] * x                         return rec.mul(rec.getitem(a, 0), x)

Control flow, names, containers, closures, exceptions and generators stay as they are: only what
computes, or hands out the elements of an array, is replaced. The result keeps the user's line and column
numbers, so that tracebacks and debuggers show the user's own text; it shares the globals, the
closure cells and the defaults of the original, so it cannot go stale.
"""

from __future__ import annotations
import __future__

import ast
from types import CellType, CodeType, FunctionType
from typing import Any

from srcgrad.errors import SourceUnavailableError
from srcgrad.runtime import calls, levels, recorder
from srcgrad.syntax.rewriter import Rewriter, bare, class_name, copied, names_in
from srcgrad.syntax.source import source_of

# Python 3.12 asks for type parameters, of which the types of 3.11 do not know.
_FUNCTION: Any = ast.FunctionDef
_CLASS: Any = ast.ClassDef

# What `from __future__ import …` in the user's file set for the compiler.
_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag

_made: dict[CodeType, tuple[CodeType, str]] = {}


def rewritten(function: FunctionType) -> FunctionType:
    """The same function with its computations recorded."""
    code, recorder_name = _code_of(function)
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    closure = tuple(CellType(recorder) if name == recorder_name else cells[name] for name in code.co_freevars)
    made = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, closure)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__ = function.__qualname__
    return made


def recorded_source(function: FunctionType) -> str:
    """The rewritten function as text, for people to read."""
    source = source_of(function)
    name = _free_name(function.__code__)
    return ast.unparse(Rewriter(function, name).top(source)) + "\n"


def _code_of(function: FunctionType) -> tuple[CodeType, str]:
    known = _made.get(function.__code__)
    if known is None:
        known = _made[function.__code__] = _compiled(function)
    return known


def _compiled(function: FunctionType) -> tuple[CodeType, str]:
    source = source_of(function)
    original = function.__code__
    name = _free_name(original)
    if not _is_of(_wrapped(copied(source.tree), function, name, source.filename), original):
        raise SourceUnavailableError(
            f"{source.filename} no longer holds the source of {function.__qualname__}()", ways=("import it again",)
        )
    code = _wrapped(Rewriter(function, name).top(source), function, name, source.filename)
    if code is None or not set(code.co_freevars) <= {name, *original.co_freevars}:
        raise SourceUnavailableError(f"the source of {function.__qualname__}() does not match its code")
    code = code.replace(co_name=original.co_name, co_qualname=original.co_qualname)
    _register(code)
    return code, name


def _wrapped(body: Any, function: FunctionType, name: str, filename: str) -> CodeType | None:
    """The code of a definition, compiled where its free names are those of a function around it."""
    original = function.__code__
    free = [n for n in original.co_freevars if n != name]
    parameters = ast.arguments(
        posonlyargs=[], args=[ast.arg(n) for n in (name, *free)], kwonlyargs=[], kw_defaults=[], defaults=[]
    )
    made: ast.stmt = body if isinstance(body, ast.stmt) else ast.Expr(body)
    inner_name = original.co_name
    if isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef)):
        # Under its own name the function would be local to what is around it here: calls of itself
        # have to find what the user's name means.
        made.name = inner_name = f"{name}_function"
        made.decorator_list, made.returns, made.args = [], None, bare(made.args)
    elif isinstance(body, ast.Lambda):
        body.args = bare(body.args)
    outer: ast.stmt = _FUNCTION(name="_", args=parameters, body=[made], decorator_list=[], returns=None, type_params=[])
    owner = class_name(function)
    if owner is not None:
        # A class around it lets the compiler mangle the private names in it.
        outer = _CLASS(name=owner, bases=[], keywords=[], body=[outer], decorator_list=[], type_params=[])
    module = ast.fix_missing_locations(ast.Module([outer], type_ignores=[]))
    compiled = compile(module, filename, "exec", original.co_flags & _FUTURE, dont_inherit=True)
    return _inner(compiled, inner_name, original.co_argcount)


def _is_of(code: CodeType | None, original: CodeType) -> bool:
    """Whether a definition found in a file is what a function was compiled from.

    Tools that rewrite code as it is imported, such as pytest in asserts, only add to it.
    """
    if code is None:
        return False
    if _same(code, original):
        return True
    return names_in(code) < names_in(original)


def _same(a: Any, b: Any) -> bool:
    """Whether two code objects, or constants of them, do the same."""
    if isinstance(a, CodeType) and isinstance(b, CodeType):
        return (
            (a.co_varnames, a.co_freevars) == (b.co_varnames, b.co_freevars)
            and (steps := _steps(a), others := _steps(b))
            and len(steps) == len(others)
            and all(m[0] == n[0] and _same(m[1], n[1]) for m, n in zip(steps, others, strict=True))
        )
    if isinstance(a, str) and isinstance(b, str):
        return a == b or "<locals>" in a  # the qualified name of a function defined inside
    return type(a) is type(b) and (a == b or repr(a) == repr(b))


# How a call is made, and whether `np.sin` is first looked at as a method, depends on what else is in the file.
_WAYS_TO_CALL = frozenset({"PUSH_NULL", "PRECALL", "EXTENDED_ARG", "NOP", "CACHE", "COPY_FREE_VARS"})


def _steps(code: CodeType) -> list[tuple[str, Any]]:
    """The instructions of a code object with what they work on."""
    import dis

    jumps = {*dis.hasjrel, *dis.hasjabs}
    return [
        ("LOAD_ATTR" if step.opname == "LOAD_METHOD" else step.opname, None if step.opcode in jumps else step.argval)
        for step in dis.get_instructions(code)
        if step.opname not in _WAYS_TO_CALL
    ]


def _register(code: CodeType) -> None:
    """Enter a rewritten code object and those of the functions defined in it."""
    levels.rewritten.add(code)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _register(constant)


def _inner(code: CodeType, name: str, argcount: int) -> CodeType | None:
    """The code of the function in the code of what was compiled around it."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name and constant.co_argcount == argcount:
                return constant
            found = _inner(constant, name, argcount)
            if found is not None:
                return found
    return None


def _free_name(code: CodeType) -> str:
    used = names_in(code)
    name = "rec"
    while name in used:
        name += "_"
    return name


calls.rewrite.append(rewritten)
