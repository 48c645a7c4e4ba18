"""Memory that comes from or goes to others: DLPack and files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from srcgrad.torch.creation import finished, from_numpy, numpy_dtype
from srcgrad.torch.tensor import Tensor, wrap


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of an object that speaks DLPack."""
    from srcgrad.torch.devices import on_cpu

    on_cpu(device)
    if isinstance(ext_tensor, Tensor):
        return wrap(ext_tensor._a.copy() if copy else ext_tensor._a)
    found = np.from_dlpack(ext_tensor)
    # DLPack cannot say that an array may be written to, and NumPy then takes it for read-only.
    if copy:
        return wrap(found.copy())
    if not found.flags.writeable and isinstance(ext_tensor, np.ndarray):
        return from_numpy(ext_tensor)
    return wrap(found)


def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule of the tensor's memory."""
    return tensor.__dlpack__()  # type: ignore[attr-defined]


def from_file(
    filename: Any, shared: bool | None = None, size: int | None = 0, *, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A one-dimensional tensor over the bytes of a file; with `shared`, writes go to the file."""
    del layout, device, pin_memory
    kind = numpy_dtype(dtype)
    count = size or 0
    if shared:
        with open(filename, "ab") as file:
            missing = count * kind.itemsize - os.path.getsize(filename)
            if missing > 0:
                file.truncate(count * kind.itemsize)
    mapped = np.memmap(filename, kind, "r+" if shared else "c", shape=(count,))
    return finished(np.asarray(mapped), requires_grad)
