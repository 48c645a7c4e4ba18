"""Pictures of a graph: boxes for the operations, arrows from the operands to the result.

What enters: tensors. What leaves: text in the DOT language, drawn as SVG where graphviz is installed.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from srcgrad.torch.graph import AccumulateGrad, Node
from srcgrad.torch.tensor import Tensor


class Digraph:
    """A directed graph: `source` is its DOT text, and a notebook shows the picture."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def node(self, name: str, label: str, fillcolor: str | None = None) -> None:
        """Add a box."""
        color = f" fillcolor={fillcolor}" if fillcolor else ""
        self.lines.append(f'\t{name} [label="{label}"{color}]')

    def edge(self, tail: str, head: str) -> None:
        """Add an arrow."""
        self.lines.append(f"\t{tail} -> {head}")

    @property
    def source(self) -> str:
        head = [
            "digraph {",
            '\tgraph [size="12,12"]',
            "\tnode [align=left fontname=monospace fontsize=10 height=0.2 ranksep=0.1 shape=box style=filled]",
        ]
        return "\n".join([*head, *self.lines, "}"]) + "\n"

    def pipe(self, format: str = "svg") -> bytes:
        """The picture, drawn by graphviz's `dot`. Raises FileNotFoundError where that is not installed."""
        dot = shutil.which("dot")
        if dot is None:
            raise FileNotFoundError(
                "graphviz is not installed: there is no command `dot` to draw the graph with. Its text is in `.source`."
            )
        done = subprocess.run([dot, f"-T{format}"], input=self.source.encode(), capture_output=True, check=True)  # noqa: S603
        return done.stdout

    def render(self, filename: str, format: str = "svg") -> str:
        """Write the text to a file, and the picture beside it; the picture's path is returned."""
        with open(filename, "w", encoding="utf-8") as file:
            file.write(self.source)
        path = f"{filename}.{format}"
        picture = self.pipe(format)
        with open(path, "wb") as out:
            out.write(picture)
        return path

    def _repr_svg_(self) -> str | None:
        return self.pipe().decode() if shutil.which("dot") else None

    def __str__(self) -> str:
        return self.source


def make_dot(
    var: Any, params: Mapping[str, Any] | None = None, show_attrs: bool = False, show_saved: bool = False
) -> Digraph:
    """The graph behind tensors: leaves in blue, under their names in `params`, operations grey, results green.

    >>> import srcgrad.torch as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> print("MulBackward0" in make_dot((x * x).sum()).source)
    True
    """
    names = {id(t): name for name, t in (params or {}).items()}
    dot = Digraph()
    numbers: dict[int, str] = {}

    def name_of(thing: Any) -> str:
        return numbers.setdefault(id(thing), f"n{len(numbers)}")

    def size(t: Any) -> str:
        return "(" + ", ".join(str(n) for n in t._a.shape) + ")"

    seen: set[Node] = set()

    def add(node: Node) -> None:
        stack = [node]
        while stack:
            current = stack.pop()
            if current in seen:
                continue
            seen.add(current)
            if isinstance(current, AccumulateGrad):
                leaf = current.variable
                if leaf is None:
                    dot.node(name_of(current), "AccumulateGrad")
                    continue
                label = f"{names.get(id(leaf), '')}\\n {size(leaf)}"
                dot.node(name_of(leaf), label, "lightblue")
                dot.node(name_of(current), "AccumulateGrad")
                dot.edge(name_of(leaf), name_of(current))
                continue
            label = type(current).__name__
            if show_attrs:
                kept = [name for name, _ in _saved(current)]
                label += "\\n" + "-" * 20 + "".join(f"\\n{n}" for n in kept)
            dot.node(name_of(current), label)
            if show_saved:
                for name, value in _saved(current):
                    dot.node(name_of(value), f"{name}\\n {tuple(value.shape)}", "orange")
                    dot.edge(name_of(value), name_of(current))
            for origin, _ in current.next_functions:
                if origin is not None:
                    dot.edge(name_of(origin), name_of(current))
                    stack.append(origin)

    for t in var if isinstance(var, (tuple, list)) else (var,):
        assert isinstance(t, Tensor)
        node = t.grad_fn
        if node is None:
            dot.node(name_of(t), f"{names.get(id(t), '')}\\n {size(t)}", "darkolivegreen1")
            continue
        add(node)
        dot.node(name_of(t), f"{names.get(id(t), '')}\\n {size(t)}", "darkolivegreen1")
        dot.edge(name_of(node), name_of(t))
    return dot


def _saved(node: Any) -> list[tuple[str, Any]]:
    plan = getattr(node, "plan", None)
    saved = getattr(node, "saved", None)
    if plan is None or saved is None:
        return []
    return [
        (name, value)
        for (_, name, shape), value in zip(plan.entries, saved, strict=True)
        if not shape and hasattr(value, "shape")
    ]
