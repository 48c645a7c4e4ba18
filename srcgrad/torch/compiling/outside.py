"""Names and attributes that lead out of the function.

What enters: a global, a closure's cell, an attribute, a module's parameter. What leaves: what is there now, with a
guard that says so before each later call; for a tensor its sample, and an input of the program.
"""

from __future__ import annotations

import ast
import builtins
from types import CellType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcgrad.torch.compiling.guards import MISSING, Getter
from srcgrad.torch.compiling.interpreter import Closure, Frame, Method, Reader
from srcgrad.torch.compiling.known import plain_container, unchanging
from srcgrad.torch.compiling.permitted import ATTRIBUTES
from srcgrad.torch.compiling.program import Number, Unavailable, Value
from srcgrad.torch.dtypes import Size
from srcgrad.torch.nn import Module
from srcgrad.torch.nn.module_hooks import everywhere
from srcgrad.torch.tensor import Tensor

PLAIN = (int, float, complex, bool, str, bytes, type(None), slice, range, Size, np.dtype)
# Modules of Python whose attributes nobody binds anew.
FIXED = frozenset(["math", "numpy", "operator", "_operator"])


class Outside(Reader):
    """What is read from outside of the function."""

    def __init__(self) -> None:
        super().__init__()
        self.granted = True  # whether gradients are recorded where the function is called
        self.kept_alive: list[Any] = []
        self.places: set[Any] = set()

    def outer(self, frame: Frame, name: str, at: ast.AST) -> Any:
        """A global, or what a closure holds."""
        function = frame.code
        if function is not None:
            free = function.__code__.co_freevars
            if name in free:
                cell: CellType = (function.__closure__ or ())[free.index(name)]
                return self.outside(("cell", id(cell)), Getter("cell", cell), at, cell)
            if name in function.__globals__:
                holder = function.__globals__
                return self.outside(("global", id(holder), name), Getter("dict", holder, name), at, holder)
        if hasattr(builtins, name):
            if function is not None:
                holder = function.__globals__
                self.guards.read(("global", id(holder), name), Getter("dict", holder, name), MISSING)
            return getattr(builtins, name)
        raise self.refuse(f"the unknown name {name}", at)

    def outside(self, place: Any, get: Any, at: ast.AST, holder: Any) -> Any:
        """What is found at a place outside of the function: guarded, and a sample where it is a tensor."""
        found = get()
        if found is MISSING:
            raise self.refuse("a name that is not bound", at)
        if isinstance(found, Tensor):
            return self.foreign(found, get, place, at)
        self.guards.read(place, get, found)
        self.kept_alive.append(holder)
        return found

    def foreign(self, tensor: Tensor, get: Any, place: Any, at: Any, name: str = "") -> Tensor:
        """The sample of a tensor from outside, which is an input of the program: what is found there at each call."""
        known = self.state.outside.get(id(tensor))
        if known is not None:
            if place not in self.places:
                # A second place of the same tensor has to remain one, whichever tensor it is.
                self.guards.shares(place, get, list(self.state.outside).index(id(tensor)))
            return known[1]
        self.places.add(place)
        if not name:
            name = ast.unparse(at) if isinstance(at, (ast.Name, ast.Attribute)) else "tensor"
        return self.input(tensor, get, name.removeprefix("self."))

    def input(self, tensor: Tensor, get: Any, name: str) -> Tensor:
        """A new input of the program."""
        if type(tensor) is not Tensor and not _parameter(tensor):
            raise self.refuse("a subclass of Tensor")
        array = self.make_sample(tensor._a)
        value = Value(self.samples.names.fresh(name.replace(".", "_")), array.shape, array.dtype,
                      tensor._needs and self.granted)  # fmt: skip
        sample = self.samples.enter(value, array)
        self.state.outside[id(tensor)] = (tensor, sample)
        self.state.inputs.append((value, get))
        return sample

    def on_Attribute(self, e: ast.Attribute) -> Any:
        return self.attribute(self.eval(e.value), e.attr, e)

    def attribute(self, thing: Any, name: str, e: ast.AST) -> Any:
        """thing.name."""
        if isinstance(thing, Tensor):
            return self.of_sample(thing, name, e)
        if isinstance(thing, Number):
            raise Unavailable(name)
        if isinstance(thing, ModuleType):
            found = getattr(thing, name, MISSING)
            if thing.__name__.partition(".")[0] in FIXED or f"{thing.__name__}.".startswith("srcgrad.torch."):
                if found is MISSING:
                    raise self.refuse(f"{thing.__name__}.{name}, which does not exist", e)
                return found
            return self.outside(("attribute", id(thing), name), Getter("attribute", thing, name), e, thing)
        if isinstance(thing, Module):
            return self.of_module(thing, name, e)
        if id(thing) in self.state.local or unchanging(thing) or plain_container(thing) or isinstance(thing, Closure):
            found = getattr(thing, name, MISSING)
            if found is MISSING:
                raise self.refuse(f"the missing attribute {name}", e)
            return found
        if isinstance(getattr(type(thing), name, None), property):
            return self.of_property(thing, name, e)
        found = getattr(thing, name, MISSING)
        if isinstance(found, MethodType):
            return self.bound_method(thing, name, found)
        return self.outside(("attribute", id(thing), name), Getter("attribute", thing, name), e, thing)

    def of_module(self, module: Module, name: str, e: ast.AST) -> Any:
        """An attribute of a module: a parameter, a buffer, a child, or anything else."""
        for group in ("_parameters", "_buffers", "_modules"):
            holder = module.__dict__[group]
            if name in holder:
                return self.outside((group, id(module), name), Getter("dict", holder, name), e, module)
        if name in module.__dict__:
            return self.outside(("dict", id(module), name), Getter("dict", module.__dict__, name), e, module)
        if isinstance(getattr(type(module), name, None), property):
            return self.of_property(module, name, e)
        found = getattr(module, name, MISSING)
        if isinstance(found, MethodType):
            return self.bound_method(module, name, found)
        return self.outside(("attribute", id(module), name), Getter("attribute", module, name), e, module)

    def of_property(self, thing: Any, name: str, e: ast.AST) -> Any:
        """A property, whose function is read."""
        kind = type(thing)
        found = getattr(kind, name)
        self.guards.read(("property", id(kind), name), Getter("attribute", kind, name), found)
        self.kept_alive.append(kind)
        return self.inlined(found.fget, (thing,), {}, e)

    def bound_method(self, thing: Any, name: str, found: Any) -> Any:
        """A method of an object from outside, which remains what it is."""
        get = Getter("function", lambda: getattr(getattr(thing, name, None), "__func__", MISSING))
        self.guards.read(("method", id(thing), name), get, found.__func__)
        self.kept_alive.append(thing)
        return found

    def of_sample(self, sample: Tensor, name: str, e: ast.AST) -> Any:
        """An attribute of a tensor."""
        if name == "requires_grad":
            needs = self.samples.value_of(sample).needs
            if needs is None:
                raise self.refuse("requires_grad, which depends on the way taken", e)
            return needs
        if name in {"T", "mT"}:
            return self.operation(lambda t: getattr(t, name), name, (sample,), {}, e)
        if name in ATTRIBUTES:
            return getattr(sample, name)
        if callable(getattr(Tensor, name, None)):
            return Method(sample, name)
        raise self.refuse(f"the attribute {name} of a tensor", e)

    def guard_module(self, module: Module) -> None:
        """The text holds for the module as it is: its training flag, its options, its hooks."""
        d = module.__dict__
        hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
        if any(d[h] for h in hooks) or everywhere.forward or everywhere.forward_pre or everywhere.backward:
            raise self.refuse(f"the hooks of {type(module).__name__}")
        if "forward" in d:
            raise self.refuse(f"a forward of its own of {type(module).__name__}")

        self.guards.options(("module", id(module)), d, ("_parameters", "_buffers"))
        self.guards.read(("everywhere",), Getter("function", _hooked_everywhere), False)
        self.kept_alive.append(module)


def of_facade(thing: Any) -> bool:
    """Whether something belongs to the facade."""
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return (
        isinstance(module, str)
        and (module.startswith("srcgrad.torch.") or module in {"torch", "srcgrad.torch"})
        and (not isinstance(thing, Module))
    )


def _parameter(t: Any) -> bool:
    from srcgrad.torch.nn.parameter import Buffer, Parameter

    return type(t) is Parameter or type(t) is Buffer


def _hooked_everywhere() -> bool:
    return bool(everywhere.forward or everywhere.forward_pre or everywhere.backward or everywhere.backward_pre)
