"""cuDNN: not there. `benchmark = True` and its like are remembered only."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False."""
    return False


def version() -> int | None:
    """None."""
    return None


def is_acceptable(tensor: Any) -> bool:  # noqa: ARG001 - PyTorch's parameter
    """False."""
    return False


@contextlib.contextmanager
def flags(**_settings: Any) -> Iterator[None]:
    """A block with other settings; changes nothing."""
    yield
