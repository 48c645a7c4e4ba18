"""A function of `nn.functional` with its options fixed, as a module.

What enters: the options with their defaults, as they stand in a signature. What leaves: a class whose `__init__` has
that signature, keeps the options as attributes, and whose `forward` passes them on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from srcgrad.torch.nn.module import Module


class Fixed(Module):
    """A function with fixed options."""

    _names: tuple[str, ...] = ()
    _function: str = ""
    _shown: tuple[str, ...] = ()

    def _begin(self, options: dict[str, Any]) -> None:
        Module.__init__(self)
        for name, value in options.items():
            object.__setattr__(self, name, value)
        self._settle()

    def _settle(self) -> None:
        """Check the options and bring them into the form in which they are kept."""

    def forward(self, *inputs: Any) -> Any:
        from srcgrad.torch.nn import functional

        try:
            return getattr(functional, self._function)(*inputs, **self._passed())
        except TypeError as error:
            # What is missing is missing of the module.
            _, missing, what = str(error).partition("() missing ")
            if missing:
                raise TypeError(f"{type(self).__name__}.forward() missing {what}") from None
            raise

    def _passed(self) -> dict[str, Any]:
        """The options as the function takes them."""
        return {name: getattr(self, name) for name in self._names}

    def extra_repr(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name in self._shown]
        if "inplace" in self._names and "inplace" not in self._shown and self.inplace:
            parts.append("inplace=True")
        return ", ".join(parts)


class Plain(Fixed):
    """Its text shows the values without their names."""

    def extra_repr(self) -> str:
        return ", ".join(str(getattr(self, name)) for name in self._shown)


class Silent(Fixed):
    """Its text shows nothing."""

    def extra_repr(self) -> str:
        return ""


class Stochastic(Fixed):
    """What differs between training and evaluation."""

    def _passed(self) -> dict[str, Any]:
        return {**super()._passed(), "training": self.training}


def beginning(owner: str, options: str) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """An `__init__` with these options that hands them to `_begin`, and their names."""
    made: dict[str, Any] = {}
    exec(f"def __init__(self, {options}): ...", {}, made)
    names = tuple(inspect.signature(made["__init__"]).parameters)[1:]
    body = ", ".join(f"{name!r}: {name}" for name in names)
    exec(f"def __init__(self, {options}):\n    self._begin({{{body}}})", {}, made)
    function = made["__init__"]
    function.__qualname__ = f"{owner}.__init__"
    return function, names


def named(init: Any, owner: str) -> Any:
    """An `__init__` of its own for a class that inherits one: errors about arguments say whose it is."""
    copy = FunctionType(init.__code__, init.__globals__, init.__name__, init.__defaults__, init.__closure__)
    copy.__kwdefaults__ = init.__kwdefaults__
    copy.__annotations__ = init.__annotations__
    copy.__qualname__ = f"{owner}.__init__"
    return copy


def fixed(
    name: str, options: str, function: str, shown: str = "", base: type[Any] = Fixed, owner: str = "", **fields: Any
) -> Any:
    """The class of that name."""
    init, names = beginning(owner or name, options)
    return type(
        name,
        (base,),
        {
            "__init__": init, "_names": names, "_function": function, "_shown": tuple(shown.split()),
            "__doc__": f"`functional.{function}` as a module.", **fields,
        },
    )  # fmt: skip
