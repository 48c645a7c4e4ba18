"""`torch.compile`: runs what it is given as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def compile(model: Any = None, **options: Any) -> Any:
    """A function or module that does what the given one does.

    Nothing is compiled: the operations are NumPy's, and their backward passes were compiled when they were first
    used. The options are accepted and change nothing. As a decorator with or without arguments.
    """
    if model is None:
        return functools.partial(compile, **options)
    from srcgrad.torch.nn import Module

    if isinstance(model, Module):
        return _compiled_module()(model)
    if not callable(model):
        raise TypeError(f"torch.compile expects a function or a module, not {type(model).__name__}")

    @functools.wraps(model)
    def run(*args: Any, **kwargs: Any) -> Any:
        return model(*args, **kwargs)

    run._torchdynamo_orig_callable = model  # type: ignore[attr-defined]
    return run


@functools.cache
def _compiled_module() -> Any:
    from srcgrad.torch.nn import Module

    class OptimizedModule(Module):
        """A module that stands for another, which is its child `_orig_mod`."""

        def __init__(self, mod: Any) -> None:
            super().__init__()
            self._orig_mod = mod
            self.training = mod.training

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            return self._orig_mod(*args, **kwargs)

        def __getattr__(self, name: str) -> Any:
            if name == "_orig_mod":
                return self._modules["_orig_mod"]
            return getattr(self._orig_mod, name)

    return OptimizedModule


def _same(fn: Any = None, *_args: Any, **_kwargs: Any) -> Any:
    """The function, as nothing is compiled."""
    return (lambda f: f) if fn is None else fn


disable = allow_in_graph = assume_constant_result = wrap_numpy = nested_compile_region = _same


def reset() -> None:
    """Nothing to forget."""


def is_compiling() -> bool:
    """False."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def is_exporting() -> bool:
    """False."""
    return False


def list_backends(exclude_tags: Any = ()) -> list[str]:  # noqa: ARG001 - PyTorch's parameter
    """Empty."""
    return []


def cudagraph_mark_step_begin() -> None:
    """Nothing to mark."""


class set_stance:  # noqa: N801 - PyTorch's name
    """A block in which compilation is configured; changes nothing."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return function
