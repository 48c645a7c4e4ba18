"""Parameters that are functions of others: `module.weight` computes itself from what is kept in its place."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

from srcgrad.torch.modes import no_grad
from srcgrad.torch.nn.containers import ModuleDict, ModuleList
from srcgrad.torch.nn.parameter import Parameter
from srcgrad.torch.tensor import Tensor

_cache: dict[tuple[int, str], Any] = {}
_caching: list[bool] = []

FLAG = "Registering a parametrization may not change the {} of the tensor, unless {} flag is enabled.\n"


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrised tensor once in a `with` block."""
    _caching.append(True)
    try:
        yield
    finally:
        _caching.pop()
        if not _caching:
            _cache.clear()


def _enter(module: Any, name: str, value: Any) -> None:
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


def _replace(tensor: Any, value: Any) -> None:
    """Give a tensor the values of another, of any shape."""
    tensor._a = value._a


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, and the originals that they start from."""

    original: Any
    unsafe: bool

    def __init__(self, modules: Sequence[Any], original: Any, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new: Any = original
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(NotImplementedError):
                        new = module.right_inverse(new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        found: Any = new
        self.ntensors = 1 if self.is_tensor else len(found)
        if self.is_tensor:
            if original.dtype != found.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {found.dtype}"
                )
            with no_grad():
                _replace(original, found)
            _enter(self, "original", original)
        else:
            for k, part in enumerate(found):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                        f"{k} of the sequence with type {type(part).__name__}."
                    )
                held: Any = part
                if isinstance(original, Parameter):
                    held = Parameter(part, original._needs)
                held.requires_grad_(original._needs)
                _enter(self, f"original{k}", held)
        if not unsafe:
            made = self()
            if not isinstance(made, Tensor):
                raise ValueError(f"A parametrization must return a tensor. Got {type(made).__name__}.")
            for word, before, after in (("dtype", dtype, made.dtype), ("shape", shape, made.shape)):
                if before != after:
                    raise ValueError(
                        f"{FLAG.format(word, '`unsafe`')}unparametrized {word}: {before}\nparametrized {word}: {after}"
                    )

    def right_inverse(self, value: Any) -> None:
        """Set the originals so that the tensor has a value."""
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                value = module.right_inverse(value)
            if self.is_tensor:
                if not isinstance(value, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(value).__name__}")
                if value.dtype != self.original.dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {value.dtype} while `original` has dtype "
                        f"{self.original.dtype}"
                    )
                _replace(self.original, value)
                return
            if not isinstance(value, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(value).__name__}.")
            if len(value) != self.ntensors:
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of "
                    f"length {len(value)}."
                )
            for k, part in enumerate(value):
                _replace(getattr(self, f"original{k}"), part)

    def forward(self) -> Any:
        first, *rest = (self._modules[str(k)] for k in range(len(self)))
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*(getattr(self, f"original{k}") for k in range(self.ntensors)))
        for module in rest:
            x = module(x)
        return x


def _become_parametrized(module: Any) -> None:
    """Give a module a class of its own, on which properties can stand."""
    cls = type(module)

    def __getstate__(_: Any) -> Any:  # noqa: N807 - it becomes the method
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict(). See:\n"
            "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
            "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
        )

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:  # noqa: N807 - it becomes the method
        if id(self) not in memo:
            made = memo[id(self)] = self.__new__(type(self))
            made.__dict__ = copy.deepcopy(self.__dict__, memo)
            # The properties of the class find the parametrisations of whatever module they are asked of.
            made.__class__ = type(f"Parametrized{cls.__name__}", (cls,), dict(vars(type(self))))
        return memo[id(self)]

    fields = {"__getstate__": __getstate__, "__deepcopy__": __deepcopy__}
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), fields)


def _property(name: str) -> property:
    def get(self: Any) -> Any:
        found = self.parametrizations[name]
        if not _caching:
            return found()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = found()
        return _cache[key]

    def put(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def _check_addition(module: Any, name: str, parametrization: Any) -> None:
    """Raise where one more parametrisation would change what the tensor is."""
    before = getattr(module, name)
    after = parametrization(before)
    if not isinstance(after, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
    for word in ("dtype", "shape"):
        old, new = getattr(before, word), getattr(after, word)
        if old != new:
            raise ValueError(
                f"{FLAG.format(word, 'the `unsafe`')}module.{name}.{word}: {old}\n"
                f"parametrization(module.{name}).{word}: {new}"
            )


def register_parametrization(module: Any, tensor_name: str, parametrization: Any, *, unsafe: bool = False) -> Any:
    """Make a tensor of a module a function of an original, or add one more function to it."""
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_addition(module, tensor_name, parametrization)
        module.parametrizations[tensor_name].append(parametrization)
        module.parametrizations[tensor_name].unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        original = getattr(module, tensor_name)
        found = ParametrizationList([parametrization], original, unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _become_parametrized(module)
            module.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _property(tensor_name))
        module.parametrizations[tensor_name] = found
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    return module


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether a tensor of a module, or any of them, is parametrised."""
    found = module._modules.get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make a tensor an ordinary one again, with the value that it has, or with its original's."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    found = module.parametrizations[tensor_name]
    if found.is_tensor:
        original = found.original
        if leave_parametrized:
            with no_grad():
                _replace(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value.detach()) if value._needs else value
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence "
            "of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _enter(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Any) -> Any:
    """The class that a module had before it was parametrised."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Any, to_module: Any, tensor_name: str | None = None) -> Any:
    """Give a module the parametrisations of another, and their originals."""
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        found = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in found:
            register_parametrization(to_module, name, parametrization)
        target = to_module.parametrizations[name]
        for key, value in found._parameters.items():
            setattr(target, key, value)
    return to_module
