"""Orders of memory: here there is one, so that a module stays as it is."""

from __future__ import annotations

from typing import Any


def convert_conv2d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """The module."""
    del memory_format
    return module


def convert_conv3d_weight_memory_format(module: Any, memory_format: Any) -> Any:
    """The module."""
    del memory_format
    return module
