"""What makes the nodes of an operation and runs them backward, written out for each pattern of operands.

What enters: a primitive, and of each argument whether it is a tensor that needs a gradient, another tensor, or no
tensor. What leaves: a class of nodes whose backward is one function, and a function that makes such a node.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from srcgrad.torch.graph import next_sequence
from srcgrad.torch.plan import Ghost, Plan
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.tensor import Version, edge_of

if TYPE_CHECKING:
    from srcgrad.torch.primitive import Primitive

NEEDED, TENSOR, OTHER = 1, 2, 3  # a tensor that needs a gradient, one that does not, anything else
NO_EDGE = (None, 0)
_ndarray = np.ndarray
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def plan_of(primitive: Primitive, names: list[str]) -> Plan:
    """The plan of a primitive for the operands that need a gradient."""
    bits = sum(1 << k for k, name in enumerate(primitive.operands) if name in names)
    plan = primitive.plans.get(bits)
    if plan is None:
        plan = primitive.plans[bits] = Plan(primitive.rule, primitive.name, names)
    return plan


def node_kind(primitive: Primitive, plan: Plan, base: type[Any], fitted: Callable[..., Any]) -> type[Any]:
    """The class of the nodes of a plan: `run` is the plan's function with what stands around it written out.

    For MulBackward0 of which both operands need a gradient:

        def run(self, y_bar):
            saved_of = self.saved
            if saved_of is None or self.unusual: return usual_run(self, y_bar)
            for version_of, count_of, _ in self.checks:
                if version_of.count != count_of: self.kept()
            x1, x2 = saved_of
            x1_bar = y_bar * (x2)
            x2_bar = y_bar * (x1)
            meta_of = self.inputs
            shape_of, dtype_of = meta_of[0]
            if x1_bar.__class__ is not ndarray or x1_bar.shape != shape_of or x1_bar.dtype is not dtype_of:
                x1_bar = fitted(x1_bar, shape_of, dtype_of)
            …
            return (x1_bar, x2_bar)
    """
    fields: dict[str, Any] = {"plan": plan, "single": True}
    names = [name for _, name, _ in plan.entries]
    lines = [
        "saved_of = self.saved",
        "if saved_of is None or self.unusual: return usual_run(self, y_bar)",
    ]
    if plan.keeps_values:
        lines += [
            "for version_of, count_of, _ in self.checks:",
            "    if version_of.count != count_of: self.kept()",
        ]
    if names:
        lines.append(f"{', '.join(names)}, = saved_of")
    lines += ast.unparse(ast.parse(plan.source).body[0].body[:-1]).splitlines()  # type: ignore[attr-defined]
    lines.append("meta_of = self.inputs")
    for name in plan.names:
        lines += [
            f"shape_of, dtype_of = meta_of[{primitive.operands.index(name)}]",
            f"if {name}_bar.__class__ is not ndarray_of or {name}_bar.shape != shape_of or {name}_bar.dtype is not dtype_of:",
            f"    {name}_bar = fitted_of({name}_bar, shape_of, dtype_of)",
        ]
    grads = "".join(f"{name}_bar, " if name in plan.names else "None, " for name in primitive.operands)
    lines.append(f"return ({grads})")
    scope = {**plan.rule.scope, "usual_run": base.run, "ndarray_of": _ndarray, "fitted_of": fitted}
    fields["run"] = _defined("def run(self, y_bar):", lines, scope)
    fields["release"] = _let_go if plan.keeps_values else _keep
    fields["__slots__"] = ()
    return type(primitive.name, (base,), fields)


def _let_go(self: Any) -> None:
    """Let go of what was saved."""
    self.saved = None


def _keep(self: Any) -> None:
    """Only shapes were saved."""


def maker(primitive: Primitive, base: type[Any], kinds: Sequence[int], after: dict[str, Any]) -> Callable[..., Any]:
    """What makes the node of a call and hangs it on the result, written out for the kinds of the arguments.

    The function takes the arguments, what the kernel was given for each, and the result. For a product of tensors:

        def enter(x0, x1, a0, a1, t):
            node = new(kind)
            origin0 = x0._node
            edge0 = (origin0, x0._output) if origin0 is not None and not x0._stale else edge_of(x0) or NO_EDGE
            own0 = x0._a
            dtype0 = own0.dtype
            …
            node.sequence = count()
            node.edges = (edge0, edge1, )
            node.inputs = ((own0.shape, dtype0), (own1.shape, dtype1), )
            y = t._a
            dtype = y.dtype
            node.saved = [a0, a1]
            if x0._inference or x1._inference: refuse()
            version0 = x0._counter or x0._writes
            …
            node.checks = ((version0, version0.count, 0), (version1, version1.count, 1), )
            node.outputs = ((y.shape, dtype), )
            if dtype is not float32 and dtype is not float64 or dtype0 is not dtype or dtype1 is not dtype:
                mark(node, dtype, dtype0, dtype1)
            t._node = node
            t._needs = True
            if EXTRAS: extra(node)
            return node

    A node is counted after its edges: the history of a stale view is made anew for its edge, and must be older.
    """
    n = len(kinds)
    needed = [p for p in primitive.places if p < n and kinds[p] == NEEDED]
    plan = plan_of(primitive, [o for o, p in zip(primitive.operands, primitive.places, strict=True) if p in needed])
    lines = ["node = new(kind)"]
    for k in needed:
        lines += [
            f"origin{k} = x{k}._node",
            (
                f"edge{k} = (origin{k}, x{k}._output) if origin{k} is not None and not x{k}._stale "
                f"else edge_of(x{k}) or NO_EDGE"
            ),
            f"own{k} = x{k}._a",
            f"dtype{k} = own{k}.dtype",
        ]
    lines += [
        "node.sequence = count()",
        f"node.edges = ({''.join(f'edge{p}, ' if p in needed else 'NO_EDGE, ' for p in primitive.places)})",
        f"node.inputs = ({''.join(f'(own{p}.shape, dtype{p}), ' if p in needed else 'None, ' for p in primitive.places)})",
        "y = t._a",
        "dtype = y.dtype",
    ]
    scope: dict[str, Any] = {
        "new": object.__new__, "kind": node_kind(primitive, plan, base, after["fitted"]), "count": next_sequence, "edge_of": edge_of,
        "NO_EDGE": NO_EDGE, "Ghost": Ghost, "Version": Version, "float32": _FLOAT32, "float64": _FLOAT64,
        "mark": _mark, "EXTRAS": EXTRAS, "plan": plan, "shaped": shaped, **after,
    }  # fmt: skip
    saved, checked = [], []
    for place, _, shape_only in plan.entries:
        if place >= n:
            scope[f"a{place}"] = shaped(primitive.defaults[place]) if shape_only else primitive.defaults[place]
            saved.append(f"a{place}")
        elif shape_only:
            value = "y" if place < 0 else f"a{place}"
            saved.append(f"shaped({value})" if place >= 0 and kinds[place] == OTHER else f"Ghost({value})")
        else:
            saved.append("y" if place < 0 else f"a{place}")
            if place < 0 or kinds[place] != OTHER:
                checked.append(place)
    lines.append(f"node.saved = [{', '.join(saved)}]")
    if checked:
        tensors = ["t" if p < 0 else f"x{p}" for p in checked]
        lines.append(f"if {' or '.join(f'{x}._inference' for x in tensors)}: refuse()")
        lines += [f"version_{x} = {x}._counter or {x}._writes" for x in tensors]
        pairs = zip(tensors, checked, strict=True)
        lines.append(f"node.checks = ({''.join(f'(version_{x}, version_{x}.count, {p}), ' for x, p in pairs)})")
    if any(kind != NEEDED for kind in kinds):
        lines.append(f"node.constants = ({''.join(_CONSTANT[kind].format(k) for k, kind in enumerate(kinds))})")
    if primitive.view:
        lines.append("node.plan = plan")
    lines += [
        "node.outputs = ((y.shape, dtype), )",
        (
            "if dtype is not float32 and dtype is not float64"
            + "".join(f" or dtype{k} is not dtype" for k in needed)
            + f": mark(node, dtype, {''.join(f'dtype{k}, ' for k in needed)})"
        ),
        "t._node = node",
        "t._needs = True",
        "if EXTRAS: extra(node)",
        "return node",
    ]
    parameters = ", ".join([*(f"x{k}" for k in range(n)), *(f"a{k}" for k in range(n)), "t"])
    return _defined(f"def enter({parameters}):", lines, scope)


_CONSTANT = {NEEDED: "None, ", TENSOR: "Ghost(x{0}._a), ", OTHER: "constant(x{0}), "}


def _mark(node: Any, *dtypes: Any) -> None:
    """Of complex operands or results the node knows."""
    if any(d.kind == "c" for d in dtypes):
        node.complex = node.unusual = True


def shaped(value: Any) -> Any:
    """What is kept of a value of which the backward asks only the shape."""
    if value.__class__ is _ndarray:
        return Ghost(value)
    if value.__class__ is list:
        return [Ghost(v) if v.__class__ is _ndarray else v for v in value]
    return value


def _defined(head: str, lines: list[str], scope: dict[str, Any]) -> Callable[..., Any]:
    exec(head + "\n" + "".join(f"    {line}\n" for line in lines), scope)
    made: Callable[..., Any] = scope[head[4 : head.index("(")]]
    return made
