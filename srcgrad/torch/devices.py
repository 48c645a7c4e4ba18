"""Where a tensor is: always on the CPU."""

from __future__ import annotations

import re
from typing import Any, Self

_DEVICES = (
    "cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, "
    "mtia, privateuseone"
)


class device:  # noqa: N801 - PyTorch's name
    """Where a tensor is. Every device can be named, as programs do that ask for the best one; tensors are
    on the CPU only, see `on_cpu`.
    """

    __module__ = "torch"  # where PyTorch has it, as its type is printed
    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: Any = None, index: int | None = None) -> None:
        if isinstance(type, device):
            self.type, self.index = type.type, type.index
            return
        if isinstance(type, int):
            raise RuntimeError("Cannot access accelerator device when none is available.")
        if not isinstance(type, str):
            raise TypeError(
                f"device() received an invalid combination of arguments - got ({_type_name(type)}), but expected "
                "one of:\n * (torch.device device)\n * (str type, int index = -1)\n"
            )
        if not type:
            raise RuntimeError("Device string must not be empty")
        found = re.fullmatch(r"([A-Za-z_]+)(?::(0|[1-9][0-9]*))?", type)
        if found is None:
            raise RuntimeError(f"Invalid device string: '{type}'")
        if found[1] not in _DEVICES.split(", "):
            raise RuntimeError(f"Expected one of {_DEVICES} device type at start of device string: {type}")
        if index is not None and found[2]:
            raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {type}")
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        self.type, self.index = found[1], int(found[2]) if found[2] else index

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.type, self.index)

    def __enter__(self) -> Self:
        on_cpu(self)
        return self

    def __exit__(self, *_exception: object) -> None:
        pass


def _type_name(x: object) -> str:
    return type(x).__name__


def _rebuilt(type: str, index: int | None) -> device:
    """What a pickle of a device calls."""
    return device(type, index)


CPU = device("cpu")


def on_cpu(wanted: device | str | int | None) -> device:
    """The device of a tensor that is asked to be there; a RuntimeError where that is not the CPU."""
    if wanted is None or wanted == "cpu" or wanted is CPU:
        return CPU
    if (named_device := device(wanted)).type != "cpu":
        raise RuntimeError(f"srcgrad.torch computes on the CPU alone; no tensor can be on the device '{named_device}'")
    return CPU


def get_default_device() -> device:
    """Where tensors are made."""
    return CPU


def set_default_device(device: Any) -> None:
    """Accepts the CPU."""
    on_cpu(device)
