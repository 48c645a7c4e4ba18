"""Writes the pickle inside a checkpoint, in the instructions that PyTorch's `weights_only` reader knows.

Python's pickler would have to import torch in order to name its functions, and writes some data (empty bytes) in ways that PyTorch
refuses. Tensors, Parameters and containers are written as PyTorch writes them; other objects by what they reduce to, as pickle does.
"""

import copyreg
import importlib
import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import PicklingError, encode_long
from types import BuiltinFunctionType, FunctionType
from typing import Any

from srcgrad.torch import dtypes
from srcgrad.torch.stored import NAMES_OF_STORAGES, Array, array_of, identity, parts_of, tensor_types

BATCH = 1000  # items an instruction, as pickle does


class Pickler:
    """Makes one pickle. `storages` are the arrays that must be written beside it, by their keys.

    The old format says of a storage also what it is a part of, which is nothing.
    """

    def __init__(self, old: bool = False) -> None:
        self.storages: dict[str, Array] = {}
        self._old = old
        self._keys: dict[tuple[int, int], str] = {}
        self._kept: list[Any] = []
        self._out = bytearray()
        self._memo: dict[Any, int] = {}
        self._tensors = tensor_types()

    def dump(self, value: Any) -> bytes:
        self._out += b"\x80\x02"
        self._save(value)
        self._out += b"."
        return bytes(self._out)

    def _save(self, value: Any) -> None:
        kind = type(value)
        save = _SAVE.get(kind)
        if save is not None and kind in _UNSHARED:
            save(self, value)
        elif not self._recalled(id(value)):
            if save is not None:
                save(self, value)
            elif kind in self._tensors:
                self._tensor(value)
            else:
                self._object(value)

    def _recalled(self, key: Any) -> bool:
        index = self._memo.get(key)
        if index is None:
            return False
        self._out += bytes([ord("h"), index]) if index < 256 else b"j" + struct.pack("<I", index)
        return True

    def _memoize(self, value: Any) -> None:
        self._remember(id(value))
        self._kept.append(value)  # as long as it lives, no other object has its id

    def _remember(self, key: Any) -> None:
        index = self._memo[key] = len(self._memo)
        self._out += bytes([ord("q"), index]) if index < 256 else b"r" + struct.pack("<I", index)

    def _name(self, module: str, name: str) -> None:
        """Name something: the reader of Python 2 is spoken to, as protocol 2 has it."""
        if not self._recalled((module, name)):
            self._out += f"c{module}\n{name}\n".encode()
            self._remember((module, name))

    def _call(self, module: str, name: str, *arguments: Any) -> None:
        self._name(module, name)
        self._save(arguments)
        self._out += b"R"

    # One method for each kind of value.

    def _none(self, _value: None) -> None:
        self._out += b"N"

    def _bool(self, value: bool) -> None:
        self._out += b"\x88" if value else b"\x89"

    def _int(self, value: int) -> None:
        if 0 <= value < 1 << 8:
            self._out += b"K" + struct.pack("<B", value)
        elif 0 <= value < 1 << 16:
            self._out += b"M" + struct.pack("<H", value)
        elif -(1 << 31) <= value < 1 << 31:
            self._out += b"J" + struct.pack("<i", value)
        else:
            digits = encode_long(value)
            if len(digits) > 255:
                raise PicklingError(f"an integer of {value.bit_length()} bits is too long for a checkpoint")
            self._out += bytes([0x8A, len(digits)]) + digits

    def _float(self, value: float) -> None:
        self._out += b"G" + struct.pack(">d", value)

    def _complex(self, value: complex) -> None:
        self._call("__builtin__", "complex", value.real, value.imag)

    def _str(self, value: str) -> None:
        content = value.encode("utf-8", "surrogatepass")
        self._out += b"X" + struct.pack("<I", len(content)) + content
        self._memoize(value)

    def _bytes(self, value: bytes) -> None:
        self._call("_codecs", "encode", value.decode("latin1"), "latin1")
        self._memoize(value)

    def _bytearray(self, value: bytearray) -> None:
        self._call("__builtin__", "bytearray", bytes(value))
        self._memoize(value)

    def _tuple(self, value: tuple[Any, ...]) -> None:
        if not value:
            self._out += b")"
            return
        if len(value) > 3:
            self._out += b"("
        for item in value:
            self._save(item)
        if id(value) in self._memo:
            # A part of the tuple holds the tuple itself, and has written it by now: what stands on the stack is dropped.
            raise PicklingError("a tuple that holds itself cannot be saved")
        self._out += b"t" if len(value) > 3 else bytes([0x84 + len(value)])
        self._memoize(value)

    def _list(self, value: list[Any]) -> None:
        self._out += b"]"
        self._memoize(value)
        self._items(value, b"a", b"e", self._save)

    def _dict(self, value: dict[Any, Any]) -> None:
        self._out += b"}"
        self._memoize(value)
        self._pairs(value)

    def _pairs(self, value: Any) -> None:
        def save(pair: tuple[Any, Any]) -> None:
            self._save(pair[0])
            self._save(pair[1])

        self._items(list(value.items()), b"s", b"u", save)

    def _items(self, items: list[Any], single: bytes, several: bytes, save: Callable[[Any], None]) -> None:
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]
            self._out += b"(" if len(batch) > 1 else b""
            for item in batch:
                save(item)
            self._out += several if len(batch) > 1 else single

    def _ordered_dict(self, value: "OrderedDict[Any, Any]") -> None:
        self._call("collections", "OrderedDict")
        self._memoize(value)
        self._pairs(value)
        attributes = vars(value)
        if attributes:  # a state_dict's _metadata
            self._save(attributes)
            self._out += b"b"

    def _counter(self, value: "Counter[Any]") -> None:
        self._call("collections", "Counter", dict(value))
        self._memoize(value)

    def _set(self, value: set[Any]) -> None:
        self._call("__builtin__", "set", list(value))
        self._memoize(value)

    def _size(self, value: Any) -> None:
        self._call("torch", "Size", tuple(value))
        self._memoize(value)

    def _dtype(self, value: Any) -> None:
        self._name("torch", value.name)

    def _layout(self, value: Any) -> None:
        self._call("torch.serialization", "_get_layout", repr(value))

    def _device(self, value: Any) -> None:
        self._call("torch", "device", *([value.type] if value.index is None else [value.type, value.index]))
        self._memoize(value)

    def _tensor(self, value: Any) -> None:
        parameter = type(value) is self._tensors[1]
        attributes = {name: held for name, held in vars(value).items() if not name.startswith("_")}
        if parameter:
            self._name("torch._utils", "_rebuild_parameter_with_state" if attributes else "_rebuild_parameter")
            self._out += b"("
            self._values(array_of(value), False)
            self._bool(value.requires_grad)
            self._call("collections", "OrderedDict")
            if attributes:
                self._save(attributes)
            self._out += b"tR"
        elif attributes:
            self._name("torch._tensor", "_rebuild_from_type_v2")
            self._out += b"("
            self._values(array_of(value), value.requires_grad, b"", between=lambda: self._name("torch", "Tensor"))
            self._save(attributes)
            self._out += b"tR"
        else:
            self._values(array_of(value), value.requires_grad)
        self._memoize(value)

    def _values(
        self, array: Array, requires_grad: bool, end: bytes = b"R", between: Callable[[], None] | None = None
    ) -> None:
        """The call that rebuilds a tensor; without its end, the function and the arguments, with something between them."""
        root, offset, sizes, strides = parts_of(array)
        untyped = root.dtype.name not in NAMES_OF_STORAGES
        self._name("torch._utils", "_rebuild_tensor_v3" if untyped else "_rebuild_tensor_v2")
        if between is not None:
            between()
        self._out += b"("
        self._storage(root, untyped)
        for part in (offset, sizes, strides, requires_grad):
            self._save(part)
        self._call("collections", "OrderedDict")
        if untyped:
            self._name("torch", root.dtype.name)
        self._out += b"t" + end

    def _storage(self, root: Array, untyped: bool) -> None:
        place = identity(root)
        key = self._keys.setdefault(place, str(len(self._keys)))
        if self.storages.setdefault(key, root).dtype != root.dtype:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        self._out += b"("
        self._save("storage")
        if untyped:
            self._name("torch.storage", "UntypedStorage")
        else:
            self._name("torch", NAMES_OF_STORAGES[root.dtype.name])
        for part in (key, "cpu", root.nbytes if untyped else root.size):
            self._save(part)
        self._out += b"N" if self._old else b""
        self._out += b"tQ"

    def _reference(self, value: Any) -> None:
        """A class or function, by its name."""
        module, name = value.__module__, value.__qualname__
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            found = None
        if found is not value:
            raise PicklingError(f"Can't pickle {value!r}: it is not found as {module}.{name}")
        self._name(module, name)

    def _object(self, value: Any) -> None:
        if isinstance(value, type | FunctionType | BuiltinFunctionType):
            self._reference(value)
            return
        reduce = copyreg.dispatch_table.get(type(value))
        reduced = reduce(value) if reduce else value.__reduce_ex__(2)
        if isinstance(reduced, str):
            raise PicklingError(f"Can't pickle {type(value)}: it is known by the name {reduced} alone")
        function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        if getattr(function, "__name__", "") == "__newobj__":
            self._reference(arguments[0])
            self._save(tuple(arguments[1:]))
            self._out += b"\x81"
        else:
            self._save(function)
            self._save(tuple(arguments))
            self._out += b"R"
        self._memoize(value)
        if items is not None:
            self._items(list(items), b"a", b"e", self._save)
        if pairs is not None:
            self._pairs(dict(pairs))
        if state is not None:
            self._save(state)
            self._out += b"b"


_SAVE: dict[type, Callable[[Pickler, Any], None]] = {
    type(None): Pickler._none,
    bool: Pickler._bool,
    int: Pickler._int,
    float: Pickler._float,
    complex: Pickler._complex,
    str: Pickler._str,
    bytes: Pickler._bytes,
    bytearray: Pickler._bytearray,
    tuple: Pickler._tuple,
    list: Pickler._list,
    dict: Pickler._dict,
    OrderedDict: Pickler._ordered_dict,
    Counter: Pickler._counter,
    set: Pickler._set,
    dtypes.Size: Pickler._size,
    dtypes.dtype: Pickler._dtype,
    dtypes.layout: Pickler._layout,
    dtypes.device: Pickler._device,
}
# Written in full each time, without a place in the memo.
_UNSHARED = {type(None), bool, int, float, complex, dtypes.dtype, dtypes.layout}
