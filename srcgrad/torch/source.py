"""The graph behind a tensor as one Python function: its forward sweep, then its backward sweep.

What enters: a tensor. What leaves: readable source, and the function that it defines. Every statement of the
backward sweep is the text of the rule table's entry, with the names of the graph's values in place of the rule's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from srcgrad.torch.graph import AccumulateGrad, Node
from srcgrad.torch.plan import Ghost
from srcgrad.torch.tensor import Tensor


def adjoint_source(tensor: Tensor, names: Mapping[str, Tensor] | None = None) -> str:
    """The forward and backward sweep that the graph of a tensor performs, as the source of one function.

    The function takes the leaves (under their names in `names`, else x, x_1, …) and what the graph does not hold:
    arrays that need no gradient (c, c_1, …), and for an operation whose backward is Python code of its own, such as a
    custom Function or a write into a view, its results and a function from their cotangents to those of its operands.
    It returns the value, and a tuple of the gradients of the leaves. Raises RuntimeError for a tensor without a graph.

    >>> import srcgrad.torch as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> print(adjoint_source((x * x).sum(), {"x": x}))
    import numpy as np
    from srcgrad.torch.kernels.reductions import spread_out, total
    <BLANKLINE>
    <BLANKLINE>
    def value_and_gradients(x):  # float32[2]
        sum_1 = total(x * x)
    <BLANKLINE>
        sum_1_bar = np.ones_like(sum_1)
        # SumBackward0
        mul_bar = spread_out(sum_1_bar, (2,))
        # MulBackward0
        x_bar = mul_bar * x
        x_bar = x_bar + mul_bar * x
        return sum_1, (x_bar,)
    <BLANKLINE>
    """
    from srcgrad.torch.compiling.capture import ordered
    from srcgrad.torch.compiling.forward import Forward, unused
    from srcgrad.torch.compiling.program import Program
    from srcgrad.torch.compiling.rendering import Imports, tuple_of
    from srcgrad.torch.compiling.reverse import Reverse, Scope
    from srcgrad.torch.compiling.writing import Argument, size

    root = tensor.grad_fn
    if root is None:
        raise RuntimeError("the tensor has no graph: it is a leaf or does not require a gradient")
    reading = _reading()
    graph = reading(names or {})
    for node in (nodes := ordered([root])):
        graph.reserve(node)
    for node in nodes:
        if isinstance(node, AccumulateGrad):
            graph.leaf(node)
    for node in nodes:
        if not isinstance(node, AccumulateGrad):
            graph.enter_node(node)
    result = graph.places[id(root), tensor._output]
    imports = Imports(graph.names.used, graph.names.functions)
    reverse = Reverse(imports, Argument(graph))
    scope = Scope({*graph.inputs, *graph.block.defined()}, owned={result: False})
    reverse.block(graph.block, scope)
    program = Program("", graph.inputs, graph.block, [result], {}, graph.names)
    unused(program, reverse.read)
    ahead = Forward(program, reverse.read, imports, graph.literal).block(graph.block)
    gradients = [f"{v.name}_bar" if v in scope.owned else f"np.zeros_like({v.name})" for v in graph.leaves]
    head = f"def value_and_gradients({', '.join(v.name for v in graph.inputs)}):"
    body = [*ahead, "", f"{result.name}_bar = np.ones_like({result.name})", *scope.lines]
    body.append(f"return {result.name}, {tuple_of(gradients)}")
    sizes = ", ".join(size(v) if v.shape is not None else "function" for v in graph.inputs)
    lines = [*imports.text(), "", "", f"{head}  # {sizes}", *(f"    {line}" if line else "" for line in body)]
    return "\n".join(lines) + "\n"


def _reading() -> Any:
    """The class that turns the nodes of a graph into statements; made late, since it stands on the compiler."""
    from srcgrad.torch.compiling.capture import Samples
    from srcgrad.torch.compiling.program import Names, Recorded, Value, either
    from srcgrad.torch.compiling.rendering import base_name, reserve
    from srcgrad.torch.nn.functional.batching import SingleNode
    from srcgrad.torch.operation import OperationNode

    class Reading(Samples):
        """A graph as a program."""

        def __init__(self, names: Mapping[str, Tensor]) -> None:
            super().__init__(Names())
            self.given = {id(t): name for name, t in names.items()}
            self.places: dict[tuple[int, int], Value] = {}
            self.inputs: list[Value] = []
            self.leaves: list[Value] = []

        def reserve(self, node: Node) -> None:
            """Keep the names of what a node's statements call."""
            if isinstance(node, OperationNode):
                reserve(node, self.names)

        def argument(self, wanted: str, shape: Any, dtype: Any, needs: bool = False) -> Value:
            """A further argument of the function."""
            value = Value(self.names.fresh(wanted), shape, dtype, needs)
            self.inputs.append(value)
            return value

        def leaf(self, node: AccumulateGrad) -> None:
            """A leaf is an argument, and has a gradient."""
            shape, dtype = node.outputs[0]
            value = self.argument(self.given.get(id(node.variable), "x"), shape, np.dtype(dtype), True)
            self.places[id(node), 0] = value
            self.leaves.append(value)

        def _argument(self, value: Any) -> Any:
            if isinstance(value, Ghost):
                return self.argument("c", value.shape, np.dtype(value.dtype))
            return super()._argument(value)

        def enter_node(self, node: Node) -> None:
            """The statements of a node."""
            self.origin = node.name()
            if isinstance(node, OperationNode) and not isinstance(node, SingleNode) and not node.complex:
                self._node(node, self.places)
            else:
                self.without_text(node)

        def without_text(self, node: Node) -> None:
            """A node whose backward is no text: its results and its backward are arguments."""
            base = re.sub(r"\W", "_", base_name(node).rpartition("::")[2]) or "result"
            operands = [None if origin is None else self.places[id(origin), k] for origin, k in node.next_functions]
            needs = bool(either(*(v.needs for v in operands if v is not None)))
            targets = []
            for k, (shape, dtype) in enumerate(node.outputs):
                value = self.argument(base if len(node.outputs) == 1 else f"{base}_{k}", shape, np.dtype(dtype), needs)
                self.places[id(node), k] = value
                targets.append(value)
            backward = self.argument(f"{targets[0].name}_backward", None, None)
            self.emit(Recorded(targets, backward, "", (), operands))

    return Reading


def compiled(source: str) -> Any:
    """The function that a source defines."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "<adjoint of a graph>", "exec"), namespace)
    return namespace["value_and_gradients"]
