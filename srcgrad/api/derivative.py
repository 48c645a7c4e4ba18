"""What every function that a transform returns has in common: names, a signature, a source, a pickle."""

from __future__ import annotations

import inspect
import os
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from srcgrad.api.arguments import Argnums, check_argnums, name_of, signature_of
from srcgrad.build import compiled, derive, pickling
from srcgrad.build.backend import Name, chosen
from srcgrad.build.save import block_of, module_of
from srcgrad.errors import Place, SourceUnavailableError, UnsupportedSyntaxError
from srcgrad.runtime import dispatchers, forgetting


class Derivative:
    """A function that returns derivatives of another, its `primal`.

    Attributes: `primal` and `argnums`, as given; `source`, the text of the generated module; the primal's
    `__wrapped__`, `__signature__`, `__name__`, `__module__` and `__doc__`.
    """

    kind: ClassVar[str]  # the transform's name
    mode: str = "grad"  # which of the generated functions it shows and saves

    def __init__(
        self, primal: Callable[..., Any], argnums: Argnums, backend: Name = "numpy", parallel: bool = False
    ) -> None:
        self.form = chosen(backend, parallel)
        primal = forgetting.under(dispatchers.plain(primal))
        refuse_what_no_kind_can_save(primal)
        self.primal = primal
        self.argnums = argnums
        self.chosen = check_argnums(primal, argnums)
        self.alone = isinstance(argnums, str) or not isinstance(argnums, Sequence)
        self.__wrapped__ = primal
        self.__name__ = str(getattr(primal, "__name__", None) or type(primal).__name__)
        self.__qualname__ = str(getattr(primal, "__qualname__", None) or self.__name__)
        self.__module__ = str(getattr(primal, "__module__", None) or __name__)
        own = getattr(primal, "__doc__", None) if not isinstance(primal, Derivative) else None
        self.__doc__ = own or f"{self.kind} of {self.__name__}() with respect to {argnums!r}."

    @property
    def backend(self) -> Name:
        """The backend that was asked for."""
        return self.form.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    @property
    def __signature__(self) -> inspect.Signature:
        found = signature_of(self.primal)
        if found is None:
            raise AttributeError(f"{self.__name__}() has no signature that Python knows")
        return found

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<{self.kind} of {name_of(self.primal)}, argnums={self.argnums!r}>"

    @property
    def source(self) -> str:
        """The text of the generated module: for the kinds of the latest call, before any call for any kind."""
        return derive.source(self.primal, self.chosen, self.mode)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the derivative as one module that needs NumPy alone, and SciPy where the function uses it.

        The module's function takes the primal's arguments; it is written for the kinds of arguments
        that the gradient has been called with and, where that is possible, for any others.

        Raises UnsupportedSyntaxError where the derivative cannot be written as source.
        """
        text = build_module([self])
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def explain(self) -> Any:
        """The primal and its derivative side by side, line by line: text, rich in a notebook."""
        from srcgrad.api.explanation import Explanation

        return Explanation(self)

    # Like a function, a derivative is itself when it is copied.

    def __copy__(self) -> Derivative:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Derivative:
        return self

    def state(self) -> tuple[Any, ...]:
        """What __init__ takes after the primal."""
        return (self.argnums, self.backend, self.form.parallel)

    def __reduce__(self) -> Any:
        return (_unpickled, (type(self), pickling.reference(self.primal), self.state(), self.texts()))

    def texts(self) -> Any:
        """What was generated and goes along in a pickle."""
        return self.primal.texts() if isinstance(self.primal, Derivative) else None

    def adopt(self, texts: Any) -> None:
        """Take over the texts of a pickle."""
        if isinstance(self.primal, Derivative):
            self.primal.adopt(texts)


def _unpickled(kind: type[Derivative], primal: Any, state: tuple[Any, ...], texts: Any) -> Derivative:
    """A derivative from a pickle: it uses the texts that came with it and generates none."""
    made = kind(pickling.function(primal), *state)
    f: Any = made
    while isinstance(f, Derivative):
        f = f.primal
    f = getattr(f, "__func__", f)
    if isinstance(f, types.FunctionType):
        compiled.arrived(f)
    if texts is not None:
        made.adopt(texts)
    return made


def build_module(derivatives: Sequence[Any]) -> str:
    """The text of one module that holds these gradients and stands on its own; see `Derivative.save`."""
    return module_of([_wanted(g) for g in derivatives], derive.general_kinds)


def build_block(derivative: Any, present: Mapping[str, Any]) -> tuple[str, str]:
    """A gradient's name, and its text for a module whose names mean what is `present`."""
    return block_of(*_wanted(derivative), derive.general_kinds, present)


def _wanted(g: Any) -> tuple[types.FunctionType, tuple[int, ...], str]:
    if not isinstance(g, Derivative) or g.kind not in ("grad", "value_and_grad") or getattr(g, "has_aux", False):
        raise UnsupportedSyntaxError(
            f"{g!r} cannot be written as one module",
            ways=("save what grad or value_and_grad returns, without has_aux", "pickle it instead"),
        )
    positions = derive.positions_of(g.primal, g.chosen)
    if positions is None or not isinstance(g.primal, types.FunctionType):
        raise UnsupportedSyntaxError(
            f"{g!r} cannot be written as one module: only gradients of plain functions can",
            ways=("define a function with `def` that calls it, and save its gradient",),
        )
    return g.primal, positions, g.mode


def refuse_what_no_kind_can_save(f: Any) -> None:
    """Refuse at decoration what could be differentiated for no arguments."""
    if not callable(f):
        way = ": the decorator goes below it" if isinstance(f, (staticmethod, classmethod, property)) else ""
        raise TypeError(f"expected a function, not {type(f).__name__}{way}")
    code = getattr(f if isinstance(f, Derivative) else inspect.unwrap(f), "__code__", None)
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
            _yield_place(inspect.unwrap(f)) or place,
            ways=("return a list or an array of what it yields",),
        )


def _yield_place(f: Any) -> Place | None:
    import ast

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
