"""Settings of the whole library: threads, deterministic algorithms, precision, the default kind of tensor.

What enters: what a program asks for. What leaves: the same when it is asked back. NumPy computes in float64 and
float32 as they are and gives the same result each time, so most of these change nothing.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from srcgrad.torch import dtypes
from srcgrad.torch.creation import LEGACY_TYPES
from srcgrad.torch.devices import device as device_of
from srcgrad.torch.ops.storages import TypedStorage, UntypedStorage
from srcgrad.torch.tensor import Tensor


class _Settings:
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    interop_threads = threads
    deterministic = 0  # 0 not asked for, 1 warn, 2 raise
    precision = "highest"
    warn_always = False
    fill_uninitialized = True


_settings = _Settings()


def get_num_threads() -> int:
    """The number last set, at first that of the processors. How many threads BLAS takes is its own affair."""
    return _settings.threads


def set_num_threads(int: int) -> None:
    """Remembered only: set OMP_NUM_THREADS before NumPy is imported to limit the threads of BLAS."""
    _settings.threads = _positive("set_num_threads", int)


def get_num_interop_threads() -> int:
    """The number last set."""
    return _settings.interop_threads


def set_num_interop_threads(int: int) -> None:
    """Remembered only."""
    _settings.interop_threads = _positive("set_num_interop_threads", int)


def _positive(name: str, number: Any) -> int:
    if type(number) is not int:
        raise RuntimeError(f"{name} expects an int, but got {type(number).__name__}")
    if number < 1:
        raise RuntimeError(f"{name} expects a positive integer")
    return number


def init_num_threads() -> None:
    """Changes nothing."""


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remembered only: every algorithm here is deterministic."""
    if not isinstance(mode, bool):
        raise TypeError(
            f"_set_deterministic_algorithms(): argument 'mode' (position 1) must be bool, not {type(mode).__name__}"
        )
    _settings.deterministic = 0 if not mode else 1 if warn_only else 2


def are_deterministic_algorithms_enabled() -> bool:
    """Whether deterministic algorithms were asked for."""
    return _settings.deterministic > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether a warning was asked for in place of an error."""
    return _settings.deterministic == 1


def get_deterministic_debug_mode() -> int:
    """0 by default, 1 to warn, 2 to raise."""
    return _settings.deterministic


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """ "default", "warn", "error", or their numbers; remembered only."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        levels = {"default": 0, "warn": 1, "error": 2}
        if debug_mode not in levels:
            raise RuntimeError(
                f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
            )
        debug_mode = levels[debug_mode]
    if debug_mode not in {0, 1, 2}:
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    _settings.deterministic = debug_mode


def get_float32_matmul_precision() -> str:
    """What was set last."""
    return _settings.precision


def set_float32_matmul_precision(precision: str) -> None:
    """Remembered only: NumPy multiplies float32 matrices in float32."""
    if precision in {"highest", "high", "medium"}:
        _settings.precision = precision
        return
    warnings.warn(
        f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
        "setFloat32MatmulPrecision call has no effect.",
        UserWarning,
        stacklevel=2,
    )


def set_warn_always(b: bool, /) -> None:
    """Remembered only: Python's warning filters decide."""
    if not isinstance(b, bool):
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _settings.warn_always = b


def is_warn_always_enabled() -> bool:
    """What was set last."""
    return _settings.warn_always


def set_flush_denormal(mode: bool) -> bool:  # noqa: ARG001 - PyTorch's parameter
    """False: NumPy keeps the smallest numbers."""
    return False


def set_default_tensor_type(t: Any, /) -> None:
    """`torch.DoubleTensor` or its name: sets the default dtype."""
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
        UserWarning,
        stacklevel=2,
    )
    if isinstance(t, str):
        name = t.removeprefix("torch.")
        if name not in LEGACY_TYPES:
            raise AttributeError(f"module 'torch' has no attribute {name!r}")
        t = LEGACY_TYPES[name]
    if not isinstance(t, type(LEGACY_TYPES["FloatTensor"])):
        raise TypeError("invalid type object: only floating-point types are supported as the default type")
    dtype = dtypes.of(t.kind)
    if not dtype.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    dtypes.set_default_dtype(dtype)


def is_storage(obj: Any, /) -> bool:
    """Whether an object is the memory of a tensor."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def typename(obj: Any, /) -> str:
    """The name of an object's type with its module; of a tensor that of its kind: 'torch.FloatTensor'."""
    if isinstance(obj, Tensor):
        return str(obj.type())  # type: ignore[attr-defined]
    module = getattr(obj, "__module__", "") or ""
    name = getattr(obj, "__qualname__", "") or type(obj).__qualname__
    if not hasattr(obj, "__qualname__"):
        module = type(obj).__module__ or ""
    return name if module in {"", "builtins"} else f"{module}.{name}"


def compiled_with_cxx11_abi() -> bool:
    """True, as PyTorch says today; nothing here is compiled."""
    return True


def get_device(input: Tensor) -> int:
    """-1: the tensor is on the CPU."""
    return int(input.get_device())  # type: ignore[attr-defined]


def get_device_module(device: Any = None) -> Any:
    """The module of a device: `torch.cpu`, or another that can be named."""
    import importlib

    kind = "cpu" if device is None else device_of(device).type
    try:
        return importlib.import_module(f"srcgrad.torch.{kind}")
    except ModuleNotFoundError:
        raise RuntimeError(
            f"Device '{kind}' does not have a corresponding module registered as 'torch.{kind}'."
        ) from None


def is_inference(input: Tensor) -> bool:
    """Whether a tensor was made in inference mode."""
    return input.is_inference()


def is_vulkan_available() -> bool:
    """False."""
    return False


# What PyTorch was built with, and NumPy has.
has_lapack = True
has_mkl = False
has_openmp = False
has_spectral = True


class OutOfMemoryError(RuntimeError):
    """Raised by PyTorch where a GPU has no memory left; here never."""


class AcceleratorError(RuntimeError):
    """Raised by PyTorch where a GPU fails; here never."""


class FatalError(Exception):
    """Raised by PyTorch where it cannot go on; here never."""
