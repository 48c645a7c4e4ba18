"""Devices that compute faster than the CPU: there are none."""

from __future__ import annotations

from typing import Any

from srcgrad.torch import unavailable


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> Any:
    """None."""


globals().update(
    unavailable.enter(
        __name__,
        "Graph current_device_idx current_device_index get_device_capability current_stream empty_cache empty_host_cache "
        "get_memory_info max_memory_allocated max_memory_reserved memory_allocated memory_reserved memory_stats "
        "reset_accumulated_memory_stats reset_peak_memory_stats set_device_idx set_device_index set_stream synchronize "
        "device_index",
        "Cannot access accelerator device when none is available.",
        RuntimeError,
    )
)
