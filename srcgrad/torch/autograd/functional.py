"""Jacobians, Hessians and products with them, of functions of tensors.

What enters: a function of tensors and its arguments. What leaves: derivatives in the structure of inputs and outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.autograd.sweeping import grad
from srcgrad.torch.modes import enable_grad
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.tensor import Tensor, wrap


def _as_tuple(value: Any, name: str, function: str) -> tuple[bool, tuple[Any, ...]]:
    single = not isinstance(value, tuple)
    values = (value,) if single else value
    for k, v in enumerate(values):
        if not isinstance(v, Tensor):
            if single:
                raise TypeError(
                    f"The {name} given to {function} must be either a Tensor or a tuple of Tensors but the given "
                    f"{name} has type {type(v)}."
                )
            raise TypeError(
                f"The {name} given to {function} must be either a Tensor or a tuple of Tensors but the value at index "
                f"{k} has type {type(v)}."
            )
    return not single, tuple(values)


def _prepared(inputs: tuple[Any, ...], create_graph: bool) -> tuple[Any, ...]:
    """The inputs as leaves, or under create_graph as tensors with a history back to the caller's."""
    if create_graph:
        return tuple(t.view_as(t) if t._needs else t.detach().requires_grad_() for t in inputs)
    return tuple(t.detach().requires_grad_() for t in inputs)


def _zeros(t: Any) -> Any:
    return wrap(np.zeros(t._a.shape, t._a.dtype))


def _finished(values: Any, create_graph: bool) -> Any:
    if isinstance(values, tuple):
        return tuple(_finished(v, create_graph) for v in values)
    return values if create_graph else values.detach()


def _check_strict(strict: bool, found: Any, k: int, what: str, function: str) -> None:
    if strict and found is None:
        raise RuntimeError(
            f"Output {k} of the user-provided function is independent of input {what}. This is not allowed in strict mode."
        )
    del function


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and v times the Jacobian."""
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "vjp")
        given = _prepared(given, create_graph)
        out_several, outputs = _as_tuple(func(*given), "outputs of the user-provided function", "vjp")
        if v is not None:
            cotangents = _as_tuple(v, "v", "vjp")[1]
            _check_shapes(cotangents, outputs, "v")
        else:
            if len(outputs) != 1 or outputs[0]._a.size != 1:
                raise RuntimeError(
                    "The vector v can only be None if the user-provided function returns a single Tensor with a "
                    "single element."
                )
            cotangents = (wrap(np.ones(outputs[0]._a.shape, outputs[0]._a.dtype)),)
        found = _grads(outputs, given, cotangents, create_graph, strict)
    shown = tuple(_zeros(t) if g is None else g for g, t in zip(found, given, strict=True))
    outs = _finished(outputs, create_graph)
    results = _finished(shown, create_graph)
    return (outs if out_several else outs[0]), (results if several else results[0])


def _check_shapes(vectors: Any, others: Any, name: str) -> None:
    if len(vectors) != len(others):
        raise RuntimeError(f"{name} is a tuple of invalid length: should be {len(others)} but got {len(vectors)}.")
    for k, (v, o) in enumerate(zip(vectors, others, strict=True)):
        if v._a.shape != o._a.shape:
            raise RuntimeError(f"Entry {k} in {name} has invalid size: should be {o.shape} but got {v.shape}.")


def _grads(outputs: Any, inputs: Any, cotangents: Any, create_graph: bool, strict: bool = False) -> Any:
    pairs = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o._needs and c is not None]
    if not pairs:
        if strict:
            _check_strict(True, None, 0, "0", "")
        return (None,) * len(inputs)
    found = grad(
        [o for o, _ in pairs], inputs, [c for _, c in pairs], retain_graph=True, create_graph=create_graph,
        allow_unused=True,
    )  # fmt: skip
    if strict:
        for k, g in enumerate(found):
            _check_strict(True, g, 0, str(k), "")
    return found


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times v: by differentiating the vjp, which is linear in its cotangent."""
    with enable_grad():
        _, given = _as_tuple(inputs, "inputs", "jvp")
        given = _prepared(given, create_graph)
        if v is not None:
            vectors = _as_tuple(v, "v", "jvp")[1]
            _check_shapes(vectors, given, "v")
        else:
            if len(given) != 1 or given[0]._a.size != 1:
                raise RuntimeError(
                    "The vector v can only be None if the input to the user-provided function is a single Tensor with "
                    "a single element."
                )
            vectors = (wrap(np.ones(given[0]._a.shape, given[0]._a.dtype)),)
        out_several, outputs = _as_tuple(func(*given), "outputs of the user-provided function", "jvp")
        probes = tuple(wrap(np.zeros(o._a.shape, o._a.dtype)).requires_grad_() for o in outputs)
        back = _grads(outputs, given, probes, True, strict)
        filled = tuple(_zeros(t) if g is None else g for g, t in zip(back, given, strict=True))
        found = _grads(filled, probes, vectors, create_graph)
    shown = tuple(_zeros(o) if g is None else g for g, o in zip(found, outputs, strict=True))
    outs = _finished(outputs, create_graph)
    results = _finished(shown, create_graph)
    return (outs if out_several else outs[0]), (results if out_several else results[0])


def jacobian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian: for each output and each input a tensor of shape output + input."""
    if strategy not in {"reverse-mode", "forward-mode"}:
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function '
                             'has more outputs than inputs, "forward-mode" tends to be more performant. Otherwise, '
                             'prefer to use "reverse-mode".')  # fmt: skip
    del vectorize
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "jacobian")
        given = _prepared(given, create_graph)
        out_several, outputs = _as_tuple(func(*given), "outputs of the user-provided function", "jacobian")
        result = []
        for k, out in enumerate(outputs):
            rows: list[list[Any]] = [[] for _ in given]
            for j in range(out._a.size):
                one = np.zeros(out._a.size, out._a.dtype)
                one[j] = 1
                found = _grads((out,), given, (wrap(one.reshape(out._a.shape)),), create_graph)
                for i, (g, t) in enumerate(zip(found, given, strict=True)):
                    _check_strict(strict, g, k, str(i), "jacobian")
                    rows[i].append(_zeros(t) if g is None else g)
            blocks = []
            for row, t in zip(rows, given, strict=True):
                if row:
                    blocks.append(FUNCTIONS["stack"](row, 0).view(*out._a.shape, *t._a.shape))
                else:
                    blocks.append(wrap(np.zeros((*out._a.shape, *t._a.shape), t._a.dtype)))
            result.append(tuple(blocks))
    shown = tuple(_finished(blocks if several else blocks[0], create_graph) for blocks in result)
    return shown if out_several else shown[0]


def hessian(
    func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Hessian of a function with a single element."""
    del outer_jacobian_strategy, vectorize
    several, _ = _as_tuple(inputs, "inputs", "hessian")

    def slope(*args: Any) -> Any:
        out = func(*args)
        if not isinstance(out, Tensor):
            raise TypeError(
                "The outputs of the user-provided function given to hessian must be either a Tensor or a tuple of "
                f"Tensors but the given outputs of the user-provided function has type {type(out)}."
            )
        if out._a.size != 1:
            raise RuntimeError("The Tensor returned by the function given to hessian should contain a single element")
        found = _slope(out, args, strict)
        return found if several else found[0]

    return jacobian(slope, inputs, create_graph=create_graph, strict=strict)


def _slope(out: Any, args: Any, strict: bool) -> Any:
    ones = wrap(np.ones(out._a.shape, out._a.dtype))
    found = _grads((out,), args, (ones,), True, strict)
    return tuple(_zeros(t) if g is None else g for g, t in zip(found, args, strict=True))


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output, and v times the Hessian."""
    with enable_grad():
        several, given = _as_tuple(inputs, "inputs", "vhp")
        given = _prepared(given, create_graph)
        vectors = _vectors(v, given, "vhp")
        out = _single(func(*given), "vhp")
        slope = _slope(out, given, strict)
        found = _grads(slope, given, vectors, create_graph)
    shown = tuple(_zeros(t) if g is None else g for g, t in zip(found, given, strict=True))
    results = _finished(shown, create_graph)
    return _finished(out, create_graph), (results if several else results[0])


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The output, and the Hessian times v."""
    return vhp(func, inputs, v, create_graph, strict)


def _vectors(v: Any, given: Any, name: str) -> Any:
    if v is not None:
        vectors = _as_tuple(v, "v", name)[1]
        _check_shapes(vectors, given, "v")
        return vectors
    if len(given) != 1 or given[0]._a.size != 1:
        raise RuntimeError(
            "The vector v can only be None if the input to the user-provided function is a single Tensor with a single "
            "element."
        )
    return (wrap(np.ones(given[0]._a.shape, given[0]._a.dtype)),)


def _single(out: Any, name: str) -> Any:
    if not isinstance(out, Tensor) or out._a.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return out
