"""`grad` and `value_and_grad`: a function in, the function of its gradient out."""

from __future__ import annotations

import functools
import inspect
import os
import types
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from srcgrad.api.arguments import Argnums, arranged, check_argnums
from srcgrad.api.results import in_structure, seed_of_scalar
from srcgrad.build import derive, pickling
from srcgrad.build.save import module_of
from srcgrad.errors import NotDifferentiableError, Place, UnsupportedSyntaxError

Backend = Literal["numpy", "numba", "auto"]


class Gradient:
    """A function that returns the gradient of another, with the source of how it does so.

    Attributes: `primal` (the function differentiated), `argnums`, `source` (the generated module's
    text), `__wrapped__` and `__signature__` (the primal's).
    """

    __signature__: inspect.Signature

    def __init__(
        self, primal: Callable[..., Any], argnums: Argnums, has_aux: bool, backend: Backend, with_value: bool
    ) -> None:
        self.primal = primal
        self.argnums = argnums
        self.has_aux = has_aux
        self.backend = backend
        self.with_value = with_value
        self._chosen = check_argnums(primal, argnums)
        self._adopted = False
        functools.update_wrapper(self, primal, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        values, keywords, keys = arranged(self.primal, args, kwargs, self._chosen)
        if not keywords and not self.has_aux:
            made = derive.gradient(self.primal, values, keys, self._mode, adopted=self._adopted)
            if made is not derive.NOT_COMPILED:
                return self._unwrapped(made)
        result, pull = derive.vjp(self.primal, values, keywords, keys)
        y, aux = self._parts(result)
        y_bars = seed_of_scalar(self.primal, y)
        if self.has_aux:
            y_bars = y_bars + derive.zeros_for(aux)
        gradients = in_structure(values, keywords, keys, pull(y_bars))
        gradient = gradients[0] if isinstance(self.argnums, (int, str)) else gradients
        if self.with_value:
            return ((y, aux) if self.has_aux else y), gradient
        return (gradient, aux) if self.has_aux else gradient

    @property
    def _mode(self) -> str:
        return "value_and_grad" if self.with_value else "grad"

    def _unwrapped(self, made: Any) -> Any:
        """A generated result with the one gradient of `argnums=(0,)` in a tuple."""
        if isinstance(self.argnums, (int, str)) or len(self._chosen) > 1:
            return made
        return (made[0], (made[1],)) if self.with_value else (made,)

    def _parts(self, result: Any) -> tuple[Any, Any]:
        if not self.has_aux:
            return result, None
        if not isinstance(result, tuple) or len(result) != 2:
            raise NotDifferentiableError(
                f"has_aux=True, but {self.primal.__name__}() returned no pair",
                ways=("return (value, auxiliary)", "leave has_aux out"),
            )
        return result

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        kind = "value_and_grad" if self.with_value else "grad"
        return f"<{kind} of {getattr(self.primal, '__qualname__', self.primal)!s}, argnums={self.argnums!r}>"

    @property
    def source(self) -> str:
        """The text of the generated module."""
        return derive.source(self.primal, self._chosen, self._mode)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the derivative as one module that needs NumPy alone.

        The module's function takes the primal's arguments; it is written for the kinds of arguments
        that the gradient has been called with and, where that is possible, for any others.

        Raises UnsupportedSyntaxError where the derivative cannot be written as source.
        """
        with open(path, "w", encoding="utf-8") as file:
            file.write(build_module([self]))

    def explain(self) -> Any:
        """The primal and its derivative side by side, line by line: text, rich in a notebook."""
        from srcgrad.api.explanation import Explanation

        return Explanation(self)

    def __reduce__(self) -> Any:
        state = (self.argnums, self.has_aux, self.backend, self.with_value)
        positions = derive.positions_of(self.primal, self._chosen)
        texts = [] if positions is None else pickling.texts(self.primal, positions, self._mode, derive.generic_kinds)
        return (_unpickled, (pickling.reference(self.primal), state, positions, texts))


def _unpickled(primal: Any, state: tuple[Any, ...], positions: tuple[int, ...] | None, texts: list[Any]) -> Gradient:
    """A gradient from a pickle: it uses the texts that came with it and generates none."""
    f = pickling.function(primal)
    made = Gradient(f, *state)
    if positions is not None:
        pickling.adopt(f, positions, made._mode, texts)
    made._adopted = True
    return made


def build_module(gradients: Sequence[Gradient]) -> str:
    """The text of one module that holds these derivatives and needs NumPy alone; see `Gradient.save`."""
    wanted = []
    for g in gradients:
        positions = derive.positions_of(g.primal, g._chosen)
        if positions is None or not isinstance(g.primal, types.FunctionType) or g.has_aux:
            raise UnsupportedSyntaxError(
                f"{g!r} cannot be written as one module",
                ways=("save the gradient of a plain function by the positions of its arguments",),
            )
        wanted.append((g.primal, positions, g._mode))
    return module_of(wanted, derive.generic_kinds)


def refuse_what_no_kind_can_save(f: Any) -> None:
    """Refuse at decoration what could be differentiated for no arguments."""
    if not callable(f):
        raise TypeError(f"expected a function, not {type(f).__name__}")
    inner = inspect.unwrap(f) if not isinstance(f, Gradient) else f
    code = getattr(inner, "__code__", None)
    if code is None:
        return
    place = Place(code.co_filename, code.co_firstlineno, function=code.co_name)
    if code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        raise UnsupportedSyntaxError(
            f"{code.co_name}() is async, which has no derivative", place, ways=("make it a plain function",)
        )
    if code.co_flags & inspect.CO_GENERATOR:
        raise UnsupportedSyntaxError(
            f"{code.co_name}() is a generator: yield in the function to be differentiated",
            _yield_place(inner) or place,
            ways=("return a list or an array of what it yields",),
        )


def _yield_place(f: Any) -> Place | None:
    import ast

    from srcgrad.errors import SourceUnavailableError
    from srcgrad.syntax.source import source_of

    try:
        source = source_of(f)
    except SourceUnavailableError:
        return None
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            end = node.end_col_offset if node.end_lineno == node.lineno else None
            return Place(source.filename, node.lineno, node.col_offset, end, function=f.__name__)
    return None


@overload
def grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, backend: Backend = "numpy"
) -> Gradient: ...
@overload
def grad(
    f: None = None, argnums: Argnums = 0, *, has_aux: bool = False, backend: Backend = "numpy"
) -> Callable[[Callable[..., Any]], Gradient]: ...
def grad(f: Any = None, argnums: Argnums = 0, *, has_aux: bool = False, backend: Backend = "numpy") -> Any:
    """The gradient of a scalar function, as a function of the same signature.

    `argnums` is the position or the name of the argument to differentiate, or a tuple of such; then a
    tuple of gradients comes back. A gradient has its argument's structure, shapes and dtypes: a float
    for a float or an int, an array for an array, a dict, list, tuple or dataclass of gradients for such.
    With `has_aux`, f returns (value, aux) and the gradient function (gradient, aux). Also a
    decorator: `@grad` and `@grad(argnums=(0, 1))`. The arguments are never changed.

    >>> import numpy as np, srcgrad as sg
    >>> @sg.grad
    ... def energy(x):
    ...     return np.sum(x ** 2) / 2
    >>> energy(np.array([1.0, 2.0]))
    array([1., 2.])

    Raises UnsupportedSyntaxError, MissingRuleError, SourceUnavailableError for what cannot be
    differentiated, NotDifferentiableError (a TypeError) for an argument or a result without a derivative.

    Griewank and Walther 2008, Evaluating Derivatives, chapter 3.
    """
    return _made(f, argnums, has_aux, backend, with_value=False)


@overload
def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False, backend: Backend = "numpy"
) -> Gradient: ...
@overload
def value_and_grad(
    f: None = None, argnums: Argnums = 0, *, has_aux: bool = False, backend: Backend = "numpy"
) -> Callable[[Callable[..., Any]], Gradient]: ...
def value_and_grad(f: Any = None, argnums: Argnums = 0, *, has_aux: bool = False, backend: Backend = "numpy") -> Any:
    """The value and the gradient of a scalar function: `(value, gradient)`; arguments as for `grad`.

    Fits `scipy.optimize.minimize(value_and_grad(f), x0, jac=True)`. With `has_aux` the value is
    the pair (value, aux).

    >>> import srcgrad as sg
    >>> sg.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)

    Raises as `grad` does.
    """
    return _made(f, argnums, has_aux, backend, with_value=True)


def _made(f: Any, argnums: Argnums, has_aux: bool, backend: Backend, *, with_value: bool) -> Any:
    if f is None:
        return functools.partial(_made, argnums=argnums, has_aux=has_aux, backend=backend, with_value=with_value)
    if backend not in ("numpy", "numba", "auto"):
        raise ValueError(f"backend must be 'numpy', 'numba' or 'auto', not {backend!r}")
    refuse_what_no_kind_can_save(f)
    return Gradient(f, argnums, has_aux, backend, with_value)
