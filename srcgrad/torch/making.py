"""What makes the nodes of an operation and runs them backward, written out for each pattern of operands.

What enters: a primitive, and of each argument whether it is a tensor that needs a gradient, another tensor, or no
tensor. What leaves: a class of compact nodes whose backward is one function, and a function that makes such a node.

Python's own calls, loops and tuples would cost several times what NumPy takes over ten numbers; written out for its
pattern, an operation is one straight piece of code.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from srcgrad.torch.fitting import fitted
from srcgrad.torch.graph import next_sequence
from srcgrad.torch.operation import NEEDED, NO_EDGE, OTHER, TENSOR, CompactNode, OperationNode, extra
from srcgrad.torch.plan import KEEPING, Ghost, Plan
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.tensor import Version, edge_of
from srcgrad.torch.texts import quickened

if TYPE_CHECKING:
    from srcgrad.torch.primitive import Primitive

INFERENCE = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation "
    "tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use "
    "`torch.no_grad()` instead of `torch.inference_mode()`."
)
_ndarray = np.ndarray
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def plan_of(primitive: Primitive, names: list[str]) -> Plan:
    """The plan of a primitive for the operands that need a gradient."""
    bits = sum(1 << k for k, name in enumerate(primitive.operands) if name in names)
    plan = primitive.plans.get(bits)
    if plan is None:
        plan = primitive.plans[bits] = Plan(primitive.rule, primitive.name, names)
    return plan


class NodeKinds(dict[Any, type[CompactNode]]):
    """By the dtype of the result, the class of the nodes of calls with arguments of some kinds."""

    def __init__(self, primitive: Primitive, kinds: tuple[int, ...]) -> None:
        self.primitive = primitive
        self.kinds = kinds
        n = len(kinds)
        pairs = list(zip(primitive.operands, primitive.places, strict=True))
        self.needed = tuple([p for p in primitive.places if p < n and kinds[p] == NEEDED])
        self.plan = plan_of(primitive, [name for name, p in pairs if p in self.needed])
        entries = self.plan.entries
        self.given_values = tuple([p for p, _, shape_only in entries if p < n and not shape_only])
        # The only operand of a function that acts element by element has the shape of the result.
        self.same_shape = n == 1 and self.plan.rule.shape == "elementwise"
        self.checked = tuple([p for p in self.given_values if p < 0 or kinds[p] != OTHER])

    def __missing__(self, dtype: Any) -> type[CompactNode]:
        fields = {
            "primitive": self.primitive, "plan": self.plan, "single": True, "dtype": dtype, "kinds": self.kinds,
            "needed": self.needed, "given_values": self.given_values, "checked": self.checked, "step": self._step(dtype),
        }  # fmt: skip
        made = self[dtype] = type(self.primitive.name, (CompactNode, self.primitive.own_class), fields)
        return made

    def _step(self, dtype: Any) -> Callable[..., Any]:
        """The backward of a node: what the plan computes, with all that stands around it.

        For MulBackward0 of which both operands need a gradient:

            def step(self, y_bar, keep_of):
                values_of = self.values
                if values_of is None: self.kept()
                if self.v0.count != self.c0 or self.v1.count != self.c1: self.kept()
                x1, x2, = values_of
                if not keep_of: self.values = None
                x1_bar = y_bar * x2
                x2_bar = y_bar * x1
                if x1_bar.__class__ is not ndarray_of or self.s0 != self.shape:
                    x1_bar = fitted_of(x1_bar, self.s0, dtype_of)
                …
                return (self.o0, self.n0, x1_bar), (self.o1, self.n1, x2_bar),

        A cotangent that is not certainly of the result's dtype and shape is asked for both.
        """
        n = len(self.kinds)
        scope: dict[str, Any] = {**self.plan.rule.scope, "ndarray_of": _ndarray, "fitted_of": fitted, "dtype_of": dtype}
        lines = []
        named = {place: name for place, name, _ in self.plan.entries}
        shapes: dict[str, str] = {}  # of names that are asked for their shape alone, what that is
        for place, name, shape_only in self.plan.entries:
            if place >= n:
                value = self.primitive.defaults[place]
                scope[name] = shaped(value) if shape_only else value
            elif shape_only and (place < 0 or place in self.needed):
                shapes[name] = "self.shape" if place < 0 or self.same_shape else f"self.s{place}"
            elif shape_only:
                lines.append(f"{name} = self.g{place}")
        if self.plan.keeps_values:
            lines += ["values_of = self.values", "if values_of is None: self.kept()"]
            tests = [f"self.v{p}.count != self.c{p}" for p in map(_field, self.checked)]
            if tests:
                lines.append(f"if {' or '.join(tests)}: self.kept()")
            if self.given_values:
                lines.append(f"{', '.join(named[p] for p in self.given_values)}, = values_of")
            lines.append("if not keep_of: self.values = None")
        body = ast.parse(self.plan.source).body[0].body[:-1]  # type: ignore[attr-defined]
        elementwise = self.plan.rule.shape == "elementwise"
        real = {"y_bar"}
        if dtype in (_FLOAT32, _FLOAT64):
            of_dtype = (-1, *(range(n) if self.primitive.promotes else self.needed))
            real |= {named[p] for p in self.given_values if p in of_dtype and (p < 0 or elementwise)}
        more, certain = quickened(body, shapes, real, dtype, scope)
        lines += more
        triples = ""
        for name, p in zip(self.plan.names, self.needed, strict=True):
            bar, shape = f"{name}_bar", "self.shape" if self.same_shape else f"self.s{p}"
            if bar not in certain:
                test = f" or {bar}.shape != {shape} or {bar}.dtype is not dtype_of"
            elif self.same_shape:
                test = ""
            else:
                test = f" or {shape} != self.shape"
            lines += [
                f"if {bar}.__class__ is not ndarray_of{test}:",
                f"    {bar} = fitted_of({bar}, {shape}, dtype_of)",
            ]
            triples += f"(self.o{p}, self.n{p}, {bar}), "
        lines.append(f"return ({triples})")
        return defined("def step(self, y_bar, keep_of):", lines, scope)


def _field(place: int) -> str:
    return "y" if place < 0 else str(place)


def maker(primitive: Primitive, kinds: tuple[int, ...]) -> Callable[..., Any]:
    """What makes the node of a call and hangs it on the result, written out for the kinds of the arguments.

    The function takes the arguments, what the kernel was given for each, and the result. For a product of tensors:

        def enter(x0, x1, a0, a1, t):
            y = t._a
            dtype = y.dtype
            node = new(kind_of[dtype])
            o0 = x0._node
            if o0 is None or x0._stale:
                o0 = x0._accumulator
                if o0 is None or x0._stale or x0._made_untracked: o0, n0 = edge_of(x0) or NO_EDGE
                else: n0 = 0
            else: n0 = x0._output
            node.o0 = o0
            node.n0 = n0
            own0 = x0._a
            node.s0 = own0.shape
            …
            node.sequence = count()
            node.shape = y.shape
            node.values = [a0, a1]
            if x0._inference or x1._inference: refuse()
            v0 = x0._counter
            if v0 is None: v0 = x0._counter = new(Version)
            node.v0 = v0
            node.c0 = v0.count
            …
            t._node = node
            t._needs = True
            if dtype is not float32 and dtype is not float64 or own0.dtype is not dtype or own1.dtype is not dtype:
                settle(node, dtype, (own0.dtype, own1.dtype, ))
            if EXTRAS: extra(node)
            return node

    A node is counted after its edges: the history of a stale view is made anew for its edge, and must be older.
    """
    kind_of = NodeKinds(primitive, kinds)
    lines = ["y = t._a", "dtype = y.dtype", "node = new(kind_of[dtype])"]
    for p in kind_of.needed:
        lines += [
            f"o{p} = x{p}._node",
            f"if o{p} is None or x{p}._stale:",
            f"    o{p} = x{p}._accumulator",
            f"    if o{p} is None or x{p}._stale or x{p}._made_untracked: o{p}, n{p} = edge_of(x{p}) or NO_EDGE",
            f"    else: n{p} = 0",
            f"else: n{p} = x{p}._output",
            f"node.o{p} = o{p}",
            f"node.n{p} = n{p}",
            f"own{p} = x{p}._a",
        ]
        if not kind_of.same_shape:
            lines.append(f"node.s{p} = own{p}.shape")
    lines += ["node.sequence = count()", "node.shape = y.shape"]
    if kind_of.given_values:
        lines.append(f"node.values = [{', '.join('y' if p < 0 else f'a{p}' for p in kind_of.given_values)}]")
    elif kind_of.plan.keeps_values:
        lines.append("node.values = []")
    if kind_of.checked:
        tensors = {p: "t" if p < 0 else f"x{p}" for p in kind_of.checked}
        lines.append(f"if {' or '.join(f'{x}._inference' for x in tensors.values())}: refuse()")
        for p, x in tensors.items():
            k = _field(p)
            lines += [
                f"v{k} = {x}._counter",
                f"if v{k} is None: v{k} = {x}._counter = new(Version)",
                f"node.v{k} = v{k}",
                f"node.c{k} = v{k}.count",
            ]
    for p, kind in enumerate(kinds):
        if kind == TENSOR:
            lines += [
                f"own{p} = x{p}._a",
                f"node.k{p} = Ghost(own{p}) if KEEPING else (own{p}.shape, own{p}.dtype)",
            ]
        elif kind == OTHER:
            lines.append(f"node.k{p} = x{p} if x{p}.__class__ is not ndarray else Ghost(x{p})")
    for p, _, shape_only in kind_of.plan.entries:
        if shape_only and 0 <= p < len(kinds) and p not in kind_of.needed:
            lines.append(f"node.g{p} = shaped(a{p})")
    own = [f"own{p}.dtype" for p in kind_of.needed]
    lines += [
        "t._node = node",
        "t._needs = True",
        f"if dtype is not float32 and dtype is not float64{''.join(f' or {d} is not dtype' for d in own)}:",
        f"    settle(node, dtype, ({''.join(f'{d}, ' for d in own)}))",
        "if EXTRAS: extra(node)",
        "return node",
    ]
    scope = {
        "new": object.__new__, "kind_of": kind_of, "count": next_sequence, "edge_of": edge_of, "NO_EDGE": NO_EDGE,
        "Ghost": Ghost, "Version": Version, "float32": _FLOAT32, "float64": _FLOAT64, "settle": _settle, "EXTRAS": EXTRAS,
        "extra": extra, "shaped": shaped, "refuse": _refuse, "ndarray": _ndarray,
        "KEEPING": KEEPING,
    }  # fmt: skip
    n = len(kinds)
    parameters = ", ".join([*(f"x{k}" for k in range(n)), *(f"a{k}" for k in range(n)), "t"])
    return defined(f"def enter({parameters}):", lines, scope)


def _settle(node: CompactNode, dtype: Any, given: Sequence[Any]) -> None:
    """An ordinary node instead where dtypes differ or are complex."""
    if dtype.kind == "f" and all(d == dtype for d in given):
        return
    needed, places = node.needed, node.primitive.places
    node.thaw()
    ordinary: OperationNode = node
    by_place = dict(zip(needed, given, strict=True))
    ordinary.inputs = tuple([
        None if meta is None else (meta[0], by_place[p]) for meta, p in zip(ordinary.inputs, places, strict=True)
    ])  # fmt: skip
    ordinary.complex = dtype.kind == "c" or any(d.kind == "c" for d in given)
    if ordinary.saved:
        # An operand that is asked for its shape may be asked for its own dtype too.
        ordinary.saved = [
            Ghost.of(value.shape, by_place[p]) if shape_only and p in by_place else value
            for value, (p, _, shape_only) in zip(ordinary.saved, ordinary.plan.entries, strict=True)
        ]


def _refuse() -> None:
    raise RuntimeError(INFERENCE)


def shaped(value: Any) -> Any:
    """What is kept of a value of which the backward asks only the shape."""
    if value.__class__ is _ndarray:
        return Ghost(value)
    if value.__class__ is list:
        return [Ghost(v) if v.__class__ is _ndarray else v for v in value]
    return value


def defined(head: str, lines: list[str], scope: dict[str, Any]) -> Callable[..., Any]:
    """The function that a head and the lines of its body define."""
    exec(head + "\n" + "".join(f"    {line}\n" for line in lines), scope)
    made: Callable[..., Any] = scope[head[4 : head.index("(")]]
    return made
