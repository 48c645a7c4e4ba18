"""Subclasses of Tensor: their operations pass through `__torch_function__`, whose default makes results of the subclass.

What enters: a class that a user derives from Tensor. What leaves: the same class, whose methods ask
`__torch_function__` first; and, once there is such a class, functions of `torch` that do so for its instances. Until
then nothing asks, so that tensors without subclasses cost nothing more.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from types import FunctionType
from typing import Any

from srcgrad.torch import names
from srcgrad.torch.tensor import Tensor

__all__ = [
    "get_default_nowrap_functions",
    "handle_torch_function",
    "has_torch_function",
    "is_tensor_like",
    "resolve_name",
]


class _State(threading.local):
    disabled = 0


_state = _State()
_wrapped: dict[Any, Any] = {}

# Methods that are not operations.
_PLAIN = set(
    "__init__ __new__ __init_subclass__ __class__ __hash__ __reduce_ex__ __reduce__ __deepcopy__ __copy__ __dir__ "
    "__setstate__ __torch_function__ as_subclass __subclasshook__ __getattribute__ __dict__ __weakref__ __doc__ "
    "__module__ __slots__ __len__ register_hook".split()
)
# Attributes that are tensors made of the tensor.
_TENSORS = "T mT H mH real imag data".split()


class DisableTorchFunctionSubclass:
    """A block in which operations do not ask `__torch_function__`."""

    def __enter__(self) -> None:
        _state.disabled += 1

    def __exit__(self, *_: object) -> None:
        _state.disabled -= 1


DisableTorchFunction = DisableTorchFunctionSubclass


def torch_function(
    cls: Any, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
) -> Any:
    """The default: compute, and make results instances of the class."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        found = func(*args, **(kwargs or {}))
        return _converted(found, cls, args)


def _converted(found: Any, cls: Any, args: tuple[Any, ...]) -> Any:
    if cls is Tensor:
        return found
    if isinstance(found, Tensor) and not isinstance(found, cls):
        if any(found is a for a in args):
            return as_subclass(found, cls)
        if found._node is not None:
            return as_subclass(found, cls)
        found.__class__ = cls
        return found
    if isinstance(found, (tuple, list)) and any(isinstance(part, Tensor) for part in found):
        return type(found)([_converted(part, cls, args) for part in found])
    return found


def as_subclass(self: Tensor, cls: Any) -> Any:
    """The same values and history as an instance of a subclass of Tensor."""
    from srcgrad.torch.ops.views import alias_

    made: Any = alias_(self)
    made._writes = self._writes
    made.__class__ = cls
    return made


def types_of(args: Iterable[Any]) -> list[type]:
    """The classes among the arguments that want to be asked, subclasses before what they derive from."""
    found: list[type] = []
    for a in args:
        kind = type(a)
        if isinstance(a, (list, tuple)):
            inner = types_of(a)
        else:
            inner = [kind] if has_torch_function((a,)) else []
        for one in inner:
            if one not in found:
                place = next((k for k, other in enumerate(found) if issubclass(one, other)), len(found))
                found.insert(place, one)
    return found


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether an argument has a `__torch_function__` of its own."""
    if _state.disabled:
        return False
    for a in relevant_args:
        kind = type(a)
        asks = kind is not Tensor and getattr(kind, "__torch_function__", None) is not None
        if asks and not getattr(kind, "_is_parameter", False):
            return True
    return False


def handle_torch_function(
    public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any
) -> Any:
    """Ask the arguments' classes in turn for the result of a function."""
    kinds = types_of(relevant_args)
    for kind in kinds:
        found = kind.__torch_function__(public_api, tuple(kinds), args, kwargs)  # type: ignore[attr-defined]
        if found is not NotImplemented:
            return found
    name = f"{public_api.__module__}.{public_api.__name__}"
    raise TypeError(f"no implementation found for '{name}' on types that implement __torch_function__: {list(kinds)}")


def is_tensor_like(inp: Any) -> bool:
    """Whether an object is a tensor or stands for one."""
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def resolve_name(f: Any) -> str | None:
    """The name of a function as a user writes it."""
    name = getattr(f, "__name__", None)
    if name is None:
        return None
    return f"torch.Tensor.{name}" if vars(Tensor).get(name) is f else f"torch.{name}"


def get_default_nowrap_functions() -> set[Any]:
    """Functions whose results stay as they are."""
    return set()


def asking(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that asks its arguments' classes first."""
    if f in _wrapped:
        return _wrapped[f]  # type: ignore[no-any-return]

    @functools.wraps(f)
    def ask(*args: Any, **kwargs: Any) -> Any:
        if _state.disabled or not types_of((*args, *kwargs.values())):
            return f(*args, **kwargs)
        return handle_torch_function(f, (*args, *kwargs.values()), *args, **kwargs)

    _wrapped[f] = _wrapped[ask] = ask
    return ask


def _renamed(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """An operator under the name of what it computes."""

    def method(*args: Any, **kwargs: Any) -> Any:
        return f(*args, **kwargs)

    method.__name__ = method.__qualname__ = name
    return method


def _asking_property(name: str) -> property:
    read = vars(Tensor)[name].fget
    write = vars(Tensor)[name].fset

    def fget(self: Any) -> Any:
        return read(self) if _state.disabled else _converted(read(self), type(self), ())

    return property(fget, write, doc=read.__doc__)


def enter_class(cls: Any) -> None:
    """Let the methods of a user's subclass of Tensor ask `__torch_function__`."""
    if getattr(cls, "_is_parameter", False):
        return
    _enter_functions()
    for name, value in list(vars(Tensor).items()):
        if (
            name in vars(cls)
            or name in _PLAIN
            or any(name in vars(base) for base in cls.__mro__[1:-1] if base is not Tensor)
        ):
            continue
        if isinstance(value, FunctionType) and (not name.startswith("_") or name.startswith("__")):
            if value.__name__ != name and name != "__iter__":
                value = _renamed(value, name.strip("_") if name.startswith("__") else name)
            setattr(cls, name, asking(value))
    cls.__iter__ = lambda self: iter(self.unbind(0))
    for name in _TENSORS:
        if name not in vars(cls) and isinstance(vars(Tensor).get(name), property):
            setattr(cls, name, _asking_property(name))


@functools.cache
def _enter_functions() -> None:
    """Let the functions of `torch` and `nn.functional` ask."""
    torch: Any = import_module("srcgrad.torch")
    functional = import_module("srcgrad.torch.nn.functional")
    for name, f in list(names.FUNCTIONS.items()):
        if callable(f) and name not in {"tensor", "as_tensor", "from_numpy", "is_tensor"}:
            names.FUNCTIONS[name] = asking(f)
            if name in vars(torch):
                setattr(torch, name, asking(f))
    for name, f in list(vars(functional).items()):
        if (
            callable(f)
            and not isinstance(f, type)
            and not name.startswith("_")
            and f.__module__.startswith("srcgrad.torch")
        ):
            setattr(functional, name, asking(f))
