"""`grad` and `value_and_grad`: a function in, the function of its gradient out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, ClassVar, overload

from srcgrad.api.arguments import Argnums, arranged
from srcgrad.api.derivative import Derivative
from srcgrad.api.results import in_structure, seed_of_scalar
from srcgrad.build import backend as backends
from srcgrad.build import compiled, derive, pickling, recorded
from srcgrad.build.shortcut import MISSED, Direct, Shortcuts, missed
from srcgrad.build.telling import tell
from srcgrad.errors import NotDifferentiableError
from srcgrad.runtime.levels import state

Backend = backends.Name


class Gradient(Derivative):
    """A function that returns the gradient of another, with the source of how it does so."""

    kind: ClassVar[str] = "grad"

    def __init__(
        self,
        primal: Callable[..., Any],
        argnums: Argnums = 0,
        has_aux: bool = False,
        backend: Backend = "numpy",
        parallel: bool = False,
        with_value: bool = False,
    ) -> None:
        if with_value:
            self.kind = self.mode = "value_and_grad"  # type: ignore[misc]
        super().__init__(primal, argnums, backend, parallel)
        self.has_aux = has_aux
        self.with_value = with_value
        self._shortcuts = Shortcuts(self.primal, with_value, self.alone, self._recorded_at)
        self._direct: Direct = missed

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            made = self._direct(args)
            if made is not MISSED:
                return made
        values, keywords, places = arranged(self.primal, args, kwargs, self.chosen)
        if not keywords and not self.has_aux:
            entry = derive.entry(self.primal, values, places, self.mode)
            if self.form.compiles and not state.levels:
                entry = derive.in_form(self.primal, entry, values, places, self.mode, self.form)
            if entry is not None:
                try:
                    return self._compiled(entry, args, values, places)
                except (ArithmeticError, NotImplementedError):
                    # A generated formula may overflow where the function does not; if the function
                    # does too, recording it raises what it raises.
                    return self._recorded(values, keywords, places, recorded.vjp)
                except Exception as error:
                    tell(error, self.primal, values)
                    raise
        elif self.form.compiles:
            derive.in_form(self.primal, None, values, places, self.mode, self.form)
        return self._recorded(values, keywords, places, derive.vjp)

    def _compiled(self, entry: compiled.Entry, args: tuple[Any, ...], values: list[Any], keys: Any) -> Any:
        if len(args) == len(values) == self.primal.__code__.co_argcount:
            self._direct = self._shortcuts.found(entry, args, values, keys) or self._direct
        return self._fitting(derive.run(self.primal, entry, values), values, keys)  # type: ignore[arg-type]

    def _recorded_at(self, args: tuple[Any, ...]) -> Any:
        """The gradient at positional arguments by recording, where the generated function is not right."""
        return self._recorded(*arranged(self.primal, args, {}, self.chosen), recorded.vjp)

    def _fitting(self, made: Any, args: Any, keys: tuple[int, ...]) -> Any:
        """What a generated function returned, gradients in the types of their arguments."""
        gradients = made[1] if self.with_value else made
        if len(keys) == 1:
            (k,) = keys
            if type(gradients) is not type(args[k]):
                gradients = derive.fitting(args[k], gradients)
            if not self.alone:
                gradients = (gradients,)
        else:
            gradients = tuple([derive.fitting(args[k], g) for k, g in zip(keys, gradients, strict=True)])
        return (made[0], gradients) if self.with_value else gradients

    def _recorded(
        self, values: list[Any], keywords: dict[str, Any], keys: tuple[int | str, ...], vjp: Callable[..., Any]
    ) -> Any:
        result, pull = vjp(self.primal, values, keywords, keys)
        y, aux = self._parts(result)
        y_bars = seed_of_scalar(self.primal, y)
        if self.has_aux:
            y_bars = y_bars + derive.zeros_for(aux)
        gradients = in_structure(values, keywords, keys, pull(y_bars))
        gradient = gradients[0] if self.alone else gradients
        if self.with_value:
            return ((y, aux) if self.has_aux else y), gradient
        return (gradient, aux) if self.has_aux else gradient

    def _parts(self, result: Any) -> tuple[Any, Any]:
        if not self.has_aux:
            return result, None
        if not isinstance(result, tuple) or len(result) != 2:
            raise NotDifferentiableError(
                f"has_aux=True, but {self.__name__}() returned no pair",
                ways=("return (value, auxiliary)", "leave has_aux out"),
            )
        return result

    @property
    def function(self) -> Callable[..., Any] | None:
        """The generated function itself, of the latest call; None where calls are recorded.

        It is what pdb steps through (`break g.function`) and what `inspect.getsource` shows of it;
        of the gradient, `inspect.getsource` shows the primal, which `__wrapped__` names.
        """
        entry = derive.latest(self.primal, self.chosen, self.mode)
        return None if entry is None else entry.plain

    def state(self) -> tuple[Any, ...]:
        return (self.argnums, self.has_aux, self.backend, self.form.parallel, self.with_value)

    def texts(self) -> Any:
        if isinstance(self.primal, Derivative):
            return self.primal.texts()
        positions = derive.positions_of(self.primal, self.chosen)
        if positions is None or self.has_aux or not isinstance(self.primal, FunctionType):
            return None
        return positions, pickling.texts(self.primal, positions, self.mode, derive.general_kinds)

    def adopt(self, texts: Any) -> None:
        if isinstance(self.primal, Derivative):
            self.primal.adopt(texts)
            return
        positions, stored = texts
        if stored is not None:
            pickling.adopt(self.primal, positions, self.mode, stored)


@overload
def grad(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: Backend = "numpy",
    parallel: bool = False,
) -> Gradient: ...
@overload
def grad(
    f: None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: Backend = "numpy",
    parallel: bool = False,
) -> Callable[[Callable[..., Any]], Gradient]: ...
def grad(
    f: Any = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: Backend = "numpy",
    parallel: bool = False,
) -> Any:
    """The gradient of a scalar function, as a function of the same signature.

    `argnums` is the position or the name of the argument to differentiate, or a tuple of such; then a
    tuple of gradients comes back. A negative position counts from the end of the arguments that a call
    gives. With `has_aux`, f returns (value, aux) and the gradient function (gradient, aux). Also a
    decorator: `@grad` and `@grad(argnums=(0, 1))`. The arguments are never changed.

    A gradient has its argument's structure, shapes and dtypes: a float for a float, an array for an
    array, a dict, list, tuple, deque or dataclass of gradients for such. A Python int counts as a float,
    inside of a container too: a count that f gives to range() must come as an argument of its own, or
    range() says so. Bools, strings and None inside of a container stay as they are.

    `backend="numba"` (the extra `numba`) lowers the generated gradient to loops and compiles it at the first call for
    arguments of some kind; the code is kept on disk for the next process. What numba cannot take is refused. With
    `backend="auto"`, NumPy runs what it runs faster, and, after one warning, what numba cannot take.
    `parallel=True` lets numba run those loops on several threads whose trips do not touch each other's results.

    >>> import numpy as np, srcgrad as sg
    >>> @sg.grad
    ... def energy(x):
    ...     return np.sum(x ** 2) / 2
    >>> energy(np.array([1.0, 2.0]))
    array([1., 2.])

    Raises UnsupportedSyntaxError, MissingRuleError, SourceUnavailableError for what cannot be
    differentiated, NotDifferentiableError (a TypeError) for an argument or a result without a derivative,
    such as an array of integers.

    Griewank and Walther 2008, Evaluating Derivatives, chapter 3.
    """
    if f is None:
        return functools.partial(grad, argnums=argnums, has_aux=has_aux, backend=backend, parallel=parallel)
    return Gradient(f, argnums, has_aux, backend, parallel)


@overload
def value_and_grad(
    f: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: Backend = "numpy",
    parallel: bool = False,
) -> Gradient: ...
@overload
def value_and_grad(
    f: None = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: Backend = "numpy",
    parallel: bool = False,
) -> Callable[[Callable[..., Any]], Gradient]: ...
def value_and_grad(
    f: Any = None,
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    backend: Backend = "numpy",
    parallel: bool = False,
) -> Any:
    """The value and the gradient of a scalar function: `(value, gradient)`; arguments as for `grad`.

    Fits `scipy.optimize.minimize(value_and_grad(f), x0, jac=True)`. With `has_aux` the value is
    the pair (value, aux).

    >>> import srcgrad as sg
    >>> sg.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)

    Raises as `grad` does.
    """
    if f is None:
        return functools.partial(value_and_grad, argnums=argnums, has_aux=has_aux, backend=backend, parallel=parallel)
    return Gradient(f, argnums, has_aux, backend, parallel, with_value=True)
