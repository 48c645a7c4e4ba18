"""A program as the text of a module: its forward sweep, and its backward sweep where one is wanted.

What enters: a program. What leaves: readable source and the two functions that it defines,

    forward(inputs…) -> outputs, kept
    backward(kept, output_bars…) -> input_bars
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcgrad.torch.compiling.capture import Samples
from srcgrad.torch.compiling.forward import Forward, unused
from srcgrad.torch.compiling.program import Number, Program, Value
from srcgrad.torch.compiling.rendering import Imports, tuple_of
from srcgrad.torch.compiling.reverse import Reverse, Scope


@dataclass
class Written:
    """The text of a program and its functions."""

    source: str
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    kept: list[Value]


def write(program: Program, samples: Samples) -> Written:
    """The text of a program, and what it defines."""
    imports = Imports(program.names.used, program.names.functions)
    texts = Argument(samples)
    active = _distinct([o for o in program.outputs if isinstance(o, Value) and o.needs])
    unused(program, set())
    reverse = Reverse(imports, texts)
    scope = Scope({*program.inputs, *program.block.defined()})
    for out in active:
        scope.owned[out] = False
    if active:
        reverse.block(program.block, scope)
    unused(program, reverse.read)
    forward = Forward(program, reverse.read, imports, samples.literal)
    ahead = forward.block(program.block)
    kept = [v for v in [*program.inputs, *program.block.defined()] if v in reverse.read]
    outputs = tuple_of([o.name if isinstance(o, Value) else o.text for o in program.outputs])
    packed = tuple_of([v.name for v in kept])
    sizes = ", ".join(size(v) for v in program.inputs)
    head = f"def {program.name}_forward({', '.join(v.name for v in program.inputs)}):"
    body = [*ahead, f"return {outputs}, {packed}"]
    parts = [[f"{head}  # {sizes}" if sizes else head, *(f"    {line}" for line in body)]]
    if active:
        lines = [f"{packed if len(kept) == 1 else packed[1:-1]} = kept"] if kept else []
        lines += scope.lines
        bars = [f"{v.name}_bar" if v in scope.owned else reverse.zeros(v) for v in program.inputs if v.needs]
        lines.append(f"return {tuple_of(bars)}")
        head = f"def {program.name}_backward({', '.join(['kept', *(f'{v.name}_bar' for v in active)])}):"
        parts.append([head, *(f"    {line}" for line in lines)])
    source = "\n\n\n".join("\n".join(part) for part in ([*imports.text(), *_constants(samples, parts)], *parts)) + "\n"
    namespace = _run(source, {**imports.objects, **samples.constants}, program.name)
    return Written(source, namespace[f"{program.name}_forward"], namespace.get(f"{program.name}_backward"), kept)


class Argument:
    """An argument of an operation as the backward sweep reads it."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples

    def __call__(self, a: Any) -> str:
        if isinstance(a, Value):
            return a.name
        if isinstance(a, list) and any(isinstance(v, Value) for v in a):
            return "[" + ", ".join(self(v) for v in a) + "]"
        return self.samples.literal(a)


def size(v: Value) -> str:
    """The dtype and shape of a value, for people to read."""
    return f"{np.dtype(v.dtype).name}{list(v.shape or ())}" if v.shape is not None else getattr(v.dtype, "__name__", "")


def _distinct(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _constants(samples: Samples, parts: list[list[str]]) -> list[str]:
    """The constants that the text reads: as text where they are arrays of few elements."""
    words = {w for part in parts for line in part for w in _words(line)}
    lines = []
    for name, value in samples.constants.items():
        if name not in words:
            continue
        if not isinstance(value, np.ndarray):
            lines.append(f"# {name}: {getattr(value, '__name__', value)!s}, one call of the operation on arrays")
        elif not value.size or not np.isfinite(value).all():
            lines.append(f"# {name}: a constant {value.dtype.name}{list(value.shape)}")
        elif not value.any():
            lines.append(f"{name} = np.zeros({value.shape!r}, np.{value.dtype.name})")
        elif (value == value.flat[0]).all():
            lines.append(f"{name} = np.full({value.shape!r}, {value.flat[0].item()!r}, np.{value.dtype.name})")
        elif value.size <= 32:
            lines.append(f"{name} = np.array({value.tolist()!r}, np.{value.dtype.name})")
        else:
            lines.append(f"# {name}: a constant {value.dtype.name}{list(value.shape)}")
    return ["", *lines] if lines else []


def _words(line: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in line).split())


def _run(source: str, namespace: dict[str, Any], name: str) -> dict[str, Any]:
    filename = f"<torch.compile {name} {id(namespace):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    made = dict(namespace)
    made["__name__"] = "srcgrad.torch.generated"
    exec(compile(source, filename, "exec"), made)
    return made


__all__ = ["Number", "Written", "size", "write"]
