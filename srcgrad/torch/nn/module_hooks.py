"""How a module is called, and the hooks around that, of one module or of all."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from srcgrad.torch.graph import RemovableHandle
from srcgrad.torch.nn.backward_hooks import BackwardHook, watch_last
from srcgrad.torch.tensor import Tensor


class _Global:
    """The hooks of all modules."""

    def __init__(self) -> None:
        self.forward_pre: dict[int, Any] = OrderedDict()
        self.forward: dict[int, Any] = OrderedDict()
        self.with_kwargs: set[int] = set()
        self.always_called: set[int] = set()
        self.backward_pre: dict[int, Any] = OrderedDict()
        self.backward: dict[int, Any] = OrderedDict()
        self.full: bool | None = None
        self.registered: dict[str, dict[int, Any]] = {kind: OrderedDict() for kind in ("parameter", "buffer", "module")}


everywhere = _Global()
MIXED_GLOBALLY = "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only one of them."
MIXED = (
    "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of them."
)


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module."""
    return RemovableHandle(everywhere.forward_pre, hook)


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after the forward of every module."""
    handle = RemovableHandle(everywhere.forward, hook)
    if with_kwargs:
        everywhere.with_kwargs.add(handle.id)
    if always_call:
        everywhere.always_called.add(handle.id)
    return handle


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` at the last node of every module."""
    if everywhere.full is True:
        raise RuntimeError(MIXED_GLOBALLY)
    everywhere.full = False
    return RemovableHandle(everywhere.backward, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` when the backward of any module is done."""
    if everywhere.full is False:
        raise RuntimeError(MIXED_GLOBALLY)
    everywhere.full = True
    return RemovableHandle(everywhere.backward, hook)


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the backward of every module."""
    return RemovableHandle(everywhere.backward_pre, hook)


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, parameter)` when a parameter is entered; what it returns is entered instead."""
    return RemovableHandle(everywhere.registered["parameter"], hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, buffer)` when a buffer is entered; what it returns is entered instead."""
    return RemovableHandle(everywhere.registered["buffer"], hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call `hook(module, name, submodule)` when a module is entered; what it returns is entered instead."""
    return RemovableHandle(everywhere.registered["module"], hook)


def entered(kind: str, module: Any, name: str, value: Any) -> Any:
    """What a parameter, buffer or module is after the hooks on its registration."""
    for hook in everywhere.registered[kind].values():
        made = hook(module, name, value)
        if made is not None:
            value = made
    return value


class Hooked:
    """The calls of a module."""

    forward: Callable[..., Any]
    _is_full_backward_hook: bool | None
    _backward_pre_hooks: dict[int, Any]
    _backward_hooks: dict[int, Any]
    _forward_hooks: dict[int, Any]
    _forward_hooks_with_kwargs: dict[int, Any]
    _forward_hooks_always_called: dict[int, Any]
    _forward_pre_hooks: dict[int, Any]
    _forward_pre_hooks_with_kwargs: dict[int, Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        d = self.__dict__
        if not (
            d["_forward_hooks"] or d["_forward_pre_hooks"] or d["_backward_hooks"] or d["_backward_pre_hooks"]
            or everywhere.forward or everywhere.forward_pre or everywhere.backward or everywhere.backward_pre
        ):  # fmt: skip
            return self.forward(*args, **kwargs)
        return self._call_with_hooks(args, kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        called: set[int] = set()
        seen: list[Any] = [args, kwargs, None]
        try:
            return self._hooked(args, kwargs, called, seen)
        except Exception:
            self._call_always_called(called, seen)
            raise

    def _call_always_called(self, called: set[int], seen: list[Any]) -> None:
        """After an error, call the hooks that are called always and have not been."""
        args, kwargs, result = seen
        groups = (
            ("global module", everywhere.forward, everywhere.always_called, everywhere.with_kwargs),
            ("module", self._forward_hooks, self._forward_hooks_always_called, self._forward_hooks_with_kwargs),
        )
        for word, hooks, always, with_kwargs in groups:
            for key, hook in hooks.items():
                if key not in always or key in called:
                    continue
                try:
                    made = hook(self, args, kwargs, result) if key in with_kwargs else hook(self, args, result)
                    result = result if made is None else made
                except Exception as error:  # the first error is the one to raise
                    warnings.warn(
                        f"{word} forward hook with ``always_call=True`` raised an exception that was silenced as another "
                        f"error was raised in forward: {error}",
                        stacklevel=2,
                    )

    def _hooked(self, args: Any, kwargs: Any, called: set[int], seen: list[Any]) -> Any:
        full, older = self._backward_kinds()
        args, kwargs = self._before_forward(args, kwargs)
        seen[:2] = args, kwargs
        before = [*everywhere.backward_pre.values(), *self._backward_pre_hooks.values()]
        backward = BackwardHook(self, full, before) if full or before else None
        if backward is not None:
            args = backward.setup_input(args)
        result = seen[2] = self.forward(*args, **kwargs)
        for key, hook in (*everywhere.forward.items(), *self._forward_hooks.items()):
            called.add(key)
            if key in self._forward_hooks_with_kwargs or key in everywhere.with_kwargs:
                made = hook(self, args, kwargs, result)
            else:
                made = hook(self, args, result)
            if made is not None:
                result = seen[2] = made
        if backward is not None:
            if not isinstance(result, (Tensor, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                    f"{type(result)}",
                    stacklevel=4,
                )
            result = backward.setup_output(result)
        if older:
            watch_last(self, older, args, result)
        return result

    def _before_forward(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        for key, hook in (*everywhere.forward_pre.items(), *self._forward_pre_hooks.items()):
            if key in self._forward_pre_hooks_with_kwargs:
                made = hook(self, args, kwargs)
                if made is not None:
                    if not isinstance(made, tuple) or len(made) != 2:
                        raise RuntimeError(
                            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {made}."
                        )
                    args, kwargs = made
            else:
                made = hook(self, args)
                if made is not None:
                    args = made if isinstance(made, tuple) else (made,)
        return args, kwargs

    def _backward_kinds(self) -> tuple[list[Any], list[Any]]:
        """The hooks on the whole backward, and the older ones on its first node."""
        full: list[Any] = []
        older: list[Any] = []
        if everywhere.backward:
            (full if everywhere.full else older).extend(everywhere.backward.values())
        if self._backward_hooks:
            (full if self._is_full_backward_hook else older).extend(self._backward_hooks.values())
        return full, older

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; what it returns replaces the output."""
        handle = _registered(self._forward_hooks, hook, prepend)
        if with_kwargs:
            self._forward_hooks_with_kwargs[handle.id] = True
        if always_call:
            self._forward_hooks_always_called[handle.id] = True
        return handle

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward; what it returns replaces the arguments."""
        handle = _registered(self._forward_pre_hooks, hook, prepend)
        if with_kwargs:
            self._forward_pre_hooks_with_kwargs[handle.id] = True
        return handle

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when the gradients of the module's inputs are known."""
        if self._is_full_backward_hook is False:
            raise RuntimeError(MIXED)
        self._is_full_backward_hook = True
        return _registered(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` at the last node of the module."""
        if self._is_full_backward_hook is True:
            raise RuntimeError(MIXED)
        self._is_full_backward_hook = False
        return _registered(self._backward_hooks, hook, False)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the gradients of the module's inputs are computed."""
        return _registered(self._backward_pre_hooks, hook, prepend)


def _registered(hooks: Any, hook: Callable[..., Any], prepend: bool) -> RemovableHandle:
    handle = RemovableHandle(hooks, hook)
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
