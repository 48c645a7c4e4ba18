"""Derivatives of functions as functions: torch.func.grad and its relatives.

What enters: a function of nested tensors. What leaves: a function. Each nests in each other, because the inner derivative is
itself recorded wherever an outer one can reach it. The forward derivative is the derivative of the reverse one with respect
to the cotangent, in which that is linear.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.tensor import Tensor, wrap
from srcgrad.torch.transforms import trees
from srcgrad.torch.transforms.levels import Recording, entered, foreign, gradients, left

Function = Callable[..., Any]


def _chosen(args: Sequence[Any], argnums: Any) -> list[int]:
    """The positions of the arguments that are differentiated."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnum must be int or Tuple[int, ...], got: {type(argnums)}")
    given = argnums if isinstance(argnums, tuple) else (argnums,)
    if not given:
        raise RuntimeError("argnums must be non-empty")
    found = []
    for k in given:
        if not -len(args) <= k < len(args):
            raise RuntimeError(f"Got argnum={k}, but only {len(args)} positional inputs")
        found.append(k % len(args))
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return found


class Level:
    """The arguments of a function as they enter it: `args` for the call, `inputs` the tensors among the chosen ones."""

    def __init__(self, args: Sequence[Any], places: Sequence[int], recorded: bool) -> None:
        self.inputs: list[Tensor] = []
        self.args = list(args)
        self.specs = []
        self.recorded = recorded
        for k in places:
            leaves, spec = trees.flattened(args[k])
            inner = [entered(x, recorded) for x in leaves]
            self.args[k] = spec.filled(iter(inner))
            self.inputs.extend(inner)
            self.specs.append(spec)
        self.own = {t._node for t in self.inputs}

    def reached(self, *values: Any) -> bool:
        """Whether an outer derivative can reach one of the values."""
        return self.recorded and foreign([t for v in values for t in trees.flattened(v)[0]], self.own)

    def left(self, value: Any) -> Any:
        """A result as the caller gets it."""
        return trees.mapped(lambda t: left(t, self.own) if self.recorded else _detached(t), value)

    def structured(self, grads: Sequence[Any], argnums: Any) -> Any:
        """Gradients in the structure of the chosen arguments."""
        rest = iter(grads)
        found = tuple([spec.filled(rest) for spec in self.specs])
        return found if isinstance(argnums, tuple) else found[0]


def _detached(t: Any) -> Any:
    return t.detach() if isinstance(t, Tensor) and t._needs else t


def _with_aux(found: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(found, tuple) or len(found) != 2:
        raise RuntimeError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return found


def grad_and_value(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that returns the gradient of a scalar function, and its value."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        places = _chosen(args, argnums)
        with Recording() as mode:
            level = Level(args, places, mode.outer)
            y = func(*level.args, **kwargs)
            aux = None
            if has_aux:
                y, aux = _with_aux(y, "grad_and_value(f)(*args)")
            if not isinstance(y, Tensor):
                raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(y)}")
            if y._a.ndim:
                raise RuntimeError(
                    "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                    f"{y._a.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            outer = level.reached(y)
            grads = gradients([y], level.inputs, [wrap(np.ones((), y._a.dtype))], recorded=outer)
            found = level.structured(grads if outer else [_detached(g) for g in grads], argnums)
            value = level.left(y)
            return (found, (value, level.left(aux))) if has_aux else (found, value)

    return wrapper


def grad(func: Function, argnums: Any = 0, has_aux: bool = False) -> Function:
    """A function that returns the gradient of a scalar function."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


def _outputs(y: Any, name: str) -> tuple[list[Tensor], trees.Spec]:
    leaves, spec = trees.flattened(y)
    for t in leaves:
        if not isinstance(t, Tensor):
            given = "args" if name.startswith("jac") else "primals"
            raise RuntimeError(f"{name}: Expected f(*{given}) to return only tensors, got unsupported type {type(t)}")
    if not leaves:
        raise RuntimeError(f"{name}: Expected f to be a function that has non-empty output")
    return leaves, spec


def vjp(func: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The result of a function, and a function from cotangents of it to those of the arguments."""
    with Recording() as mode:
        level = Level(primals, range(len(primals)), mode.outer)
        y = func(*level.args)
        aux = None
        if has_aux:
            y, aux = _with_aux(y, "vjp(f, *primals)")
        leaves, spec = _outputs(y, "vjp(f, *primals)")
        outer = level.reached(y)
        result = level.left(y)
        extra = level.left(aux) if has_aux else None

    def pullback(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        """The cotangents of the arguments."""
        del retain_graph
        given, given_spec = trees.flattened(cotangents)
        if given_spec != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {given_spec.short()}, primal output: {spec.short()}"
            )
        with Recording() as mode:
            keep = (mode.outer if create_graph is None else create_graph) and (outer or any(g._needs for g in given))
            grads = gradients(leaves, level.inputs, given, recorded=keep)
        found = level.structured(grads if keep else [_detached(g) for g in grads], ())
        return found

    return (result, pullback, extra) if has_aux else (result, pullback)


def pushed(leaves: Sequence[Tensor], inputs: Sequence[Tensor]) -> Callable[..., list[Any]]:
    """The linear map from tangents of the inputs to those of the outputs."""
    # The cotangent at which the pullback is differentiated does not matter, except that zeros are safe for
    # complex vectors, which refuse one that turns their phase.
    dummies = [_dummy(y._a) if y._a.dtype.kind in "fc" else None for y in leaves]
    active = [(y, u) for y, u in zip(leaves, dummies, strict=True) if u is not None]
    grads = gradients([y for y, _ in active], inputs, [u for _, u in active], recorded=True)

    def push(tangents: Sequence[Tensor], recorded: bool) -> list[Any]:
        found = iter(gradients(grads, [u for _, u in active], tangents, recorded=recorded))
        return [
            wrap(np.zeros(y._a.shape, y._a.dtype)) if u is None else next(found)
            for y, u in zip(leaves, dummies, strict=True)
        ]

    return push


def _dummy(a: Any) -> Tensor:
    t = entered(wrap((np.zeros if a.dtype.kind == "c" else np.ones)(a.shape, a.dtype)), recorded=False)
    t._node.asked = False  # type: ignore[union-attr]
    return t


def _check_tangents(level: Level, primals: Any, tangents: Any, name: str) -> list[Any]:
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"{name}(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    spec, other = trees.flattened(primals)[1], trees.flattened(tangents)[1]
    if spec != other:
        raise RuntimeError(
            f"{name}(f, primals, tangents): Expected primals and tangents to have the same python structure. For example, if "
            f"primals is a tuple of 3 tensors, tangents also must be. Got primals with structure {spec.text()} and tangents "
            f"with structure {other.text()}"
        )
    given = trees.flattened(tangents)[0]
    for x, v in zip(level.inputs, given, strict=True):
        check_tangent(x, v)
    return given


def check_tangent(x: Tensor, v: Tensor) -> None:
    """Raise where a tangent does not have the size of its tensor."""
    if x._a.shape != v._a.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(x._a.shape)} while the given forward gradient is of size "
            f"{list(v._a.shape)}."
        )


def jvp(func: Function, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """The result of a function, and its derivative along tangents of the arguments."""
    del strict
    if not isinstance(primals, tuple):
        _check_tangents(Level((), (), recorded=False), primals, tangents, "jvp")
    with Recording() as mode:
        level = Level(primals, range(len(primals)), mode.outer)
        given = _check_tangents(level, primals, tangents, "jvp")
        y = func(*level.args)
        aux = None
        if has_aux:
            y, aux = _with_aux(y, "jvp(f, primals, tangents)")
        leaves, spec = _outputs(y, "jvp(f, primals, tangents)")
        keep = mode.outer and (level.reached(y) or any(v._needs for v in given))
        found = pushed(leaves, level.inputs)(given, keep)
        dots = spec.filled(iter(found if keep else [_detached(v) for v in found]))
        return (level.left(y), dots, level.left(aux)) if has_aux else (level.left(y), dots)


def linearize(func: Function, *primals: Any) -> Any:
    """The result of a function, and its derivative as a function of tangents."""
    with Recording() as mode:
        level = Level(primals, range(len(primals)), mode.outer)
        leaves, spec = _outputs(func(*level.args), "linearize(f, *primals)")
        outer = level.reached(leaves)
        push = pushed(leaves, level.inputs)
        result = level.left(spec.filled(iter(leaves)))

    def along(*tangents: Any) -> Any:
        """The derivative along tangents."""
        with Recording() as mode:
            given = _check_tangents(level, tuple(primals), tuple(tangents), "linearize")
            keep = mode.outer and (outer or any(v._needs for v in given))
            found = push(given, keep)
        return spec.filled(iter(found if keep else [_detached(v) for v in found]))

    return result, along


def _jacobian(func: Function, argnums: Any, has_aux: bool, forward: bool) -> Function:
    name = "jacfwd" if forward else "jacrev"

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        places = _chosen(args, argnums)
        with Recording() as mode:
            level = Level(args, places, mode.outer)
            y = func(*level.args, **kwargs)
            aux = None
            if has_aux:
                y, aux = _with_aux(y, f"{name}(f)(*args)")
            leaves, spec = _outputs(y, f"{name}(f)(*args)")
            outer = level.reached(y)
            rows = _by_columns(leaves, level.inputs, outer) if forward else _by_rows(leaves, level.inputs, outer)
            if not outer:
                rows = [[_detached(t) for t in row] for row in rows]
            found = spec.filled(iter([level.structured(row, argnums) for row in rows]))
            return (found, level.left(aux)) if has_aux else found

    return wrapper


def _units(t: Tensor) -> list[Tensor]:
    """Each unit tensor of the shape of t."""
    eye = np.eye(t._a.size, dtype=t._a.dtype)
    return [wrap(row.reshape(t._a.shape)) for row in eye]


def _by_rows(leaves: list[Tensor], inputs: list[Tensor], recorded: bool) -> list[list[Any]]:
    """For each output the derivatives with respect to each input, one sweep for each element of the output."""
    stack = FUNCTIONS["stack"]
    found = []
    for y in leaves:
        rows = (
            [gradients([y], inputs, [unit], recorded=recorded) for unit in _units(y)] if y._a.dtype.kind in "fc" else []
        )
        found.append(
            [
                stack([row[k] for row in rows]).view((*y._a.shape, *x._a.shape))
                if rows
                else wrap(np.zeros((*y._a.shape, *x._a.shape), x._a.dtype))
                for k, x in enumerate(inputs)
            ]
        )
    return found


def _by_columns(leaves: list[Tensor], inputs: list[Tensor], recorded: bool) -> list[list[Any]]:
    """The same, one sweep for each element of the inputs."""
    stack = FUNCTIONS["stack"]
    push = pushed(leaves, inputs)
    zeros = [wrap(np.zeros(x._a.shape, x._a.dtype)) for x in inputs]
    found: list[list[Any]] = [[] for _ in leaves]
    for k, x in enumerate(inputs):
        columns = [push([*zeros[:k], unit, *zeros[k + 1 :]], recorded) for unit in _units(x)]
        for j, y in enumerate(leaves):
            shape = (*y._a.shape, *x._a.shape)
            if columns:
                found[j].append(stack([column[j] for column in columns], -1).view(shape))
            else:
                found[j].append(wrap(np.zeros(shape, y._a.dtype)))
    return found


def jacrev(
    func: Function, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Function:  # fmt: skip
    """A function that returns the Jacobian, row by row."""
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")
    return _jacobian(func, argnums, has_aux, forward=False)


def jacfwd(func: Function, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error") -> Function:
    """A function that returns the Jacobian, column by column."""
    del randomness
    return _jacobian(func, argnums, has_aux, forward=True)


def hessian(func: Function, argnums: Any = 0) -> Function:
    """A function that returns the matrix of second derivatives."""
    return jacfwd(jacrev(func, argnums), argnums)
