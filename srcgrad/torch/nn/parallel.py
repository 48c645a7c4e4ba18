"""Modules over several devices; here there is one, and they call the module that they hold."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.nn.module import Module


class DataParallel(Module):
    """A module whose batches are divided among devices."""

    def __init__(self, module: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        del device_ids, output_device
        self.dim = dim
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Any, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0, module_kwargs: Any = None
) -> Any:
    """The module of the inputs."""
    del device_ids, output_device, dim
    arguments = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*arguments, **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """A module in several processes: there is one, and this raises."""

    def __init__(self, module: Any, *args: Any, **kwargs: Any) -> None:
        del module, args, kwargs
        super().__init__()
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
