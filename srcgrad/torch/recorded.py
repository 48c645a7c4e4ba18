"""Backwards that have a graph of their own: what `create_graph=True` runs.

What enters: a node and the cotangents as tensors. What leaves: the operands' cotangents as tensors that can
be differentiated again. Where the text of a rule stands on arithmetic and on functions that the facade has, it
is evaluated on tensors as it stands, so that the graph has the nodes that PyTorch's would have. Any other
text is differentiated by the engine, and is one node.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import srcgrad
from srcgrad.torch.graph import FREED, AccumulateGrad, Node
from srcgrad.torch.modes import state
from srcgrad.torch.plan import Ghost, Plan, _compiled, _named
from srcgrad.torch.primitive import OperationNode, converted, summed, wrapped
from srcgrad.torch.tensor import Tensor, edge_of, wrap

# Functions of the rules' texts and what they are on tensors; the modules under `ops` fill it.
FACES: dict[Any, Callable[..., Any]] = {}


def on_tensors(plan: Plan) -> Callable[..., Any]:
    """A plan's function for tensors."""
    texts = [plan.rule.vjp[name] for name in plan.names]
    parameters = {name for _, name, _ in plan.entries} | {"y_bar"}
    faces: dict[str, Any] = {}
    if all(
        _plain(ast.parse(text.strip() or "None", mode="eval").body, parameters, plan.rule.scope, faces)
        for text in texts
    ):
        source = plan.source
        for dotted in sorted((d for d in faces if "." in d), key=len, reverse=True):
            source = source.replace(dotted, dotted.replace(".", "_"))
        scope = {name.replace(".", "_"): face for name, face in faces.items()}
        return _compiled(source, plan.function.__name__, scope)
    title = plan.function.__name__
    return Derived(plan.function, title.removesuffix("0") + "Backward0" if title.endswith("Backward0") else "")


def _plain(e: ast.expr, parameters: set[str], scope: Any, faces: dict[str, Any]) -> bool:
    """Whether an expression can be evaluated on tensors; the functions that it needs go into `faces`."""
    if isinstance(e, ast.Constant):
        return True
    if isinstance(e, ast.Name):
        return e.id in parameters
    if isinstance(e, ast.UnaryOp):
        return isinstance(e.op, ast.USub) and _plain(e.operand, parameters, scope, faces)
    if isinstance(e, ast.BinOp):
        return (
            isinstance(e.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult))
            and _plain(e.left, parameters, scope, faces)
            and _plain(e.right, parameters, scope, faces)
        )
    if isinstance(e, ast.IfExp):
        return all(_plain(part, parameters, scope, faces) for part in (e.test, e.body, e.orelse))
    if isinstance(e, ast.Compare):
        return all(_plain(part, parameters, scope, faces) for part in (e.left, *e.comparators))
    if isinstance(e, ast.Call):
        face = FACES.get(_named(e.func, scope))
        if face is None or not all(_plain(a, parameters, scope, faces) for a in e.args):
            return False
        faces[ast.unparse(e.func)] = face
        return all(_plain(k.value, parameters, scope, faces) for k in e.keywords)
    if isinstance(e, ast.Attribute):
        value = _named(e, scope)
        if isinstance(value, float):
            faces[ast.unparse(e)] = value
            return True
    return False


def run_recorded(node: OperationNode, cotangents: Any) -> Sequence[Any]:
    """The operands' cotangents as tensors with a graph."""
    saved = [
        _tensor_of(node, place, value, shape)
        for (place, _, shape), value in zip(node.plan.entries, node.kept(), strict=True)
    ]
    if len(node.outputs) > 1:
        cotangents = [
            # Of whole numbers no cotangent arrives; zeros of floats stand for it.
            wrap(np.zeros(shape, dtype if dtype.kind in "fc" else np.float64)) if g is None else g
            for g, (shape, dtype) in zip(cotangents, node.outputs, strict=True)
        ]
        given: Any = [_conjugate(g) for g in cotangents] if node.complex else cotangents
    else:
        given = _conjugate(cotangents) if node.complex else cotangents
    grads = node.primitive.by_edge(node, node.plan.recorded(given, *saved))
    for k, meta in enumerate(node.inputs):
        g = grads[k]
        if meta is None or g is None:
            grads[k] = None
            continue
        grads[k] = fitted(g if isinstance(g, Tensor) else wrap(np.asarray(g)), *meta)
        if node.complex:
            grads[k] = _conjugate(grads[k])
    return grads


def fitted(g: Tensor, shape: tuple[int, ...], dtype: Any) -> Tensor:
    """A cotangent of an operand's shape and dtype."""
    if g._a.shape != shape:
        g = FACES[summed](g, shape)
    if g._a.dtype != dtype:
        g = FACES[converted](g, dtype)
    return g


def _conjugate(g: Any) -> Any:
    return g if g is None or g._a.dtype.kind != "c" else FACES[np.conj](g)


def _tensor_of(node: OperationNode, place: int, value: Any, shape: bool) -> Any:
    """A saved value as the tensor that it was, with its place in the graph."""
    if shape:
        return value
    if place < 0:
        if isinstance(value, list):
            # Results that the texts do not ask for are constants here.
            asked = node.plan.results
            return [_placed(v, (node, k)) if asked is None or k in asked else v for k, v in enumerate(value)]
        return _placed(value, (node, 0))
    if isinstance(value, list):
        if not any(isinstance(v, np.ndarray) for v in value):
            return value
        return [_placed(v, edge) for v, edge in zip(value, _edges_of(node, place), strict=True)]
    if isinstance(value, np.ndarray):
        return _placed(value, node.edge_of_place(place))
    return value


def _edges_of(node: OperationNode, place: int) -> Sequence[Any]:
    start = 0
    for p, count in zip(node.primitive.places, node.counts or (), strict=True):
        if p == place:
            return node.edges[start : start + count]
        start += count
    raise LookupError(place)


def _placed(value: Any, edge: Any) -> Tensor:
    origin, number = edge
    if isinstance(origin, AccumulateGrad):
        leaf = origin.variable
        if leaf is not None and leaf._a is value:
            return leaf  # type: ignore[no-any-return]
    t = wrap(value)
    if origin is not None and value.dtype.kind in "fc":
        t._needs = True
        t._node, t._output = origin, number
        if isinstance(origin, AccumulateGrad):
            # A leaf whose memory was replaced since: its gradient still goes to that leaf.
            t._node = _Through(edge, value)
            t._output = 0
    return t


class _Through(Node):
    """Passes a cotangent on as it is."""

    def __init__(self, edge: Any, value: Any) -> None:
        super().__init__()
        self.edges = (edge,)
        self.outputs = ((value.shape, value.dtype),)

    def run(self, cotangents: Any) -> Sequence[Any]:
        return [cotangents]

    run_recorded = run


def saved_value(node: OperationNode, name: str) -> Any:
    """What a node saved under a parameter's name, `_saved_self` and `_saved_result` among them."""
    for (place, entry, shape), value in zip(node.plan.entries, node.kept(), strict=True):
        names = {
            entry,
            "result" if place < 0 else entry,
            "self" if place == 0 else entry,
            "other" if place == 1 else entry,
        }
        if name in names and not shape:
            return _tensor_of(node, place, value, shape)
    raise AttributeError(f"'{type(node).__name__}' object has no attribute '_saved_{name}'")


class Derived:
    """A Python function of arrays as an operation on tensors, differentiated by the engine."""

    def __init__(self, function: Callable[..., Any], name: str = "") -> None:
        self.function = function
        self.name = name or f"{getattr(function, '__name__', 'Function')}Backward"

    def __call__(self, *args: Any) -> Any:
        arrays = [_arrays(a) for a in args]
        active = tuple(k for k, a in enumerate(args) if _active(a))
        if not active or not state.enabled:
            return _tensors(_apart(self.function(*arrays), arrays))
        y, pullback = srcgrad.vjp(self.function, *arrays, argnums=active)
        y = _apart(y, arrays)
        node = DerivedNode(self, args, arrays, active, y, pullback)
        result = _tensors(y)
        for number, t in enumerate(_flat(result)):
            if t._a.dtype.kind in "fc":
                t._node, t._output, t._needs = node, number, True
        return result


def _arrays(a: Any) -> Any:
    if isinstance(a, Tensor):
        return a._a
    if isinstance(a, Ghost):
        return a.array()
    if isinstance(a, (list, tuple)):
        return type(a)(_arrays(v) for v in a)
    if isinstance(a, dict):
        return {k: _arrays(v) for k, v in a.items()}
    return a


def _active(a: Any) -> bool:
    if isinstance(a, (list, tuple)):
        return any(_active(v) for v in a)
    if isinstance(a, dict):
        return any(_active(v) for v in a.values())
    return isinstance(a, Tensor) and a._needs and a._a.dtype.kind in "fc"


def _tensors(y: Any) -> Any:
    if isinstance(y, (list, tuple)):
        return type(y)(_tensors(v) for v in y)
    if isinstance(y, dict):
        return {k: _tensors(v) for k, v in y.items()}
    return None if y is None else wrapped(y)


def _apart(y: Any, arrays: list[Any]) -> Any:
    """A result in memory of its own: one that shows an argument's memory would be an untracked view of it."""
    if isinstance(y, (list, tuple)):
        return type(y)(_apart(v, arrays) for v in y)
    if isinstance(y, dict):
        return {k: _apart(v, arrays) for k, v in y.items()}
    given = [a for a in _flat(arrays) if isinstance(a, np.ndarray)]
    return y.copy() if isinstance(y, np.ndarray) and any(np.may_share_memory(y, a) for a in given) else y


def _flat(y: Any) -> list[Any]:
    if isinstance(y, (list, tuple)):
        return [t for v in y for t in _flat(v)]
    if isinstance(y, dict):
        return [t for v in y.values() for t in _flat(v)]
    return [] if y is None else [y]


def _filled(y: Any, values: Any) -> Any:
    """The structure of y with values from an iterator in place of its leaves."""
    if isinstance(y, (list, tuple)):
        return type(y)(_filled(v, values) for v in y)
    if isinstance(y, dict):
        return {k: _filled(v, values) for k, v in y.items()}
    return None if y is None else next(values)


class DerivedNode(Node):
    """The node of a function that the engine differentiates."""

    def __init__(self, owner: Derived, args: Any, arrays: Any, active: Any, y: Any, pullback: Any) -> None:
        super().__init__()
        self.owner = owner
        self.args: Any = args
        self.arrays = arrays
        self.active = active
        self.y = y
        self.pullback: Any = pullback
        leaves = [t for k in active for t in _flat(args[k])]
        edges = [edge_of(t) if isinstance(t, Tensor) else None for t in leaves]
        self.inputs = [None if e is None else (t._a.shape, t._a.dtype) for t, e in zip(leaves, edges, strict=True)]
        self.edges = tuple((None, 0) if e is None else e for e in edges)
        self.outputs = tuple((np.shape(v), np.asarray(v).dtype) for v in _flat(y))
        self.complex = any(d.kind == "c" for _, d in self.outputs) or any(m and m[1].kind == "c" for m in self.inputs)

    def name(self) -> str:
        return self.owner.name

    @property
    def source(self) -> str:  # type: ignore[override]
        """The adjoint that was generated for the function."""
        function = self.owner.function
        shown = function.func if isinstance(function, functools.partial) else function
        return str(srcgrad.grad(shown, argnums=self.active).source)

    def release(self) -> None:
        self.pullback = self.args = None

    def _structured(self, cotangents: Any, face: Callable[[Any], Any]) -> Any:
        parts = cotangents if len(self.outputs) > 1 else [cotangents]
        filled = [face(np.zeros(*meta)) if g is None else g for g, meta in zip(parts, self.outputs, strict=True)]
        return filled

    def run(self, cotangents: Any) -> Sequence[Any]:
        if self.pullback is None:
            raise RuntimeError(FREED)
        parts = self._structured(cotangents, np.asarray)
        if self.complex:
            parts = [np.conj(g) for g in parts]
        found = _flat(self.pullback(_filled(self.y, iter(parts))))
        grads: list[Any] = []
        for g, meta in zip(found, self.inputs, strict=True):
            if meta is None:
                grads.append(None)
                continue
            g = converted(np.asarray(g), meta[1])
            grads.append(np.conj(g) if self.complex else g)
        return grads

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        if self.pullback is None:
            raise RuntimeError(FREED)
        parts = self._structured(cotangents, wrap)
        if self.complex:
            parts = [_conjugate(g) for g in parts]
        pulled = pulled_back(self.owner.function, self.y, len(parts), self.active)
        found = _flat(Derived(pulled, self.owner.name)(*parts, *self.args))
        grads = [None if meta is None else fitted(g, *meta) for g, meta in zip(found, self.inputs, strict=True)]
        return [_conjugate(g) for g in grads] if self.complex else grads


def pulled_back(function: Callable[..., Any], y: Any, count: int, active: tuple[int, ...]) -> Callable[..., Any]:
    """`(cotangents…, arguments…) -> the cotangents of the active arguments`, in plain Python."""

    def cotangents_of(*values: Any) -> Any:
        pullback = srcgrad.vjp(function, *values[count:], argnums=active)[1]
        return pullback(_filled(y, iter(values[:count])))

    return cotangents_of


def as_one_node(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of arrays, called with tensors: one node of their graph, which the engine differentiates."""
    if any(_active(v) for v in kwargs.values()):
        given = inspect.signature(function).bind(*args, **kwargs)
        given.apply_defaults()
        args, kwargs = given.args, given.kwargs
        if any(_active(v) for v in kwargs.values()):
            raise TypeError(f"{function.__name__}(): give the tensors that need a gradient by position")
    name = f"{getattr(function, '__name__', 'Function')}Backward"
    rest = {name: _arrays(value) for name, value in kwargs.items()}
    called = functools.partial(function, **rest) if rest else function
    return Derived(called, name)(*args)


Tensor.__srcgrad_node__ = staticmethod(as_one_node)  # type: ignore[attr-defined]
