"""A generated module's text with its head: the imports and constants that it reads.

    import numpy as np

    RATE = 0.3                  # the user's global, as it was

    def loss_grad(x): …
"""

from __future__ import annotations

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
    head = "\n\n".join("\n".join(part) for part in (sorted(imports), constants) if part)
    return f"{head}\n\n\n" * bool(head) + "\n".join(lines)


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
        home = getattr(value, "__module__", None)
        own = getattr(value, "__name__", None)
        if type(value) is np.ufunc:
            home = "numpy"
        if home and own and "<" not in own:
            return f"from {home} import {own}" + (f" as {name}" if own != name else "")
    return None


def literal(value: Any) -> str | None:
    """A constant as text, or None for what has none."""
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, dtype={str(value.dtype)!r})" if value.size <= 1000 else None
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, float) and value != value:
        return 'float("nan")'
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    if isinstance(value, (bool, int, float, complex, str, type(None))):
        return repr(value)
    if isinstance(value, type):
        return _TYPES.get(value)
    if isinstance(value, (tuple, list)) and all(literal(v) is not None for v in value):
        inner = ", ".join(str(literal(v)) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if isinstance(value, dict) and all(literal(v) is not None for pair in value.items() for v in pair):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return None


_TYPES: dict[Any, str] = {t: t.__name__ for t in (float, int, bool, str, complex, tuple, list, dict)} | {
    type(None): "type(None)",
    np.bool_: "np.bool_",
    **{t: f"np.{t.__name__}" for t in (np.float64, np.float32, np.int64)},
}
