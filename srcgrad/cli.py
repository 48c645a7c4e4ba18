"""The command `srcgrad`: show a derivative, write it to a file, check it, explain it, measure it.

What enters: functions named as FILE.py:FUNC. What leaves: text on the terminal or a module, and an
exit status: 0 when all is well, 1 when srcgrad refuses or a check fails, 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.util
import inspect
import io
import itertools
import keyword
import os
import re
import sys
import tokenize
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from srcgrad import api
from srcgrad.api.profiling import profile
from srcgrad.errors import SrcgradError
from srcgrad.runtime.calls import call
from srcgrad.runtime.tree import leaves

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class UsageError(Exception):
    """Something on the command line that names nothing."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(argv)
    try:
        status: int = options.run(options)
    except UsageError as error:
        print(f"srcgrad {options.command}: {error}", file=sys.stderr)
        return 2
    except SrcgradError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="srcgrad", description="Derivatives of Python functions, as source code.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    show = commands.add_parser("show", help="print the source of a gradient")
    show.add_argument("target", metavar="FILE.py:FUNC")
    show.add_argument("--args", metavar="EXPR", help="arguments to specialise for, e.g. 'np.ones(3), 2.0'")
    show.set_defaults(run=_show)

    build = commands.add_parser(
        "build", help="write gradients into a module that needs NumPy only, or beneath the function"
    )
    build.add_argument("targets", nargs="+", metavar="FILE.py:FUNC")
    where = build.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--output", metavar="OUT.py")
    where.add_argument(
        "--into", metavar="FILE.py", help="the file of the functions, each gradient beneath its function"
    )
    build.add_argument(
        "--args",
        metavar="EXPR",
        action="append",
        help="arguments to specialise for; may be given again, for more kinds or, with several functions, for each in turn",
    )
    build.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    build.set_defaults(run=_build)

    check = commands.add_parser("check", help="compare derivatives with finite differences")
    check.add_argument("target", metavar="FILE.py:FUNC")
    check.add_argument("--args", metavar="EXPR", help="arguments to check at; guessed if not given")
    check.add_argument("--order", type=int, default=2, choices=(1, 2), help="highest order (default 2)")
    check.set_defaults(run=_check)

    explain = commands.add_parser("explain", help="write a page with the source beside its gradient")
    explain.add_argument("target", metavar="FILE.py:FUNC")
    explain.add_argument("-o", "--output", required=True, metavar="OUT.html")
    explain.add_argument("--args", metavar="EXPR", help="arguments to specialise for, e.g. 'np.ones(3), 2.0'")
    explain.set_defaults(run=_explain)

    measure = commands.add_parser("profile", help="print the time and memory of a gradient by the function's lines")
    measure.add_argument("target", metavar="FILE.py:FUNC")
    measure.add_argument("--args", metavar="EXPR", help="arguments to measure with; guessed if not given")
    measure.set_defaults(run=_profile)

    for command in (show, build, explain, measure):
        command.add_argument("--argnums", type=_argnums, default=0, help="numbers or names, e.g. 0 or x,y (default 0)")
    return parser


def _argnums(text: str) -> Any:
    """`0` is an int, `x` a name, and with a comma a tuple of them."""
    words = [int(word) if word.lstrip("-").isdigit() else word for word in text.replace(" ", "").split(",") if word]
    if not words:
        raise argparse.ArgumentTypeError("give the number or the name of an argument")
    return tuple(words) if "," in text else words[0]


# The commands.


def _show(options: argparse.Namespace) -> int:
    gradient = _specialised(options)
    source: str = gradient.source
    print(_highlighted(source) if _colorful() else source.rstrip("\n"))
    return 0


def _specialised(options: argparse.Namespace) -> Any:
    """The gradient that is asked for, called with `--args` if there are any."""
    function = _load(options.target)
    gradient = _gradient(function, options.argnums)
    if options.args is not None:
        args, kwargs = _evaluate(options.args, function)
        gradient(*args, **kwargs)
    return gradient


def _explain(options: argparse.Namespace) -> int:
    page: str = _specialised(options).explain().page()
    with open(options.output, "w", encoding="utf-8") as out:
        out.write(page)
    return 0


def _profile(options: argparse.Namespace) -> int:
    function = _load(options.target)
    gradient = _gradient(function, options.argnums)
    primal = getattr(function, "primal", function)
    args, kwargs = _guess(primal) if options.args is None else _evaluate(options.args, function)
    print(profile(gradient, *args, **kwargs))
    return 0


def _build(options: argparse.Namespace) -> int:
    functions = [_load(target) for target in options.targets]
    gradients = [_gradient(function, options.argnums) for function in functions]
    for number, expression in enumerate(options.args or ()):
        which = number if len(functions) > 1 else 0
        if which >= len(functions):
            raise UsageError(f"--args was given more often than there are functions: {expression}")
        args, kwargs = _evaluate(expression, functions[which])
        gradients[which](*args, **kwargs)
    output = options.into or options.output
    try:
        with open(output, "rb") as out:
            current = out.read()
    except FileNotFoundError:
        current = b""
    made = _inserted(options, gradients, current) if options.into else api.build_module(gradients).encode()
    if not options.check:
        with open(output, "wb") as out:
            out.write(made)
        return 0
    if current == made:
        return 0
    old, new = (text.decode(errors="replace").splitlines() for text in (current, made))
    print("\n".join(difflib.unified_diff(old, new, output, "up to date", lineterm="")))
    print(f"{output} is out of date; write it again without --check", file=sys.stderr)
    return 1


def _inserted(options: argparse.Namespace, gradients: list[Any], text: bytes) -> bytes:
    """The text of the functions' own file, with each gradient beneath its function."""
    from srcgrad.syntax.insertion import names_of_blocks, with_block

    for target, gradient in zip(options.targets, gradients, strict=True):
        primal = inspect.unwrap(gradient.primal)
        home = getattr(getattr(primal, "__code__", None), "co_filename", "")
        if not (os.path.exists(home) and os.path.exists(options.into) and os.path.samefile(home, options.into)):
            raise UsageError(f"--into {options.into}: {target} is not defined there; write another file with -o")
        generated = names_of_blocks(text)
        present = {name: value for name, value in primal.__globals__.items() if name not in generated}
        name, block = api.build_block(gradient, present)
        # Line numbers change with every edit of the file itself.
        block = re.sub(rf"# {re.escape(os.path.basename(home))}:\d+  ", "# ", block)
        try:
            text = with_block(text, target.rpartition(":")[2], name, block)
        except LookupError:
            raise UsageError(f"--into {options.into}: there is no def of {target} to write beneath") from None
    return text


def _check(options: argparse.Namespace) -> int:
    function = _load(options.target)
    function = getattr(function, "primal", function)
    args, kwargs = _guess(function) if options.args is None else _evaluate(options.args, function)
    bound = inspect.signature(function).bind(*args, **kwargs)
    checks = [("reverse", 1, ("rev",)), ("forward", 1, ("fwd",)), ("second order", 2, ("rev", "fwd"))][
        : 1 + options.order
    ]
    rows, failures = [], []
    for name, value in bound.arguments.items():
        if not any(True for _ in leaves(value)):
            continue
        row = [name, _described(value)]
        for title, order, modes in checks:
            try:
                api.check_grads(_alone(function, bound, name), (value,), order=order, modes=modes)
                row.append("ok")
            except AssertionError as error:
                row.append("WRONG")
                failures.append(f"{name}, {title}: {error}")
        rows.append(row)
    if not rows:
        raise UsageError(f"no argument of {options.target} is a float or holds one; give some with --args")
    _print_table([["argument", "value", *(title for title, _, _ in checks)], *rows])
    for failure in failures:
        print(f"\n{failure}")
    return 1 if failures else 0


def _alone(function: Callable[..., Any], bound: inspect.BoundArguments, name: str) -> Callable[[Any], Any]:
    """The function of one of its arguments, the others fixed."""
    others = bound.arguments

    def alone(value: Any) -> Any:
        now = inspect.BoundArguments(bound.signature, OrderedDict(others, **{name: value}))
        return call(function, *now.args, **now.kwargs)  # srcgrad's own code is not recorded unless it asks

    return alone


# From the command line to functions and arguments.


def _gradient(function: Callable[..., Any], argnums: Any) -> Any:
    """The gradient of a function, or the function itself where it was decorated with @grad."""
    return function if hasattr(function, "primal") else api.grad(function, argnums)


def _load(target: str) -> Callable[..., Any]:
    """The function that FILE.py:FUNC names; FUNC may be dotted, FILE.py an importable module's name."""
    file, colon, path = target.rpartition(":")
    if not colon or not file or not path:
        raise UsageError(f"{target!r} is not of the form FILE.py:FUNC")
    found: Any = _import(file)
    for name in path.split("."):
        if not hasattr(found, name):
            near = difflib.get_close_matches(name, [n for n in vars(found) if callable(getattr(found, n))])
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(f"{file} defines no {name}{hint}")
        found = getattr(found, name)
    if not callable(found):
        raise UsageError(f"{path} in {file} is no function")
    return found  # type: ignore[no-any-return]


def _import(file: str) -> ModuleType:
    """Import a file as part of its package, so that its relative imports work."""
    if not os.path.exists(file) and not file.endswith(".py"):
        sys.path.insert(0, os.getcwd())
        if importlib.util.find_spec(file) is None:
            raise UsageError(f"there is no file and no module {file}")
        return importlib.import_module(file)
    if not os.path.isfile(file):
        raise UsageError(f"there is no file {file}")
    path = os.path.abspath(file)
    folder, base = os.path.split(path)
    name = os.path.splitext(base)[0]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        name = package if name == "__init__" else f"{package}.{name}"
    sys.path.insert(0, folder)
    if "." not in name and name in sys.modules:
        name = f"{name}_"  # a file called random.py is not the module random
    elif "." in name:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file} is not a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _evaluate(text: str, function: Callable[..., Any]) -> Arguments:
    """Evaluate `np.ones(3), n=2` in the namespace of the function's module, which may rename np."""

    def collect(*args: Any, **kwargs: Any) -> Arguments:
        return args, kwargs

    primal = inspect.unwrap(function)
    scope: Mapping[str, Any] = {"np": np, **getattr(primal, "__globals__", {}), "_collect": collect}
    try:
        arguments: Arguments = eval(f"_collect({text})", dict(scope))
    except SyntaxError as error:
        raise UsageError(f"--args {text!r} are not arguments of a call: {error.msg}") from error
    try:
        inspect.signature(function).bind(*arguments[0], **arguments[1])
    except TypeError as error:
        raise UsageError(f"--args {text!r}: {error}") from error
    return arguments


def _guess(function: Callable[..., Any]) -> Arguments:
    """The first arguments of a few plain kinds with which the function runs: floats, vectors, matrices."""
    parameters = [
        p for p in inspect.signature(function).parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    choices = [list(_candidates(p, seed)) for seed, p in enumerate(parameters)]
    alike = itertools.zip_longest(*choices)  # all floats, all vectors, … before any mixture
    uniform = (tuple(c[-1] if v is None else v for c, v in zip(choices, row, strict=True)) for row in alike)
    for values in itertools.chain(uniform, itertools.islice(itertools.product(*choices), 300)):
        pairs = list(zip(parameters, values, strict=True))
        args = tuple(value for p, value in pairs if p.kind is not p.KEYWORD_ONLY)
        kwargs = {p.name: value for p, value in pairs if p.kind is p.KEYWORD_ONLY}
        if _runs(function, args, kwargs):
            return args, kwargs
    raise UsageError(f"found no arguments with which {function.__name__} runs; give some with --args")


def _candidates(parameter: inspect.Parameter, seed: int) -> Iterator[Any]:
    """Values to try for a parameter: its default, or what its annotation suggests, or any kind."""
    if parameter.default is not parameter.empty:
        yield parameter.default
        return
    rng = np.random.default_rng(seed)
    annotation = getattr(parameter.annotation, "__name__", str(parameter.annotation))
    if annotation in ("int", "bool", "str"):
        yield {"int": 3, "bool": True, "str": ""}[annotation]
        return
    if annotation in ("complex", "complexfloating"):
        yield complex(*rng.uniform(0.5, 1.5, 2))
        return
    if "ndarray" not in annotation and "NDArray" not in annotation:
        yield float(rng.uniform(0.5, 1.5))
    if annotation != "float":
        yield rng.uniform(0.5, 1.5, 4)
        yield rng.uniform(0.5, 1.5, (4, 4))
    if parameter.annotation is parameter.empty:
        yield 3


def _runs(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call on copies returns something finite that can carry a derivative."""
    arguments = [value.copy() if isinstance(value, np.ndarray) else value for value in args]
    try:
        with np.errstate(all="ignore"):
            results = list(leaves(function(*arguments, **kwargs)))
    except Exception:
        return False  # a wrong guess may fail in any way at all
    return bool(results) and all(np.all(np.isfinite(result)) for result in results)


# What is printed.


def _described(value: Any) -> str:
    """A short name of a value's kind: `float`, `float64 (4, 4)`, `dict`."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__


def _print_table(rows: list[list[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _colorful() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _highlighted(source: str) -> str:
    """Python source with comments in grey, keywords in blue and strings in green."""
    lines = source.splitlines()
    painted = [""] * len(lines)
    done = [0] * len(lines)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        color = _color(token)
        if not color or token.start[0] != token.end[0]:
            continue
        row, start, end = token.start[0] - 1, token.start[1], token.end[1]
        painted[row] += f"{lines[row][done[row] : start]}\x1b[{color}m{lines[row][start:end]}\x1b[0m"
        done[row] = end
    return "\n".join(painted[row] + lines[row][done[row] :] for row in range(len(lines)))


def _color(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.COMMENT:
        return "90"
    if token.type == tokenize.STRING:
        return "32"
    return "34" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else ""
