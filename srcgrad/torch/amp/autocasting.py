"""`torch.autocast`: a block or function in which PyTorch multiplies matrices in a narrower dtype.

What enters: a device and a dtype. What leaves: a block that changes nothing, or an error that says what to do.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ClassVar, Self

from srcgrad.torch import dtypes
from srcgrad.torch.devices import device


class _State:
    dtypes: ClassVar[dict[str, Any]] = {"cpu": dtypes.bfloat16, "cuda": dtypes.float16}
    cache = True
    depth = 0


class autocast:  # noqa: N801 - PyTorch's name
    """A block, or as a decorator a function, in which nothing changes.

    Raises NotImplementedError where PyTorch would compute in bfloat16 or float16: NumPy has no bfloat16, and what
    is computed in float32 instead would not be what was asked for. `enabled=False` and dtype=torch.float32 pass.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device(device_type).type
        self.fast_dtype = get_autocast_dtype(self.device) if dtype is None else dtype
        self._cache_enabled = is_autocast_cache_enabled() if cache_enabled is None else cache_enabled
        if self.device == "cuda" and enabled:
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", UserWarning, stacklevel=2
            )
            enabled = False
        if self.device == "cpu" and enabled and self.fast_dtype not in {dtypes.bfloat16, dtypes.float16}:
            warnings.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled

    def __enter__(self) -> Self:
        if self._enabled:
            raise NotImplementedError(
                f"torch.autocast to {self.fast_dtype}: NumPy multiplies no matrices in that dtype. Leave the block out, "
                "or pass enabled=False, to compute in float32."
            )
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return within


def custom_fwd(fwd: Any = None, *, device_type: str = "cpu", cast_inputs: Any = None) -> Any:
    """Decorates the forward of an autograd.Function; changes nothing, as autocast does not."""
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    return fwd


def custom_bwd(bwd: Any = None, *, device_type: str = "cpu") -> Any:
    """Decorates the backward of an autograd.Function; changes nothing, as autocast does not."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)
    return bwd


def is_autocast_available(device_type: str) -> bool:
    """Whether the device can be named in `autocast`."""
    return device(device_type).type in {"cpu", "cuda", "mps", "xpu", "hpu", "mtia", "maia", "xla", "ipu"}


def is_autocast_enabled(device_type: str = "cuda") -> bool:  # noqa: ARG001 - PyTorch's parameter
    """False."""
    return False


def is_autocast_cpu_enabled() -> bool:
    """False."""
    return False


def set_autocast_enabled(device_type: Any, enabled: bool = False) -> None:
    """Takes False."""
    if enabled or device_type is True:
        raise NotImplementedError("NumPy computes in the dtype that it is given: autocast cannot be turned on here")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """Takes False."""
    set_autocast_enabled("cpu", enabled)


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that `autocast` takes by default."""
    return _State.dtypes.get(device_type, dtypes.float16)


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Set the dtype that `autocast` takes by default."""
    _State.dtypes[device_type] = dtype


def get_autocast_cpu_dtype() -> Any:
    """The dtype that `autocast("cpu")` takes by default."""
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: Any) -> None:
    """Set it."""
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype() -> Any:
    """The dtype that `autocast("cuda")` takes by default."""
    return get_autocast_dtype("cuda")


def is_autocast_cache_enabled() -> bool:
    """What was set last."""
    return _State.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Remembered only."""
    _State.cache = enabled


def clear_autocast_cache() -> None:
    """Nothing to clear."""


def autocast_increment_nesting() -> int:
    """How many blocks there are now."""
    _State.depth += 1
    return _State.depth


def autocast_decrement_nesting() -> int:
    """How many blocks there are now."""
    _State.depth -= 1
    return _State.depth
