"""Whether operations are recorded: `no_grad` and its relatives, thread by thread.

What enters: a request to record or not. What leaves: `state`, which every operation asks before it makes a
node of the graph. It is local to the thread, as in PyTorch: a worker that sets it leaves the others alone.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


# Not empty while a thread does not record or makes inference tensors: a list is read ten times as fast as `state`.
MODES: list[Any] = []


class _State(threading.local):
    enabled = True  # whether operations make nodes
    inference = False  # whether results are inference tensors

    def __setattr__(self, name: str, value: bool) -> None:
        usual = self.enabled and not self.inference
        super().__setattr__(name, value)
        if usual != (self.enabled and not self.inference):
            if usual:
                MODES.append(name)
            else:
                MODES.pop()


state = _State()


def is_grad_enabled() -> bool:
    """Whether operations are recorded in this thread."""
    return state.enabled


def is_inference_mode_enabled() -> bool:
    """Whether results in this thread are inference tensors."""
    return state.inference


class _Mode:
    """A setting for the length of a `with` block or, as a decorator, of each call."""

    def __init__(self) -> None:
        self._before: list[tuple[bool, bool]] = []

    def _apply(self) -> None:
        raise NotImplementedError

    def clone(self) -> _Mode:
        return type(self)()

    def __enter__(self) -> None:
        self._before.append((state.enabled, state.inference))
        self._apply()

    def __exit__(self, *_: object) -> None:
        state.enabled, state.inference = self._before.pop()

    def __call__(self, function: F) -> F:
        if inspect.isclass(function):
            setattr(function, "__init__", self(function.__init__))  # noqa: B010 - mypy knows of no other way
            return function
        if inspect.isgeneratorfunction(function):
            return cast("F", self._of_generator(function))

        @functools.wraps(function)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return cast("F", within)

    def _of_generator(self, function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        """The mode holds while the generator runs and not while its consumer does."""

        @functools.wraps(function)
        def within(*args: Any, **kwargs: Any) -> Iterator[Any]:
            running = function(*args, **kwargs)
            with self.clone():
                given = next(running, _END)
            while given is not _END:
                sent = yield given
                try:
                    with self.clone():
                        given = running.send(sent)
                except StopIteration as end:
                    return cast("None", end.value)

        return within


_END: Any = object()


class no_grad(_Mode):  # noqa: N801 - PyTorch's name
    """Operations make no nodes: `with torch.no_grad():`, or `@torch.no_grad()` on a function."""

    __module__ = "torch.autograd.grad_mode"  # where PyTorch has it, as its type is printed

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return cls()(function)  # `@torch.no_grad` without parentheses

    def __init__(self, function: None = None) -> None:  # noqa: ARG002 - a function never reaches here
        super().__init__()

    def _apply(self) -> None:
        state.enabled = False


class enable_grad(no_grad):  # noqa: N801
    """Operations make nodes again, inside a `no_grad` block."""

    __module__ = "torch.autograd.grad_mode"  # where PyTorch has it, as its type is printed

    def _apply(self) -> None:
        state.enabled = True


class set_grad_enabled(_Mode):  # noqa: N801
    """Turn recording on or off: at once, and for a `with` block or a decorated function."""

    __module__ = "torch.autograd.grad_mode"  # where PyTorch has it, as its type is printed

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._found = (state.enabled, state.inference)
        state.enabled = self.mode

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}(mode={self.mode})"

    def clone(self) -> _Mode:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        self._before.append(self._found)
        state.enabled = self.mode

    def __call__(self, function: F) -> F:
        state.enabled = self._found[0]
        return super().__call__(function)


class inference_mode(_Mode):  # noqa: N801
    """Operations make no nodes, and their results can never be part of a graph."""

    __module__ = "torch.autograd.grad_mode"  # where PyTorch has it, as its type is printed

    def __new__(cls, mode: Any = True) -> Any:
        if callable(mode):
            return cls()(mode)
        return super().__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = bool(mode)

    def clone(self) -> _Mode:
        return type(self)(self.mode)

    def _apply(self) -> None:
        state.inference = self.mode
        state.enabled = not self.mode
