"""Functions with a backward of their own.

What enters: a class with `forward` and `backward`. What leaves: `apply`, an operation whose node runs the class's
backward on tensors; under create_graph that backward is recorded in turn.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.graph import FREED, Node
from srcgrad.torch.inplace import adopt, check_writable
from srcgrad.torch.modes import no_grad, state
from srcgrad.torch.primitive import NO_EDGE, converted, summed
from srcgrad.torch.tensor import Tensor, edge_of, wrap


class FunctionCtx:
    """What `forward` leaves for `backward`: tensors, attributes, and what to do with the outputs."""

    def __init__(self) -> None:
        self._to_save: tuple[Any, ...] = ()
        self._saved: list[Any] | None = []
        self._dirty: tuple[Any, ...] = ()
        self._without: tuple[Any, ...] = ()
        self._materialize = True
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for the backward; each may be an input, an output or neither, or None."""
        self._to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for the jvp."""
        self._for_forward = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Say that forward wrote into these inputs."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say that these outputs have no gradient."""
        self._without = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether a missing gradient reaches backward as zeros (True) or as None."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        if self._saved is None:
            raise RuntimeError(FREED)
        found: list[Any] = []
        for entry in self._saved:
            if entry is None:
                found.append(None)
                continue
            t, count, mine = entry
            if t._writes.count != count:
                kind = f"torch.{t.dtype._c_name}Tensor {list(t._a.shape)}"
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"[{kind}] is at version {t._writes.count}; expected version {count} instead. Hint: enable anomaly "
                    "detection to find the operation that failed to compute its gradient, with "
                    "torch.autograd.set_detect_anomaly(True)."
                )
            if mine is not None:
                node, number = mine
                t = wrap(t._a)
                t._node, t._output, t._needs = node, number, True
            found.append(t)
        return tuple(found)

    saved_variables = saved_tensors


_Inputs = list[Any]


class BackwardCFunction(FunctionCtx, Node):
    """The node of a call, which is also the `ctx` of its backward."""

    _function: type[Function]
    _title = ""
    _inputs: _Inputs

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at {id(self):#x}>"

    def __init__(self) -> None:
        FunctionCtx.__init__(self)
        Node.__init__(self)

    def name(self) -> str:
        return self._title

    def release(self) -> None:
        if self._saved:
            self._saved = None

    def run(self, cotangents: Any) -> Sequence[Any]:
        parts = cotangents if len(self.outputs) > 1 else [cotangents]
        found = self._called([None if g is None else wrap(g) for g in parts])
        return [None if g is None else g._a for g in found]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        return self._called(list(cotangents) if len(self.outputs) > 1 else [cotangents])

    def _called(self, given: list[Any]) -> list[Any]:
        if self._materialize:
            given = [wrap(np.zeros(*meta)) if g is None else g for g, meta in zip(given, self.outputs, strict=True)]
        found = self._function.backward(self, *given)
        grads = list(found) if isinstance(found, (tuple, list)) else [found]
        count = len(self._inputs)
        if len(grads) > count and all(g is None for g in grads[count:]):
            grads = grads[:count]
        if len(grads) != count:
            raise RuntimeError(
                f"function {self._title} returned an incorrect number of gradients (expected {count}, got {len(grads)})"
            )
        return [self._fitted(k, g, meta) for k, (g, meta) in enumerate(zip(grads, self._inputs, strict=True))]

    def _fitted(self, k: int, g: Any, meta: Any) -> Any:
        if g is None or meta is None or meta is False:
            if g is not None and meta is None:
                raise RuntimeError(
                    f"function {self._title} returned a gradient different from None at position {k + 1}, "
                    "but the corresponding forward input was not a Variable"
                )
            return None
        if not isinstance(g, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        shape, dtype = meta
        if g._a.shape != shape:
            try:
                fits = np.broadcast_shapes(g._a.shape, shape) == g._a.shape
            except ValueError:
                fits = False
            if not fits:
                raise RuntimeError(
                    f"Function {self._title} returned an invalid gradient at index {k} - got {list(g._a.shape)} but "
                    f"expected shape compatible with {list(shape)}"
                )
            from srcgrad.torch.recorded import FACES

            g = FACES[summed](g, shape) if g._needs else wrap(summed(g._a, shape))
        if g._a.dtype != dtype:
            from srcgrad.torch.recorded import FACES

            g = FACES[converted](g, dtype) if g._needs else wrap(converted(g._a, dtype))
        return g


class _FunctionMeta(type):
    """Gives every function class its node class, under the name of the function."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        title = f"{name}Backward"
        cls._backward_cls = type(title, (BackwardCFunction,), {"_function": cls, "_title": title})


class Function(metaclass=_FunctionMeta):
    """Base of functions with a backward of their own: subclass it, write `forward` and `backward`, call `apply`."""

    _backward_cls: type[BackwardCFunction]

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke "
            "them on the class itself. Instantiating an autograd function will raise an error in a future version of "
            "PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result; `(ctx, *args)`, or `(*args)` where there is a setup_context."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Leave for backward what it needs; `forward` then takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of forward's arguments, one for each, None where there is none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and record the call where an argument needs a gradient."""
        ctx = cls._backward_cls()
        tensors = [a if isinstance(a, Tensor) else None for a in args]
        needs = state.enabled and any(t is not None and t._needs for t in tensors)
        ctx.needs_input_grad = tuple(t is not None and t._needs for t in tensors)
        with no_grad():
            if cls.setup_context is not Function.setup_context:
                y = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, y)
            else:
                y = cls.forward(ctx, *args, **kwargs)
        results = y if isinstance(y, tuple) else (y,)
        shown = tuple([_result(ctx, v, args, needs) for v in results])
        if needs:
            ctx._inputs = [None if t is None else (t._a.shape, t._a.dtype) if t._needs else False for t in tensors]
            ctx.edges = tuple([NO_EDGE if t is None else edge_of(t) or NO_EDGE for t in tensors])
            _place(ctx, shown)
        _save(ctx, results, shown, needs)
        return shown if isinstance(y, tuple) else shown[0]


def _result(ctx: BackwardCFunction, value: Any, args: tuple[Any, ...], needs: bool) -> Any:
    """An output as the caller gets it: an input that was returned as it is becomes a view of it."""
    if not isinstance(value, Tensor):
        return value
    dirty = any(value is d for d in ctx._dirty)
    if dirty:
        if needs and any(value is a for a in args):
            if value._needs and value.grad_fn is None:
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
            check_writable(value)
        return value
    if needs and any(value is a for a in args):
        return wrap(value._a)
    if needs and value._needs:
        return wrap(value._a)
    return value


def _place(ctx: BackwardCFunction, shown: tuple[Any, ...]) -> None:
    """Hang the node on the outputs that have a gradient."""
    ctx.outputs = tuple(
        [(v._a.shape, v._a.dtype) if isinstance(v, Tensor) else ((), np.dtype(np.float32)) for v in shown]
    )
    for number, value in enumerate(shown):
        if not isinstance(value, Tensor) or value._a.dtype.kind not in "fc":
            continue
        if any(value is w or value._a is w._a for w in ctx._without):
            continue
        if any(value is d for d in ctx._dirty):
            value._writes.bump()
            made = wrap(value._a)
            made._node, made._output, made._needs = ctx, number, True
            adopt(value, made)
        else:
            value._node, value._output, value._needs = ctx, number, True


def _save(ctx: BackwardCFunction, results: tuple[Any, ...], shown: tuple[Any, ...], needs: bool) -> None:
    saved: list[Any] = []
    for t in ctx._to_save:
        if t is None:
            saved.append(None)
            continue
        if not isinstance(t, Tensor):
            raise TypeError(f"save_for_backward can only save variables, but argument 0 is of type {type(t).__name__}")
        mine = None
        for number, (value, public) in enumerate(zip(results, shown, strict=True)):
            if t is value and needs and isinstance(public, Tensor) and public._node is ctx:
                mine = (ctx, number)
                t = wrap(public._a)
                t._writes = public._writes
        saved.append((t, t._writes.count, mine))
    ctx._saved = saved


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """A backward that is not recorded: differentiating through it raises."""

    @functools.wraps(function)
    def wrapper(ctx: Any, *args: Any) -> Any:
        with no_grad():
            found = function(ctx, *args)
        if not state.enabled or not any(isinstance(a, Tensor) and a._needs for a in args):
            return found
        results = found if isinstance(found, tuple) else (found,)
        shown = tuple([_barred(r) if isinstance(r, Tensor) else r for r in results])
        return shown if isinstance(found, tuple) else shown[0]

    return wrapper


def _barred(t: Tensor) -> Tensor:
    made = wrap(t._a)
    made._node, made._needs = _DelayedError(t), True
    return made


class _DelayedError(Node):
    """Raises when a gradient is asked of a backward that is not differentiable."""

    def __init__(self, t: Tensor) -> None:
        super().__init__()
        self.outputs = ((t._a.shape, t._a.dtype),)

    def name(self) -> str:
        return "torch::autograd::Error"

    def run(self, cotangents: Any) -> Sequence[Any]:  # noqa: ARG002 - every node's signature
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")

    run_recorded = run
