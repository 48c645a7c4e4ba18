"""What may be computed with while a function is read.

What enters: a value from anywhere. What leaves: whether what Python computes with it (its truth, a comparison, its text)
stays what it is for as long as the guards hold. Numbers, texts and containers of them are compared by the guards; of any other
object they compare which one it is, and an object with methods of its own may answer otherwise the next time.
"""

from __future__ import annotations

import collections
import enum
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.compiling.program import Number
from srcgrad.torch.devices import device
from srcgrad.torch.dtypes import Size
from srcgrad.torch.tensor import Tensor

_VALUES = frozenset(
    [int, float, bool, complex, str, bytes, type(None), type(Ellipsis), range, Size, dtypes.dtype, dtypes.layout,
     dtypes.memory_format, device]
)  # fmt: skip
_KINDS = (Tensor, Number, type, np.generic, np.dtype, enum.Enum, FunctionType, BuiltinFunctionType, ModuleType)
_CONTAINERS = frozenset([list, tuple, set, frozenset])


def settled(thing: Any) -> bool:
    """Whether a value, and all that it contains, means the same for as long as it is the same or equal."""
    kind = type(thing)
    if kind in _VALUES or isinstance(thing, _KINDS):
        return True
    if kind in _CONTAINERS or (isinstance(thing, tuple) and plain_container(thing)):
        return all(settled(v) for v in thing)
    if isinstance(thing, dict) and plain_container(thing):
        return all(settled(k) and settled(v) for k, v in thing.items())
    if kind is slice:
        return settled((thing.start, thing.stop, thing.step))
    return False


def unchanging(thing: Any) -> bool:
    """Whether the attributes of an object are what they are."""
    return type(thing) in _VALUES or isinstance(thing, (np.generic, np.dtype, dtypes.finfo, dtypes.iinfo))


def by_identity(thing: Any) -> bool:
    """Whether an object is equal to nothing but itself."""
    kind: Any = type(thing)
    return bool(kind.__eq__ is object.__eq__ and kind.__hash__ is object.__hash__)


def comparable(thing: Any) -> bool:
    """Whether a comparison with a value gives the same for as long as the guards hold."""
    if type(thing) in {list, tuple}:
        return all(comparable(v) for v in thing)
    return settled(thing) or by_identity(thing)


def always_true(thing: Any) -> bool:
    """Whether an object counts as true whatever it holds."""
    return not hasattr(type(thing), "__bool__") and not hasattr(type(thing), "__len__")


def plain_container(thing: Any) -> bool:
    """Whether a container holds nothing but its items: Python's own, or a tuple with names."""
    if isinstance(thing, tuple):
        # What operations with several results return, of torch.return_types, has no _fields.
        return type(thing) in {tuple, Size} or hasattr(thing, "_fields") or hasattr(thing, "n_fields")
    return type(thing) in {list, dict, set, collections.OrderedDict}
