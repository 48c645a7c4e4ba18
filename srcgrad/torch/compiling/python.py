"""Functions and containers of Python.

What enters: a function such as len or zip, a method of a list, something to iterate over. What leaves: what Python
gives, on what is known while the function is read; for numbers of run time an expression.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from srcgrad.torch.compiling.guards import MISSING, Getter
from srcgrad.torch.compiling.interpreter import Closure
from srcgrad.torch.compiling.known import comparable, plain_container, settled
from srcgrad.torch.compiling.outside import PLAIN, Outside
from srcgrad.torch.compiling.program import Number
from srcgrad.torch.compiling.structures import flat
from srcgrad.torch.dtypes import Size
from srcgrad.torch.nn import Module, ModuleDict, ModuleList, ParameterList, Sequential
from srcgrad.torch.tensor import Tensor

# Functions of Python that run as they are, on what is known.
PURE = frozenset(
    [abs, all, any, bool, dict, divmod, enumerate, float, frozenset, hash, int, isinstance, issubclass, len, list, max,
     min, pow, range, repr, reversed, round, set, slice, sorted, str, sum, tuple, type, zip, callable, hasattr]
)  # fmt: skip
# Of what these ask a guard holds the kind, or the object itself.
_OF_KIND = frozenset([isinstance, issubclass, callable, type])
# Methods that keep what they are given, and ask it nothing.
_STORES = frozenset(["append", "extend", "insert", "update", "setdefault", "clear", "reverse", "pop", "popitem"])
_NUMBERED = {abs: "abs", round: "round", float: "float", int: "int", bool: "bool"}


class Python(Outside):
    """What is neither an operation on tensors nor a function of the user's."""

    def python(self, function: Any, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A function of Python."""
        if function is isinstance:
            return self.is_instance(*args)
        if len(args) == 1 and isinstance(args[0], Tensor):
            (x,) = args
            if function in {float, int, bool}:
                return self.number_of(x, function)
            if function is len:
                return len(x._a)
            if function is abs:
                return self.operation(getattr(Tensor, "abs"), "abs", (x,), {}, e)  # noqa: B009 - attached by ops
            if function is type:
                return Tensor
        if len(args) == 1 and isinstance(args[0], Number) and function in _NUMBERED:
            n = args[0]
            return self.number(f"{_NUMBERED[function]}({n.text})", function(n.sample), n.reads)
        if function is sum and any(isinstance(v, Tensor) for v in flat(args)):
            return self.summed(*args, e=e)
        if function in {enumerate, zip, reversed, list, tuple}:
            rows = [a if isinstance(a, int) else list(self.rows(a, e)) for a in args]
            made = list(function(*rows, **kwargs))
            return self.local(made) if function is not tuple else tuple(made)
        if function in {max, min} and any(isinstance(v, Number) for v in args):
            reads = [v for n in args if isinstance(n, Number) for v in n.reads]
            text = ", ".join(n.text if isinstance(n, Number) else repr(n) for n in args)
            return self.number(f"{function.__name__}({text})", function(
                *(n.sample if isinstance(n, Number) else n for n in args)), reads)  # fmt: skip
        self.concrete((args, kwargs))
        if any(isinstance(v, Tensor) for v in flat((args, kwargs))) and function not in {len, dict}:
            raise self.refuse(f"{function.__name__}() of tensors", e)
        if any(isinstance(v, (Closure, FunctionType)) for v in (*args, *kwargs.values())) and function is not callable:
            raise self.refuse(f"{function.__name__}() with a function", e)
        if function is hasattr:
            return self.has_attribute(*args)
        if function is len and isinstance(args[0], Module):
            self.guard_module(args[0])
        elif function not in _OF_KIND and not (function is dict or settled((args, kwargs)) or _counted(function, args)):
            raise self.refuse(f"{function.__name__}() of {type(args[0]).__name__}", e)
        made = function(*args, **kwargs)
        return self.local(made) if type(made) in {list, dict} else made

    def has_attribute(self, thing: Any, name: str) -> bool:
        """hasattr(), which is asked again before each call."""
        found = hasattr(thing, name)
        if not settled(thing):
            self.guards.read(("has", id(thing), name), Getter("function", lambda: hasattr(thing, name)), found)
        return found

    def summed(self, things: Any, start: Any = 0, *, e: ast.AST) -> Any:
        """sum() of tensors."""
        found = start
        for thing in self.rows(things, e):
            found = self.binary(ast.Add, found, thing, e)
        return found

    def is_instance(self, thing: Any, kinds: Any) -> bool:
        if isinstance(thing, Tensor):
            found = self.state.outside
            original = next((t for t, s in found.values() if s is thing), thing)
            return isinstance(original, kinds)
        return isinstance(thing.sample if isinstance(thing, Number) else thing, kinds)

    def mathematics(self, function: Any, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A function of the module math, on numbers that may be known at run time only."""
        args = [
            self.number_of(a, float) if isinstance(a, Tensor) and function.__module__ == "math" else a for a in args
        ]
        if not any(isinstance(a, Number) for a in args):
            if any(isinstance(v, Tensor) for v in flat(args)):
                raise self.refuse(f"{function.__name__}() of tensors", e)
            if not settled((args, kwargs)):
                raise self.refuse(f"{function.__name__}() of an object", e)
            return function(*args, **kwargs)
        if function.__module__ != "math" or kwargs:
            raise self.refuse(f"{function.__name__}()", e)
        reads = [v for n in args if isinstance(n, Number) for v in n.reads]
        text = ", ".join(n.text if isinstance(n, Number) else repr(n) for n in args)
        sample = function(*(n.sample if isinstance(n, Number) else n for n in args))
        name = self.samples.bound(math, "math")
        return self.number(f"{name}.{function.__name__}({text})", sample, reads)

    def of_container(self, function: Any, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A method of a list, a dictionary, a text."""
        owner = function.__self__
        name = function.__name__
        if name not in _STORES and (
            not comparable((args, kwargs)) or any(isinstance(v, FunctionType) for v in flat(kwargs))
        ):
            raise self.refuse(f"{name}() of an object", e)
        if isinstance(owner, (str, Size, tuple)):
            self.concrete((args, kwargs))
            if any(isinstance(v, Tensor) for v in flat((owner, args, kwargs))) or not settled((owner, args, kwargs)):
                raise self.refuse(f"{name}() of a {type(owner).__name__}", e)
            return function(*args, **kwargs)
        if isinstance(owner, (list, dict)):
            mutates = name in {"append", "extend", "insert", "pop", "clear", "update", "setdefault", "remove",
                               "reverse", "sort", "popitem"}  # fmt: skip
            if mutates and id(owner) not in self.state.local:
                raise self.refuse("a write into a container from outside", e)
            if name == "extend":
                for thing in self.rows(args[0], e):
                    owner.append(thing)  # type: ignore[union-attr]
                return None
            if name in {"sort", "remove", "index", "count"} and any(isinstance(v, Tensor) for v in flat(owner)):
                raise self.refuse(f"{name}() among tensors", e)
            if not mutates:
                self.known_container(owner, e)
            made = function(*args, **kwargs)
            if name in {"items", "keys", "values"}:
                return [tuple(v) if name == "items" else v for v in made]
            return made
        raise self.refuse(f"{name}()", e)

    def known_container(self, owner: Any, e: ast.AST) -> None:
        """A container from outside may hold no tensors: they would be constants."""
        if id(owner) not in self.state.local and any(
            isinstance(v, Tensor) and id(v) not in self.samples.values for v in flat(owner)
        ):
            raise self.refuse("a container from outside with tensors", e)

    def plain_item(self, thing: Any, index: Any, e: ast.AST) -> Any:
        """An item of a container."""
        if isinstance(thing, (ModuleList, Sequential, ModuleDict)):
            self.guard_module(thing)
            return thing[index]
        if isinstance(thing, ParameterList):
            raise self.refuse("a ParameterList", e)
        if not isinstance(thing, (list, tuple, dict, str, range)) or not comparable(index):
            raise self.refuse("an item of such a container", e)
        if isinstance(thing, dict) and id(thing) not in self.state.local:
            found = thing.get(index, MISSING)
        else:
            try:
                found = thing[index]
            except (IndexError, KeyError):
                found = MISSING
        if found is MISSING:
            raise self.refuse("an item that is missing", e)
        if isinstance(found, Tensor) and id(found) not in self.samples.values:
            place = ("item", id(thing), index)
            self.kept_alive.append(thing)
            return self.foreign(found, Getter("item", thing, index), place, e)
        return self.local(found) if type(found) is list and id(thing) in self.state.local else found

    def sequence(self, thing: Any, e: ast.AST) -> Any:
        """Something to iterate over, as a range or a list."""
        return thing if isinstance(thing, range) else list(self.rows(thing, e))

    def rows(self, thing: Any, e: ast.AST) -> Iterator[Any]:
        """What iterating over something gives."""
        if isinstance(thing, Tensor):
            return iter([self.item(thing, k, e, "row") for k in range(len(thing._a))])
        if isinstance(thing, (ModuleList, Sequential)):
            self.guard_module(thing)
            return iter(list(thing._modules.values()))
        if isinstance(thing, (list, tuple)):
            return iter([self.plain_item(thing, k, e) for k in range(len(thing))])
        if isinstance(thing, (range, str, set)):
            return iter(thing)
        if isinstance(thing, dict):
            self.known_container(thing, e)
            return iter(list(thing))
        raise self.refuse(f"iteration over {type(thing).__name__}", e)

    def plain(self, thing: Any, e: ast.AST) -> None:
        """Operators of Python work on numbers, texts and containers alone."""
        if not isinstance(thing, (*PLAIN, list, tuple, dict, set, type)) or (
            isinstance(thing, (list, tuple)) and id(thing) not in self.state.local
            and any(isinstance(v, Tensor) and id(v) not in self.samples.values for v in flat(thing))
        ):  # fmt: skip
            raise self.refuse(f"an operator of {type(thing).__name__}", e)


def _counted(function: Any, args: Any) -> bool:
    """Whether a function asks a container for no more than how much it holds, or for a container like it."""
    return function in {len, list, tuple, dict, enumerate, zip, reversed} and all(plain_container(a) for a in args)
