"""A generated module's text with its head: the imports and constants that it reads.

import numpy as np

RATE = 0.3                  # the user's global, as it was

def loss_grad(x): …
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np


def module_text(source: str, bindings: dict[str, Any]) -> str:
    """The text with a line for each name that it reads from elsewhere."""
    lines = source.split("\n")
    imports = {line for name, value in bindings.items() if (line := import_line(name, value))}
    while lines and lines[0].startswith(("import ", "from ")):
        imports.add(lines.pop(0))
    while lines and not lines[0]:
        lines.pop(0)
    constants = [f"{name} = {text}" for name, value in bindings.items() if (text := literal(value)) is not None]
    head = "\n\n".join("\n".join(part) for part in (*sections(imports), constants) if part)
    return f"{head}\n\n\n" * bool(head) + "\n".join(lines)


def sections(imports: Iterable[str]) -> list[list[str]]:
    """Import lines in the customary order: the standard library, other packages, srcgrad."""
    found: list[list[str]] = [[], [], []]
    for line in sorted(imports, key=lambda line: (line.startswith("from"), line)):
        root = line.split()[1].partition(".")[0]
        found[2 if root == "srcgrad" else 0 if root in sys.stdlib_module_names else 1].append(line)
    return [section for section in found if section]


def import_line(name: str, value: Any) -> str | None:
    """The import that binds a module or a function to the name."""
    if isinstance(value, ModuleType):
        parent, _, last = value.__name__.rpartition(".")
        if value.__name__ == name:
            return f"import {name}"
        if last == name and parent:
            return f"from {parent} import {name}"
        return f"import {value.__name__} as {name}"
    if isinstance(value, (FunctionType, type)) or callable(value):
        own = getattr(value, "__name__", None)
        home = _home(value, own) if own else None
        if home and own and "<" not in own:
            return f"from {home} import {own}" + (f" as {name}" if own != name else "")
    return None


def _home(value: Any, own: str) -> str | None:
    """The module that a function is imported from: of ufuncs, which do not say, and instead of a private module."""
    if type(value) is np.ufunc:
        homes = ["numpy", "scipy.special"]
        return next((home for home in homes if getattr(sys.modules.get(home), own, None) is value), None)
    home: str | None = getattr(value, "__module__", None)
    parts = (home or "").split(".")
    public = ".".join(itertools.takewhile(lambda part: not part.startswith("_"), parts))
    return public if public and getattr(sys.modules.get(public), own, None) is value else home


def literal(value: Any) -> str | None:
    """A constant as text, or None for what has none."""
    if type(value) is np.ndarray:
        if value.size > 1000 or value.dtype.kind not in "biufc":
            return None
        elements = re.sub(r"\b(nan|inf)\b", r"np.\1", repr(value.tolist()))
        return f'np.array({elements}, dtype="{value.dtype}")'
    if isinstance(value, np.generic):
        inner = literal(value.item())
        return None if inner is None else f"np.{type(value).__name__}({inner})"
    if type(value) is float and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")'
    if type(value) is str:
        return json.dumps(value, ensure_ascii=False)
    if type(value) in (bool, int, float, complex, type(None)):
        return repr(value)
    if isinstance(value, type):
        return _TYPES.get(value)
    if type(value) in (tuple, list) and all(literal(v) is not None for v in value):
        inner = ", ".join([str(literal(v)) for v in value])
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if type(value) is dict and all(literal(v) is not None for pair in value.items() for v in pair):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return None


_TYPES: dict[Any, str] = {
    **{t: t.__name__ for t in (float, int, bool, str, complex, tuple, list, dict)},
    **{t: f"np.{t.__name__}" for t in (np.float64, np.float32, np.int64, np.bool_)},
    type(None): "type(None)",
}
