"""Calls of modules.

What enters: a module and its arguments. What leaves: its result. A layer of the facade is one operation on a copy whose
parameters are samples; of any other module the forward is read.
"""

from __future__ import annotations

import ast
from types import FunctionType
from typing import Any

from srcgrad.torch.compiling.guards import Getter
from srcgrad.torch.compiling.permitted import MODULES
from srcgrad.torch.compiling.program import NotCompilable, Unavailable
from srcgrad.torch.compiling.python import Python
from srcgrad.torch.nn import Module, Sequential
from srcgrad.torch.tensor import Tensor


class Layers(Python):
    """Modules."""

    def module(self, module: Module, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A call of a module: a layer of the facade is one operation, any other module's forward is read."""
        self.guard_module(module)
        kind = type(module)
        if isinstance(module, Sequential):
            (x,) = args
            for child in module._modules.values():
                x = self.module(child, [x], {}, e)
            return x
        if kind.__module__.startswith("srcgrad.torch.nn") and kind.__name__ in MODULES:
            return self.layer(module, args, kwargs, e)
        self.bound_method(module, "forward", module.forward)
        if not isinstance(kind.forward, FunctionType):
            raise self.refuse(f"the module {kind.__name__}", e)
        if kind.__module__.startswith("srcgrad.torch."):
            raise self.refuse(f"the module {kind.__name__}", e)
        return self.inlined(kind.forward, (module, *args), kwargs, e)

    def layer(self, module: Module, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A layer of the facade, on a copy whose parameters are samples."""
        random = type(module).__name__.startswith(("Dropout", "AlphaDropout"))
        if random and module.training and getattr(module, "p", None):
            raise self.refuse("dropout, which draws random numbers", e)
        if getattr(module, "inplace", False):
            raise self.refuse(f"{type(module).__name__}(inplace=True)", e)
        places: list[tuple[str, str]] = []
        tensors: list[Tensor] = []
        for group in ("_parameters", "_buffers"):
            holder = module.__dict__[group]
            for name, thing in holder.items():
                get = Getter("dict", holder, name)
                if thing is None:
                    self.guards.read((group, id(module), name), get, None)
                else:
                    places.append((group, name))
                    tensors.append(self.foreign(thing, get, (group, id(module), name), e, _path(e, name)))
        forward = detached_forward(module, places, len(args), list(kwargs))
        held = [*args, *kwargs.values(), *tensors]
        name = type(module).__name__.lower()
        try:
            made = self.samples.call(forward, name, held, {})
        except NotCompilable as error:
            error.place = error.place or self.place(e)
            raise
        except Unavailable:
            raise
        except Exception as error:
            raise self.refuse(f"{name}, which raises {type(error).__name__}: {error}", e) from error
        return made


def detached_forward(module: Module, places: list[tuple[str, str]], count: int, keys: list[str]) -> Any:
    """The forward of a layer as a function of its arguments and then of its parameters and buffers."""

    def forward(*given: Any) -> Any:
        clone = object.__new__(type(module))
        clone.__dict__.update(module.__dict__)
        for group in ("_parameters", "_buffers"):
            clone.__dict__[group] = dict(module.__dict__[group])
        for (group, name), t in zip(places, given[count + len(keys) :], strict=True):
            clone.__dict__[group][name] = t
        return clone.forward(*given[:count], **dict(zip(keys, given[count : count + len(keys)], strict=True)))

    forward.__name__ = type(module).__name__
    return forward


def _path(e: Any, name: str) -> str:
    """A name for a layer's parameter: where the user's text has the layer, and what it is there."""
    if isinstance(e, ast.Call) and isinstance(e.func, (ast.Attribute, ast.Name)):
        owner = e.func.attr if isinstance(e.func, ast.Attribute) else e.func.id
        return f"{owner}_{name}"
    return name
