"""Apple's GPUs: not used."""

from __future__ import annotations

from srcgrad.torch import unavailable


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


globals().update(
    unavailable.enter(
        __name__,
        "compile_shader load_metallib get_rng_state manual_seed seed set_rng_state synchronize empty_cache "
        "set_per_process_memory_fraction current_allocated_memory driver_allocated_memory recommended_max_memory Event",
        "srcgrad.torch computes with NumPy on the CPU and does not use Apple's GPU",
        RuntimeError,
    )
)
