"""Calls: what is run, what is read, and what becomes statements.

What enters: a function and its arguments. What leaves: its result. Operations of the facade run on samples; functions,
methods and modules of the user are read; a few functions of Python run as they are.
"""

from __future__ import annotations

import ast
import functools
from importlib import import_module
from types import BuiltinFunctionType, BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.compiling.guards import Getter
from srcgrad.torch.compiling.interpreter import DEEPEST, Closure, Frame, Method, Returned, definition
from srcgrad.torch.compiling.layers import Layers
from srcgrad.torch.compiling.outside import of_facade
from srcgrad.torch.compiling.permitted import OPERATIONS, QUESTIONS
from srcgrad.torch.compiling.program import NotCompilable, Number, Unavailable
from srcgrad.torch.compiling.python import PURE
from srcgrad.torch.compiling.structures import flat, samples_in
from srcgrad.torch.devices import device
from srcgrad.torch.modes import enable_grad, no_grad
from srcgrad.torch.nn import Module
from srcgrad.torch.tensor import Tensor

# What an operation may be given: nothing that could change without being another object.
ARGUMENTS = (Tensor, Number, int, float, bool, str, type(None), type(Ellipsis), dtypes.dtype, dtypes.layout,
             dtypes.memory_format, device, type)  # fmt: skip


class Calls(Layers):
    """Calls of anything."""

    def on_Call(self, e: ast.Call) -> Any:
        function = self.eval(e.func)
        args = self.elements(e.args)
        kwargs: dict[str, Any] = {}
        for k in e.keywords:
            if k.arg is None:
                kwargs.update(self.eval(k.value))
            else:
                kwargs[k.arg] = self.eval(k.value)
        return self.call(function, args, kwargs, e)

    def call(self, function: Any, args: Any, kwargs: dict[str, Any], e: Any) -> Any:
        """function(*args, **kwargs)."""
        if isinstance(function, Method):
            return self.method(function, args, kwargs, e)
        if isinstance(function, Closure):
            return self.bound(function.tree, function.__name__, args, kwargs, e, closure=function)
        if isinstance(function, Module):
            return self.module(function, args, kwargs, e)
        if isinstance(function, ModuleType):
            raise self.refuse("a call of a module", e)
        if _hashable(function) and function in PURE:
            return self.python(function, args, kwargs, e)
        if getattr(function, "__module__", None) in {"math", "_operator"}:
            return self.mathematics(function, args, kwargs, e)
        if isinstance(function, MethodType):
            if of_facade(function.__func__) and not isinstance(function.__self__, Module):
                raise self.refuse(f"{function.__name__}()", e)
            return self.inlined(function.__func__, (function.__self__, *args), kwargs, e)
        if isinstance(function, (BuiltinFunctionType, BuiltinMethodType)):
            return self.of_container(function, args, kwargs, e)
        if of_facade(function):
            name = _name(function, e)
            if name in QUESTIONS:
                return function(*args, **kwargs)
            return self.operation(function, name, args, kwargs, e)
        if getattr(function, "_torchdynamo_disable", False):
            raise self.refuse(f"{function.__name__}(), for which compilation is disabled", e)
        function = getattr(function, "_torchdynamo_orig_callable", function)
        if isinstance(function, Module):
            return self.module(function, args, kwargs, e)
        if isinstance(function, FunctionType):
            return self.inlined(function, args, kwargs, e)
        raise self.refuse(f"a call of {ast.unparse(e.func) if isinstance(e, ast.Call) else function}", e)

    def operation(self, function: Any, name: str, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """An operation of the facade."""
        given = (args, kwargs)
        if name not in OPERATIONS and name != "index":
            raise self.refuse(f"{name}()", e)
        if name == "one_hot" or "out" in kwargs or kwargs.get("requires_grad"):
            raise self.refuse(f"{name}() with out= or requires_grad=", e)
        if kwargs.get("inplace"):
            raise self.refuse(f"{name}(inplace=True)", e)
        if name in {"where", "index"} and _data_decide_shape(name, args):
            raise self.refuse(f"{name}(), whose shape depends on the data", e)
        wrong = next((v for v in flat(given) if not isinstance(v, ARGUMENTS)), None)
        if wrong is not None:
            raise self.refuse(f"an argument of type {type(wrong).__name__} of {name}()", e)
        if not any(True for _ in samples_in(given)) and name in {"tensor", "as_tensor"}:
            self.concrete(given)
        try:
            made = self.samples.call(function, name, args, kwargs)
        except (NotCompilable, Unavailable) as error:
            if isinstance(error, NotCompilable) and error.place is None:
                error.place = self.place(e)
            raise
        except Exception as error:
            raise self.refuse(f"{name}(), which raises {type(error).__name__}: {error}", e) from error
        return self.local(made) if type(made) is list else made

    def method(self, function: Method, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A method of a tensor."""
        sample, name = function.sample, function.name
        if name in {"item", "tolist"} and not args and not kwargs:
            if name == "tolist" and sample._a.ndim:
                raise self.refuse("tolist()", e)
            kind = {"f": float, "b": bool}.get(sample._a.dtype.kind, int)
            return self.number_of(sample, kind)
        if name in QUESTIONS:
            self.concrete((args, kwargs))
            return getattr(sample, name)(*args, **kwargs)
        if name == "detach":
            value = self.samples.copied(sample, "detached")
            return self.samples.enter(value, sample._a[...])
        if name.endswith("_") and not name.endswith("__"):
            return self.in_place(sample, name.removesuffix("_"), args, kwargs, e)
        return self.operation(getattr(Tensor, name), name, (sample, *args), kwargs, e)

    def in_place(self, sample: Tensor, name: str, args: Any, kwargs: dict[str, Any], e: Any) -> Tensor:
        """A method that writes: the operation out of place, under the same name."""
        if name == "zero":
            made = self.operation(_face("zeros_like"), "zeros_like", (sample,), {}, e)
        elif name == "copy":
            made = self.operation(getattr(Tensor, "expand_as"), "expand_as", (args[0], sample), {}, e)  # noqa: B009
            made = self.operation(getattr(Tensor, "clone"), "clone", (made,), {}, e)  # noqa: B009
        elif hasattr(Tensor, name):
            made = self.operation(getattr(Tensor, name), name, (sample, *args), kwargs, e)
        else:
            raise self.refuse(f"{name}_()", e)
        made = self.fitted(sample, made, e)
        self.replace(sample, made, e)
        return made

    # The user's functions ------------------------------------------------------------------------

    def inlined(self, function: Any, args: Any, kwargs: dict[str, Any], e: ast.AST) -> Any:
        """A call of a function with a text, which is read in its turn."""
        if not isinstance(function, FunctionType):
            raise self.refuse(f"a call of {function!r}", e)
        if getattr(function, "_torchdynamo_disable", False):
            raise self.refuse(f"{function.__name__}(), for which compilation is disabled", e)
        if hasattr(function, "__wrapped__"):
            raise self.refuse(f"the decorated function {function.__name__}()", e)
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            self.guards.read((part, id(function)), Getter("attribute", function, part), getattr(function, part))
        self.kept_alive.append(function)
        return self.bound(definition(function), function.__name__, args, kwargs, e, function=function)

    def bound(
        self, tree: Any, name: str, args: Any, kwargs: dict[str, Any], e: Any, *,
        function: FunctionType | None = None, closure: Closure | None = None,
    ) -> Any:  # fmt: skip
        """Bind the arguments and read the body."""
        if len(self.state.frames) > DEEPEST:
            raise self.refuse("calls nested so deeply", e)
        defaults = list(function.__defaults__ or ()) if function is not None else closure.defaults  # type: ignore[union-attr]
        kw_defaults = dict(function.__kwdefaults__ or {}) if function is not None else closure.kw_defaults  # type: ignore[union-attr]
        names = self._parameters(tree.args, list(args), dict(kwargs), defaults, kw_defaults, name, e)
        if function is not None:
            frame = Frame(name, function.__code__.co_filename, names, None, function, tree)
        else:
            assert closure is not None
            frame = Frame(name, closure.frame.filename, names, closure.frame, closure.frame.code, tree)
        self.state.frames.append(frame)
        origin = self.samples.origin
        try:
            if isinstance(tree, ast.Lambda):
                self.at(tree)
                return self.eval(tree.body)
            ended = self.run(tree.body)
            return ended.value if isinstance(ended, Returned) else None
        finally:
            self.state.frames.pop()
            self.samples.origin = origin

    def _parameters(
        self, a: ast.arguments, args: list[Any], kwargs: dict[str, Any], defaults: list[Any], kw_defaults: Any,
        name: str, e: ast.AST,
    ) -> dict[str, Any]:  # fmt: skip
        positional = [p.arg for p in (*a.posonlyargs, *a.args)]
        names = dict(zip(positional, args, strict=False))
        if len(args) > len(positional):
            if a.vararg is None:
                raise self.refuse(f"too many arguments of {name}()", e)
            names[a.vararg.arg] = tuple(args[len(positional) :])
        elif a.vararg is not None:
            names[a.vararg.arg] = ()
        for key in [p.arg for p in (*a.args, *a.kwonlyargs)]:
            if key in kwargs and key not in names:
                names[key] = kwargs.pop(key)
        for p, default in zip(reversed(positional), reversed(defaults), strict=False):
            names.setdefault(p, default)
        for key, default in kw_defaults.items():
            names.setdefault(key, default)
        if a.kwarg is not None:
            names[a.kwarg.arg] = self.local(kwargs)
        elif kwargs:
            raise self.refuse(f"the arguments of {name}()", e)
        if any(p not in names for p in [*positional, *(k.arg for k in a.kwonlyargs)]):
            raise self.refuse(f"missing arguments of {name}()", e)
        if any(isinstance(v, Tensor) and id(v) not in self.samples.values for v in names.values()):
            raise self.refuse(f"a tensor among the defaults of {name}()", e)
        return names

    def mode_of(self, e: ast.expr) -> bool | None:
        """Whether a context manager lets operations be recorded; None for any other."""
        if not isinstance(e, ast.Call) or e.args or e.keywords:
            return None
        kind = self.eval(e.func)
        return False if kind is no_grad else True if kind is enable_grad else None


def _face(name: str) -> Any:
    from srcgrad.torch.names import FUNCTIONS

    return FUNCTIONS.get(name) or getattr(__import__("srcgrad.torch", fromlist=[name]), name)


def _name(function: Any, e: Any) -> str:
    """The name of an operation, as the user writes it where that is a name of the facade's."""
    if isinstance(e, ast.Call) and isinstance(e.func, (ast.Attribute, ast.Name)):
        written = e.func.attr if isinstance(e.func, ast.Attribute) else e.func.id
        if any(getattr(space, written, None) is function for space in _spaces()):
            return written
    return str(getattr(function, "__name__", function))


@functools.cache
def _spaces() -> tuple[Any, ...]:
    return tuple(import_module(f"srcgrad.torch{name}") for name in ("", ".nn.functional", ".linalg", ".special"))


def _hashable(thing: Any) -> bool:
    try:
        hash(thing)
    except TypeError:
        return False
    return True


def _data_decide_shape(name: str, args: Any) -> bool:
    """Whether an index or `where` gives as many elements as a mask says."""
    if name == "where":
        return len(args) == 1
    index = args[1] if isinstance(args[1], tuple) else (args[1],)
    return any(isinstance(k, (list, np.ndarray)) or (isinstance(k, Tensor) and k._a.dtype.kind == "b") or
               k is True or k is False for k in index)  # fmt: skip
