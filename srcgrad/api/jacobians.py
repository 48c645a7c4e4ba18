"""Whole Jacobians and Hessians, built from products with unit vectors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from srcgrad.api.arguments import Argnums, arranged, name_of
from srcgrad.api.derivative import Derivative
from srcgrad.api.gradient import grad
from srcgrad.api.products import tangents_for
from srcgrad.api.results import in_structure, in_structure_of_result
from srcgrad.build import derive, recorded
from srcgrad.build.backend import NUMPY, Backend, Name
from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime import tree
from srcgrad.runtime.calls import call


class Jacobian(Derivative):
    """A function that returns a Jacobian; itself differentiable."""

    kind: ClassVar[str] = "jacobian"
    forward: ClassVar[bool] = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        runs = functools.partial(_columns if self.forward else _rows, form=self.form)
        return _blocks(self.function, args, kwargs, self.chosen, self.alone, runs)

    @property
    def function(self) -> Callable[..., Any]:
        """What the rows or columns are derivatives of."""
        return self.primal


class JacobianByRows(Jacobian):
    """What `jacrev` returns."""

    kind = "jacrev"


class JacobianByColumns(Jacobian):
    """What `jacfwd` returns."""

    kind = "jacfwd"
    forward = True


class Hessian(Jacobian):
    """What `hessian` returns: the Jacobian, by forward mode, of the gradient by reverse mode."""

    kind = "hessian"
    forward = True

    def __init__(
        self,
        primal: Callable[..., Any],
        argnums: Argnums = 0,
        backend: Name = "numpy",
        parallel: bool = False,
    ) -> None:
        super().__init__(primal, argnums, backend, parallel)
        self.inner = JacobianByRows(self.primal, argnums)

    @property
    def function(self) -> Callable[..., Any]:
        return self.inner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.form.compiles:
            runs = functools.partial(_compiled_columns, primal=self.primal, form=self.form)
            return _blocks(self.inner, args, kwargs, self.chosen, self.alone, runs)
        return super().__call__(*args, **kwargs)


class HessianVectorProduct(Derivative):
    """What `hvp` returns."""

    kind = "hvp"

    def __init__(
        self, primal: Callable[..., Any], argnums: int | str = 0, backend: Name = "numpy", parallel: bool = False
    ) -> None:
        super().__init__(primal, argnums, backend, parallel)
        if not self.alone:
            raise TypeError("hvp takes one position or name; put several arguments into a tuple")
        self.gradient = grad(self.primal, argnums)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        (n,) = self.chosen
        position = list(self.__signature__.parameters).index(n) if isinstance(n, str) else n
        position += len(args) - 1 if position < 0 else 0
        if not 0 <= position < len(args) - 1:
            raise TypeError("hvp(f)(x, v, …) takes the vector by position, right after the differentiated argument")
        v = args[position + 1]
        given = (*args[: position + 1], *args[position + 2 :])
        values, keywords, keys = arranged(self.primal, given, kwargs, (position,))
        x_dots = tangents_for(values[position], v)
        if self.form.compiles:
            made = derive.tangent_of_gradient(self.primal, values, keywords, keys, self.form)
            if made is not None:
                return made(x_dots)[0]
        y, y_dots = derive.jvp(self.gradient, values, keywords, keys, x_dots)
        return in_structure_of_result(y, y_dots)


class ElementwiseGradient(Derivative):
    """What `elementwise_grad` returns."""

    kind = "elementwise_grad"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        values, keywords, keys = arranged(self.primal, args, kwargs, self.chosen)
        y, pull = derive.vjp(self.primal, values, keywords, keys, self.form)
        x_bars = in_structure(values, keywords, keys, pull([np.ones_like(leaf) for leaf in tree.leaves(y)]))
        return x_bars[0] if self.alone else x_bars


def jacrev(
    f: Callable[..., Any], argnums: Argnums = 0, *, backend: Name = "numpy", parallel: bool = False
) -> Derivative:
    """The Jacobian by reverse mode: one sweep per element of the result.

    Returns a function of f's signature whose result has the shape `y.shape + x.shape` (for
    containers, the structure of the result with that of the argument inside).

    >>> import numpy as np, srcgrad as sg
    >>> sg.jacrev(lambda x: x ** 2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])

    Raises as `vjp` does.
    """
    return JacobianByRows(f, argnums, backend, parallel)


def jacfwd(
    f: Callable[..., Any], argnums: Argnums = 0, *, backend: Name = "numpy", parallel: bool = False
) -> Derivative:
    """The Jacobian by forward mode: one run per element of the argument; shapes as for `jacrev`.

    >>> import numpy as np, srcgrad as sg
    >>> sg.jacfwd(lambda t: np.array([np.cos(t), np.sin(t)]))(0.0)
    array([0., 1.])

    Raises as `jvp` does.
    """
    return JacobianByColumns(f, argnums, backend, parallel)


def jacobian(
    f: Callable[..., Any], argnums: Argnums = 0, *, backend: Name = "numpy", parallel: bool = False
) -> Derivative:
    """The Jacobian, `y.shape + x.shape`, by reverse mode: `jacrev`.

    >>> import numpy as np, srcgrad as sg
    >>> sg.jacobian(np.cumsum)(np.ones(2))
    array([[1., 0.],
           [1., 1.]])

    Raises as `vjp` does.
    """
    return Jacobian(f, argnums, backend, parallel)


def hessian(
    f: Callable[..., Any], argnums: Argnums = 0, *, backend: Name = "numpy", parallel: bool = False
) -> Derivative:
    """The Hessian of a scalar function, `x.shape + x.shape`, forward over reverse.

    With a tuple of argnums, a tuple of tuples of blocks.

    >>> import numpy as np, srcgrad as sg
    >>> sg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])

    Raises as `grad` does.
    """
    return Hessian(f, argnums, backend, parallel)


def hvp(
    f: Callable[..., Any], argnums: int | str = 0, *, backend: Name = "numpy", parallel: bool = False
) -> Derivative:
    """The Hessian-vector product of a scalar function, forward over reverse.

    Costs about four times f and never forms the Hessian.

    Returns a function `(x, v, …) -> H v`: f's arguments with v after the differentiated one, where v and
    the result have that argument's structure, shapes and dtypes.

    >>> import numpy as np, srcgrad as sg
    >>> sg.hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])

    Raises as `grad` does. Pearlmutter 1994, Fast exact multiplication by the Hessian.
    """
    return HessianVectorProduct(f, argnums, backend, parallel)


def elementwise_grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, backend: Name = "numpy", parallel: bool = False
) -> Derivative:
    """The derivative of a function that acts element by element, of the argument's shape.

    It is the gradient of the sum of all elements of the result.

    >>> import numpy as np, srcgrad as sg
    >>> sg.elementwise_grad(np.tanh)(np.zeros(3))
    array([1., 1., 1.])

    Raises as `grad` does.
    """
    return ElementwiseGradient(f, argnums, backend, parallel)


Runs = Callable[..., tuple[Any, list[list[Any]]]]


def _blocks(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    chosen: tuple[int | str, ...],
    alone: bool,
    runs: Runs,
) -> Any:
    """The derivative of each leaf of the result by each leaf of the arguments, in their structures."""
    values, keywords, keys = arranged(f, args, kwargs, chosen)
    y, blocks = runs(f, values, keywords, keys)
    if next(tree.leaves(y), None) is None:
        raise NotDifferentiableError(
            f"the result of {name_of(f)}() has no derivative", ways=("return floats or arrays of floats",)
        )
    arguments = [keywords[k] if isinstance(k, str) else values[k] for k in keys]
    rows = iter(blocks)

    def row_of(_: Any) -> Any:
        remaining = iter(next(rows))
        found = tuple([tree.map_leaves(lambda _: next(remaining), a) for a in arguments])
        return found[0] if alone else found

    return tree.map_leaves(row_of, y)


def _rows(f: Any, values: list[Any], keywords: dict[str, Any], keys: Any, form: Backend) -> tuple[Any, list[list[Any]]]:
    """For each leaf of the result, its derivative with respect to each leaf of the arguments, by reverse mode."""
    inputs = recorded.leaves_of(values, keywords, keys)
    y, pull = derive.vjp(f, values, keywords, keys, form)
    outputs = list(tree.leaves(y))
    zeros = [np.zeros_like(leaf) for leaf in outputs]
    blocks = []
    for n, leaf in enumerate(outputs):
        sweeps = [pull([*zeros[:n], _unit(leaf, k), *zeros[n + 1 :]]) for k in range(np.size(leaf))]
        blocks.append([_stacked([s[m] for s in sweeps], np.shape(leaf), x, first=True) for m, x in enumerate(inputs)])
    return y, blocks


def _columns(
    f: Any, values: list[Any], keywords: dict[str, Any], keys: Any, form: Backend
) -> tuple[Any, list[list[Any]]]:
    """The same, by forward mode."""
    inputs = recorded.leaves_of(values, keywords, keys)
    zeros = [np.zeros_like(x) for x in inputs]
    y: Any = None
    columns: list[list[list[Any]]] = []
    for n, x in enumerate(inputs):
        runs = []
        for k in range(np.size(x)):
            y, y_dots = derive.jvp(f, values, keywords, keys, [*zeros[:n], _unit(x, k), *zeros[n + 1 :]], form)
            runs.append(y_dots)
        columns.append(runs)
    if y is None:
        y, _ = derive.jvp(f, values, keywords, keys, zeros, form)
    outputs = list(tree.leaves(y))
    return y, [
        [
            _stacked([r[m] for r in runs], np.shape(x), leaf, first=False)
            for runs, x in zip(columns, inputs, strict=True)
        ]
        for m, leaf in enumerate(outputs)
    ]


def _compiled_columns(
    f: Any, values: list[Any], keywords: dict[str, Any], keys: Any, primal: Any, form: Backend
) -> tuple[Any, list[list[Any]]]:
    """The columns of a Hessian by a compiled Hessian-vector product; as `_columns` has them where there is none."""
    made = derive.tangent_of_gradient(primal, values, keywords, keys, form)
    inputs = recorded.leaves_of(values, keywords, keys)
    if made is None or any(not np.size(x) for x in inputs):
        return _columns(f, values, keywords, keys, NUMPY)
    zeros = [np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0 for x in inputs]
    blocks: list[list[Any]] = [[] for _ in inputs]
    for n, x in enumerate(inputs):
        runs = [made([*zeros[:n], _unit(x, k), *zeros[n + 1 :]]) for k in range(np.size(x))]
        for m, y in enumerate(inputs):
            blocks[m].append(_stacked([r[m] for r in runs], np.shape(x), y, first=False))
    gradient = inputs[0] if not isinstance(f, Derivative) or f.alone else tuple(inputs)
    return gradient, blocks


def _unit(x: Any, k: int) -> Any:
    """The unit vector of x's shape and dtype with its one at flat position k."""
    unit = np.zeros(np.shape(x), np.asarray(x).dtype)
    unit.reshape(-1)[k] = 1.0
    return unit if isinstance(x, np.ndarray) else unit[()]


def _stacked(parts: list[Any], shape: tuple[int, ...], like: Any, *, first: bool) -> Any:
    """Derivatives stacked along the axes of `shape`: in front for sweeps, behind for runs."""
    if not shape:
        return parts[0]
    if not parts:
        inner = np.shape(like)
        return np.zeros(shape + inner if first else inner + shape, np.asarray(like).dtype)
    if first:
        return call(np.reshape, call(np.stack, parts), shape + np.shape(like))
    return call(np.reshape, call(np.stack, parts, axis=-1), np.shape(like) + shape)
