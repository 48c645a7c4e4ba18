"""The device on which everything is computed."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """ "cpu"."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Nothing to wait for."""


def set_device(device: Any) -> None:
    """Nothing to set."""


class Stream:
    """The order in which the CPU computes: one after the other."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Any) -> None:
        """Nothing to wait for."""

    def record_event(self) -> None:
        """Nothing to record."""

    def wait_event(self, event: Any) -> None:
        """Nothing to wait for."""


class Event:
    """A point in that order."""

    def __init__(self, enable_timing: bool = False) -> None:
        pass

    def query(self) -> bool:
        """True: it has passed."""
        return True

    def record(self, stream: Any = None) -> None:
        """Nothing to record."""

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def wait(self, stream: Any = None) -> None:
        """Nothing to wait for."""


class StreamContext:
    """A block on a stream."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


_CURRENT = Stream()


def current_stream(device: Any = None) -> Stream:  # noqa: ARG001 - PyTorch's parameter
    """The one stream."""
    return _CURRENT


def stream(stream: Stream) -> StreamContext:
    """A block on a stream."""
    return StreamContext(stream)


def get_capabilities() -> Any:
    """What the processor can do: not asked here, so empty."""
    return MappingProxyType({})
