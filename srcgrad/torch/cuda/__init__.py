"""GPUs: there are none. Programs that ask learn so, and what is harmless without one does nothing."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from srcgrad.torch import unavailable
from srcgrad.torch.cuda import amp as amp
from srcgrad.torch.unavailable import NO_GPU

default_generators: tuple[Any, ...] = ()
has_half = True
has_magma = False


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:  # noqa: ARG001 - PyTorch's parameter
    """False."""
    return False


def is_tf32_supported() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def get_arch_list() -> list[str]:
    """Empty."""
    return []


def get_gencode_flags() -> str:
    """Empty."""
    return ""


def get_rng_state_all() -> list[Any]:
    """Empty: one state for each GPU."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Takes one state for each GPU, so none."""
    for _ in new_states:
        raise AssertionError(NO_GPU)


def manual_seed(seed: int) -> None:
    """Nothing to seed; `torch.manual_seed` is for the CPU."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Nothing to seed; `torch.manual_seed` is for the CPU."""
    int(seed)


def seed() -> None:
    """Nothing to seed."""


def seed_all() -> None:
    """Nothing to seed."""


def empty_cache() -> None:
    """Nothing to empty."""


def _no_memory(name: str) -> Any:
    def amount(device: Any = None) -> int:  # noqa: ARG001 - PyTorch's parameter
        return 0

    amount.__name__ = amount.__qualname__ = name
    amount.__doc__ = "0 bytes."
    return amount


memory_allocated = _no_memory("memory_allocated")
memory_reserved = _no_memory("memory_reserved")
memory_cached = _no_memory("memory_cached")
max_memory_allocated = _no_memory("max_memory_allocated")
max_memory_reserved = _no_memory("max_memory_reserved")
max_memory_cached = _no_memory("max_memory_cached")


def memory_stats(device: Any = None) -> dict[str, Any]:  # noqa: ARG001 - PyTorch's parameter
    """Empty."""
    return OrderedDict()


def memory_stats_as_nested_dict(device: Any = None) -> dict[str, Any]:  # noqa: ARG001 - PyTorch's parameter
    """Empty."""
    return {}


def host_memory_stats() -> dict[str, Any]:
    """Empty."""
    return OrderedDict()


def host_memory_stats_as_nested_dict() -> dict[str, Any]:
    """Empty."""
    return {}


@contextlib.contextmanager
def stream(stream: Any) -> Iterator[None]:
    """A block on a stream; None stands for no change."""
    if stream is not None:
        raise AssertionError(NO_GPU)
    yield


class device:  # noqa: N801 - PyTorch's name
    """A block on a GPU; a negative index or None stands for no change."""

    def __init__(self, device: Any) -> None:
        self.idx = -1 if device is None else device if isinstance(device, int) else 0

    def __enter__(self) -> None:
        if self.idx >= 0:
            raise AssertionError(NO_GPU)

    def __exit__(self, *_: object) -> None:
        pass


class device_of(device):  # noqa: N801 - PyTorch's name
    """A block on the GPU of a tensor: no change, as every tensor is on the CPU."""

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.get_device())


globals().update(
    unavailable.enter(
        __name__,
        "current_device current_stream default_stream set_device synchronize init cudart current_blas_handle "
        "current_solver_handle get_device_capability get_device_name get_device_properties get_rng_state set_rng_state "
        "initial_seed ipc_collect mem_get_info get_sync_debug_mode set_sync_debug_mode get_per_process_memory_fraction "
        "set_per_process_memory_fraction can_device_access_peer memory_summary memory_snapshot memory_usage utilization "
        "temperature power_draw clock_rate device_memory_used list_gpu_processes set_stream reset_peak_memory_stats "
        "reset_max_memory_allocated reset_max_memory_cached reset_accumulated_memory_stats make_graphed_callables "
        "reset_accumulated_host_memory_stats reset_peak_host_memory_stats get_stream_from_external graph_pool_handle "
        "caching_allocator_alloc caching_allocator_delete caching_allocator_enable caching_allocator_disabled "
        "change_current_allocator get_allocator_backend check_error is_current_stream_capturing use_mem_pool "
        "Stream Event ExternalStream StreamContext GreenContext CUDAGraph MemPool CUDAPluggableAllocator "
        "FloatTensor DoubleTensor HalfTensor BFloat16Tensor LongTensor IntTensor ShortTensor CharTensor ByteTensor "
        "BoolTensor FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage "
        "CharStorage ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage",
        NO_GPU,
        AssertionError,
    )
)


class CudaError(RuntimeError):
    """Raised by PyTorch where a GPU fails; here never."""


class DeferredCudaCallError(Exception):
    """Raised by PyTorch where a GPU fails; here never."""


class graph:  # noqa: N801 - PyTorch's name
    """The recording of a GPU's work: raises."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise AssertionError(NO_GPU)
