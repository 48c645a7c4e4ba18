"""The graph behind a tensor as one Python function: its forward sweep, then its backward sweep.

What enters: a tensor. What leaves: readable source, and the function that it defines. Every statement of the
backward sweep is the text of the rule table's entry, with the names of the graph's values in place of the rule's.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from srcgrad.rules import support
from srcgrad.torch.graph import AccumulateGrad, Node
from srcgrad.torch.plan import Ghost
from srcgrad.torch.primitive import OperationNode
from srcgrad.torch.tensor import Tensor

_OPERATORS: dict[Any, str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
    np.matmul: "@",
    np.power: "**",
}


class _Writer:
    """Names for the values of a graph, and the imports that its statements need."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.given = {id(t): name for name, t in names.items()}
        self.values: dict[tuple[int, int], str] = {}
        self.used: set[str] = {"np", *dir(builtins)}
        self.imports: dict[str, str] = {"np": "import numpy as np"}
        self.arguments: list[tuple[str, str]] = []

    def fresh(self, wanted: str) -> str:
        wanted = re.sub(r"\W", "_", wanted) or "value"
        name, k = wanted, 1
        while name in self.used:
            name, k = f"{wanted}_{k}", k + 1
        self.used.add(name)
        return name

    def leaf(self, node: AccumulateGrad) -> str:
        key = (id(node), 0)
        if key not in self.values:
            shape, dtype = node.outputs[0]
            name = self.fresh(self.given.get(id(node.variable), "x"))
            self.values[key] = name
            self.arguments.append((name, f"{np.dtype(dtype).name}{list(shape)}"))
        return self.values[key]

    def constant(self, value: Any) -> str:
        """An argument that has no edge: a literal, or a further argument of the function where it is an array."""
        if isinstance(value, Ghost):
            name = self.fresh("c")
            self.arguments.append((name, _size(value)))
            return name
        if isinstance(value, list):
            return "[" + ", ".join(self.constant(v) for v in value) + "]"
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not np.isfinite(value):
            return f"float({str(value)!r})"
        return repr(value)

    def function(self, f: Any) -> str:
        """How a statement calls a function, which is imported if need be."""
        name: str = f.__name__
        if getattr(np, name, None) is f:
            return f"np.{name}"
        line = f"from {f.__module__} import {name}"
        if self.imports.get(name, line) != line:
            alias = self.fresh(name)
            self.imports[alias] = f"{line} as {alias}"
            return alias
        self.imports[name] = line
        self.used.add(name)
        return str(name)


def _size(a: Any) -> str:
    return f"{np.dtype(a.dtype).name}{list(a.shape)}"


def _ordered(root: Node) -> list[Node]:
    seen: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(origin for origin, _ in node.next_functions if origin is not None)
    return sorted(seen, key=lambda n: n.sequence)


def adjoint_source(tensor: Tensor, names: Mapping[str, Tensor] | None = None) -> str:
    """The forward and backward sweep that the graph of a tensor performs, as the source of one function.

    The function takes the leaves (under their names in `names`, else x, x_1, …) and the arrays that the
    graph does not hold (c, c_1, …), and returns the value and the gradient of each leaf. Raises
    RuntimeError for a tensor without a graph, and for one with nodes that no rule describes.

    >>> import srcgrad.torch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> print(adjoint_source((x * x).sum(), {"x": x}))
    import numpy as np
    from srcgrad.torch.kernels.reductions import spread_out, total
    <BLANKLINE>
    <BLANKLINE>
    def value_and_gradients(x):  # float32[2]
        mul = x * x
        sum_1 = total(mul)
    <BLANKLINE>
        sum_1_bar = np.ones_like(sum_1)
        # SumBackward0
        mul_bar = spread_out(sum_1_bar, mul.shape)
        # MulBackward0
        x_bar = mul_bar * x
        x_bar = x_bar + mul_bar * x
        return sum_1, (x_bar,)
    <BLANKLINE>
    """
    root = tensor.grad_fn
    if root is None:
        raise RuntimeError("the tensor has no graph: it is a leaf or does not require a gradient")
    writer = _Writer(names or {})
    nodes = _ordered(root)
    forward: list[str] = []
    operands: dict[Node, list[str]] = {}
    for node in nodes:
        if isinstance(node, OperationNode):
            _reserve(node, writer)
    for node in nodes:
        if isinstance(node, AccumulateGrad):
            writer.leaf(node)
    for node in nodes:
        if isinstance(node, AccumulateGrad):
            continue
        if not isinstance(node, OperationNode):
            raise RuntimeError(f"{node.name()} has no rule in the table: its backward is Python code of its own")
        forward.append(_forward(node, writer, operands))
    result = writer.values[id(root), tensor._output]
    backward = [f"{result}_bar = np.ones_like({result})"]
    known = {f"{result}_bar"}
    for node in reversed(nodes):
        if isinstance(node, OperationNode):
            backward += _backward(node, writer, operands[node], known)
    leaves = [writer.values[id(n), 0] for n in nodes if isinstance(n, AccumulateGrad)]
    returned = ", ".join(f"{name}_bar" if f"{name}_bar" in known else f"np.zeros_like({name})" for name in leaves)
    head = f"def value_and_gradients({', '.join(name for name, _ in writer.arguments)}):"
    sizes = ", ".join(size for _, size in writer.arguments)
    body = [*forward, "", *backward, f"return {result}, ({returned},)"]
    lines = [*_imports(writer), "", "", f"{head}  # {sizes}", *(f"    {line}" if line else "" for line in body)]
    return "\n".join(lines) + "\n"


def _reserve(node: OperationNode, writer: _Writer) -> None:
    """Import what the statements of a node call, so that no value takes its name."""
    if node.primitive.kernel not in _OPERATORS:
        writer.function(node.primitive.kernel)
    for name in node.plan.names:
        _substituted(node.plan.rule.vjp[name], {}, node.plan.rule.scope, writer)


def _imports(writer: _Writer) -> list[str]:
    plain = sorted(line for line in writer.imports.values() if line.startswith("import"))
    by_module: dict[str, list[str]] = {}
    for line in writer.imports.values():
        if line.startswith("from"):
            module, _, name = line.removeprefix("from ").partition(" import ")
            by_module.setdefault(module, []).append(name)
    return [
        *plain,
        *(f"from {module} import {', '.join(sorted(found))}" for module, found in sorted(by_module.items())),
    ]


def _forward(node: OperationNode, writer: _Writer, operands: dict[Node, list[str]]) -> str:
    """The statement that computed a node's result; the texts of all its arguments are kept for its backward."""
    edges = iter(node.edges)
    primitive = node.primitive
    texts: list[str] = []
    constants = node.constants or (None,) * len(node.edges)
    for place, value in enumerate(constants):
        if place not in primitive.places:
            texts.append(writer.constant(value))
            continue
        members = value if isinstance(value, list) else [value]
        found = []
        for member in members:
            origin, number = next(edges)
            found.append(_origin(writer, origin, number) if origin is not None else writer.constant(member))
        texts.append("[" + ", ".join(found) + "]" if isinstance(value, list) else found[0])
    operands[node] = texts
    base = re.sub(r"Backward\d*$", "", node.name())
    base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base).lower()
    targets = [writer.fresh(base if len(node.outputs) == 1 else f"{base}_{k}") for k in range(len(node.outputs))]
    for k, target in enumerate(targets):
        writer.values[id(node), k] = target
    symbol = _OPERATORS.get(primitive.kernel)
    if symbol is not None and len(texts) == 2:
        call = f"{texts[0]} {symbol} {texts[1]}"
    else:
        call = f"{writer.function(primitive.kernel)}({', '.join(texts)})"
    return f"{', '.join(targets)} = {call}"


def _origin(writer: _Writer, origin: Node, number: int) -> str:
    return writer.leaf(origin) if isinstance(origin, AccumulateGrad) else writer.values[id(origin), number]


def _backward(node: OperationNode, writer: _Writer, texts: list[str], known: set[str]) -> list[str]:
    """The statements that pass a node's cotangent on."""
    targets = [writer.values[id(node), k] for k in range(len(node.outputs))]
    bars = [f"{t}_bar" for t in targets]
    if not any(bar in known for bar in bars):
        return []
    lines = [f"# {node.name()}"]
    if len(bars) > 1:
        filled = [bar if bar in known else f"np.zeros_like({t})" for bar, t in zip(bars, targets, strict=True)]
        y_bar, y = f"({', '.join(filled)})", f"({', '.join(targets)})"
    else:
        y_bar, y = bars[0], targets[0]
    parameters = list(node.plan.rule.signature.parameters)
    given = dict(zip(parameters, texts, strict=False))
    for name, default in zip(parameters, node.primitive.defaults, strict=True):
        given.setdefault(name, repr(default))
    elementwise = node.plan.rule.shape == "elementwise"
    start = 0
    spans: dict[str, range] = {}
    for name, count in zip(node.primitive.operands, node.counts or (1,) * len(node.primitive.operands), strict=True):
        spans[name] = range(start, start + count)
        start += count
    for name in node.plan.names:
        text = _substituted(node.plan.rule.vjp[name], {**given, "y": y, "y_bar": y_bar}, node.plan.rule.scope, writer)
        if len(spans[name]) > 1:
            parts = writer.fresh(f"{targets[0]}_parts")
            lines.append(f"{parts} = {text}")
            text = parts
        for j, k in enumerate(spans[name]):
            origin, number = node.edges[k]
            if origin is None:
                continue
            value = _origin(writer, origin, number)
            part = f"{text}[{j}]" if len(spans[name]) > 1 else text
            meta = node.inputs[k]
            if elementwise and meta is not None and meta[0] != node.outputs[0][0]:
                part = f"{writer.function(support.unbroadcast)}({part}, {value})"
            bar = f"{value}_bar"
            if " if " in part and bar in known:
                part = f"({part})"
            lines.append(f"{bar} = {bar} + {part}" if bar in known else f"{bar} = {part}")
            known.add(bar)
    return lines


def _substituted(text: str, given: Mapping[str, str], scope: Mapping[str, Any], writer: _Writer) -> str:
    """A rule's text with other names; the functions that it calls are imported."""
    tree = ast.parse(text.strip() or "0.0", mode="eval")

    class Rename(ast.NodeTransformer):
        def visit_IfExp(self, e: ast.IfExp) -> ast.expr:
            test = self.visit(e.test)
            if all(isinstance(part, (ast.Compare, ast.Constant, ast.cmpop)) for part in ast.walk(test)):
                chosen = eval(compile(ast.Expression(ast.fix_missing_locations(test)), "<test>", "eval"))
                return self.visit(e.body if chosen else e.orelse)  # type: ignore[no-any-return]
            return ast.IfExp(test, self.visit(e.body), self.visit(e.orelse))

        def visit_Name(self, e: ast.Name) -> ast.expr:
            if e.id in given:
                return ast.parse(given[e.id], mode="eval").body
            found: Any = scope.get(e.id)
            if callable(found) and hasattr(found, "__module__"):
                return ast.parse(writer.function(found), mode="eval").body
            if getattr(found, "__name__", None) in sys.modules and e.id != "np":
                writer.imports[e.id] = f"import {found.__name__}" + ("" if found.__name__ == e.id else f" as {e.id}")
            return e

    return ast.unparse(Rename().visit(tree))


def compiled(source: str) -> Any:
    """The function that a source defines."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<adjoint of a graph>", "exec"), namespace)
    return namespace["value_and_gradients"]
