"""Names for annotations."""

from __future__ import annotations

import builtins
import os
from typing import IO, TypeAlias

from srcgrad.torch.devices import device as _device
from srcgrad.torch.dtypes import Size, dtype, layout
from srcgrad.torch.ops.storages import UntypedStorage as Storage
from srcgrad.torch.tensor import Tensor

Number: TypeAlias = int | float | bool
Device: TypeAlias = _device | str | int | None
FileLike: TypeAlias = str | os.PathLike[str] | IO[bytes]
__all__ = ["Device", "FileLike", "Number", "Storage"]

_dtype, _layout, _size, _int, _float, _bool, _Number = dtype, layout, Size, builtins.int, builtins.float, bool, Number
_Tensor = Tensor
