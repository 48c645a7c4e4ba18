"""save and load: checkpoints that PyTorch and srcgrad both read.

A checkpoint is a pickle (pickling.py, unpickling.py) and the storages that it speaks of (stored.py), in a zip archive (archive.py) or,
in the format before PyTorch 1.6, one after the other in a single file.
"""

import enum
import io
import os
import pickle
import re
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

from srcgrad.torch import archive, dtypes
from srcgrad.torch.allowed import add_safe_globals as add_safe_globals  # noqa: PLC0414 - asked for here
from srcgrad.torch.allowed import clear_safe_globals as clear_safe_globals  # noqa: PLC0414
from srcgrad.torch.allowed import get_safe_globals as get_safe_globals  # noqa: PLC0414
from srcgrad.torch.allowed import safe_globals as safe_globals  # noqa: PLC0414
from srcgrad.torch.pickling import Pickler
from srcgrad.torch.stored import Array, Storage, StorageType, little_endian
from srcgrad.torch.unpickling import Unpickler

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001

_ADVICE = (
    "srcgrad reads tensors and containers and nothing else, whatever `weights_only` says, since a pickle of other things "
    "can run any code. Save a model's state_dict() instead of the model."
)


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write tensors, and containers of them, to a path or an open file, so that PyTorch's `torch.load` reads them as well.

    Tensors that share memory share it again when they are read, for which their whole memory is written.
    """
    if pickle_module not in (None, pickle) or pickle_protocol != 2:
        raise RuntimeError("srcgrad writes checkpoints with a pickler of its own in protocol 2")
    if not _is_path(f) and not hasattr(f, "write"):
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
    pickler = Pickler(old=not _use_new_zipfile_serialization)
    content = pickler.dump(obj)
    directory = "archive"
    if _is_path(f):
        name = os.path.basename(os.fspath(f))
        directory = name.rpartition(".")[0] or name
    with _opened(f, "wb") as file:
        if _use_new_zipfile_serialization:
            archive.write(file, directory, content, pickler.storages, not _disable_byteorder_record)
        else:
            _save_old(file, content, pickler.storages)


def _save_old(file: IO[bytes], content: bytes, storages: dict[str, Array]) -> None:
    machine = {
        "protocol_version": PROTOCOL_VERSION,
        "little_endian": sys.byteorder == "little",
        "type_sizes": {"short": 2, "int": 4, "long": 4},
    }
    for value in (MAGIC_NUMBER, PROTOCOL_VERSION, machine):
        file.write(Pickler().dump(value))
    file.write(content)
    keys = sorted(storages)
    file.write(Pickler().dump(keys))
    for key in keys:
        root = storages[key]
        file.write(struct.pack("<q", root.size if root.dtype.name in _TYPED else root.nbytes))
        if root.size:
            file.write(little_endian(root).data.cast("B"))


_TYPED = frozenset("float64 float32 float16 int64 int32 int16 int8 uint8 bool complex128 complex64".split())


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save` or PyTorch's `torch.save` wrote. It runs no code that the file names.

    Raises pickle.UnpicklingError for a file that asks for more than tensors and containers; `weights_only` changes nothing about that.
    """
    if pickle_module is not None and weights_only is not False:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if set(pickle_load_args) - {"encoding"}:
        raise TypeError(
            f"load() got an unexpected keyword argument '{next(iter(set(pickle_load_args) - {'encoding'}))}'"
        )
    if _is_path(f) and os.fspath(f).endswith(".safetensors"):
        from srcgrad.torch.safetensors import load_file

        if isinstance(map_location, dict) or callable(map_location):
            kind = "dict" if isinstance(map_location, dict) else "callable"
            raise RuntimeError(
                f"Loading safetensors file with {kind} map_location is not supported. Use a device string or torch.device instead."
            )
        return load_file(f)
    place = _restoring(map_location)
    with _opened(f, "rb") as file:
        _check_seekable(file)
        try:
            if archive.is_zip(file):
                return _load_zip(file, place, os.fspath(f) if _is_path(f) else None, bool(mmap))
            if mmap:
                name = f"{f}, " if isinstance(f, str) else ""
                raise RuntimeError(
                    f"mmap can only be used with files saved with `torch.save({name}_use_new_zipfile_serialization=True), "
                    "please torch.save your checkpoint with this option in order to use mmap."
                )
            return _load_old(file, place)
        except UnpicklingError as error:
            raise UnpicklingError(_told(str(error))) from None


def _load_zip(file: IO[bytes], place: Callable[[Storage, str], Any], path: str | None, mmap: bool) -> Any:
    records = archive.Reader(file)
    if "constants.pkl" in records:
        raise RuntimeError(
            f"Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. {_ADVICE}"
        )
    if mmap:
        if path is None:
            raise ValueError("f must be a file path in order to use the mmap argument")
        records.map(path)
    order = records.text("byteorder") if "byteorder" in records else "little"
    if order not in ("little", "big"):
        raise ValueError(f"Unknown endianness type: {order}")
    storages: dict[str, Storage] = {}
    budget = records.size

    def persistent_load(saved: tuple[Any, ...]) -> Storage:
        nonlocal budget
        kind, key, location, count = _checked_id(saved, 5)
        if key in storages:
            return storages[key]
        size = count * kind.itemsize
        budget -= size
        if budget < 0:
            # Records that overlap could be named again and again.
            raise UnpicklingError(f"the storages are longer than the file ({records.size} bytes)")
        storage = Storage(records.array(f"data/{key}", size), kind, location, order != sys.byteorder)
        place(storage, location)
        storages[key] = storage
        return storage

    return Unpickler(records.read("data.pkl"), persistent_load=persistent_load).load()


def _load_old(file: IO[bytes], place: Callable[[Storage, str], Any]) -> Any:
    content = file.read()
    if content[257:262] == b"ustar":
        raise RuntimeError(f"Cannot use ``weights_only=True`` with files saved in the legacy .tar format. {_ADVICE}")
    storages: dict[str, Storage] = {}
    parts: dict[str, Storage] = {}
    budget = len(content)

    def persistent_load(saved: tuple[Any, ...]) -> Storage:
        nonlocal budget
        kind, key, location, count = _checked_id(saved[:5], 5)
        part = saved[5] if len(saved) == 6 else None
        if key not in storages:
            size = count * kind.itemsize
            budget -= size
            if budget < 0:
                raise UnpicklingError(f"the storages are longer than the file ({len(content)} bytes)")
            # The bytes come after the pickle, which is read first.
            storages[key] = Storage(np.zeros(size, np.uint8), kind, location, sys.byteorder == "big", filled=False)
            place(storages[key], location)
        return storages[key] if part is None else _part(storages[key], part, parts)

    position = 0
    for expected, message in (
        (MAGIC_NUMBER, "Invalid magic number; corrupt file?"),
        (PROTOCOL_VERSION, "Invalid protocol version: {}"),
    ):
        reader = Unpickler(content, position)
        found = reader.load()
        if found != expected or type(found) is not int:
            raise RuntimeError(message.format(found))
        position = reader.position
    reader = Unpickler(content, position)
    reader.load()
    reader = Unpickler(content, reader.position, persistent_load)
    result = reader.load()
    reader = Unpickler(content, reader.position)
    keys = reader.load()
    _fill(storages, keys, memoryview(content)[reader.position :])
    return result


def _part(storage: Storage, part: Any, parts: dict[str, Storage]) -> Storage:
    """A piece of a storage with a key of its own, which files of the first years have."""
    if type(part) is not tuple or [type(item) for item in part] != [str, int, int]:
        raise UnpicklingError("a part of a storage is described by its key, its offset and its size")
    key, offset, count = part
    start, size = offset * storage.kind.itemsize, count * storage.kind.itemsize
    if offset < 0 or count < 0 or start + size > storage.nbytes():
        raise UnpicklingError(
            f"a part of a storage lies outside of it: elements {offset} to {offset + count} of {storage.nbytes()} bytes"
        )
    if key not in parts:
        piece = Storage(
            storage.content[start : start + size], storage.kind, storage.location, swapped=False, filled=False
        )
        storage.when_filled(piece.fill)
        parts[key] = piece
    return parts[key]


def _fill(storages: dict[str, Storage], keys: Any, content: memoryview) -> None:
    """Read the bytes of the storages, each preceded by its number of elements."""
    if type(keys) is not list or {*map(type, keys)} - {str} or set(keys) != set(storages) or len(keys) != len(storages):
        raise UnpicklingError("the storages that follow are not the ones that the checkpoint speaks of")
    for key in keys:
        storage = storages[key]
        if len(content) < 8:
            raise EOFError("unexpected EOF. The file might be corrupted.")
        (count,) = struct.unpack("<q", content[:8])
        size = count * storage.kind.itemsize
        if size != storage.nbytes():
            raise UnpicklingError(f"storage has wrong byte size: expected {storage.nbytes()} got {size}")
        if len(content) < 8 + size:
            raise EOFError(
                f"unexpected EOF, expected {8 + size - len(content)} more bytes. The file might be corrupted."
            )
        storage.content[:] = np.frombuffer(content[8 : 8 + size], np.uint8)
        storage.fill()
        content = content[8 + size :]


def _checked_id(saved: tuple[Any, ...], length: int) -> tuple[StorageType, str, str, int]:
    """Kind, key, location and number of elements of the storage that an id names."""
    if len(saved) != length or [type(item) for item in saved[1:]] != [StorageType, str, str, int] or saved[4] < 0:
        raise UnpicklingError("a storage is known by its type, its key, its location and its number of elements")
    return saved[1], saved[2], saved[3], saved[4]


def _restoring(map_location: Any) -> Callable[[Storage, str], Any]:
    """What becomes of a storage that lay at a location: all come to the CPU, but the caller must have said so."""
    if map_location is None:
        return _to_cpu
    if isinstance(map_location, dict):
        return lambda storage, location: _to_cpu(storage, map_location.get(location, location))
    if isinstance(map_location, str | bytes | dtypes.device):
        wanted = map_location.decode() if isinstance(map_location, bytes) else str(map_location)
        return lambda storage, _location: _to_cpu(storage, wanted)

    def restore(storage: Storage, location: str) -> Any:
        found = map_location(storage, location)
        return found if found is not None else _to_cpu(storage, location)

    return restore


def _to_cpu(storage: Storage, location: str) -> Storage:
    kind = location.partition(":")[0]
    if kind == "cpu":
        return storage
    if kind == "cuda":
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. "
            "If you are running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') "
            "to map your storages to the CPU."
        )
    raise RuntimeError(
        f"don't know how to restore data location of torch.UntypedStorage (tagged with {location}); "
        "map_location='cpu' maps it to the CPU"
    )


def _is_path(f: Any) -> bool:
    return isinstance(f, str | os.PathLike)


@contextmanager
def _opened(f: Any, mode: str) -> Iterator[Any]:
    """The file of a path, which is closed in the end, or the open file itself."""
    if not _is_path(f):
        if "r" in mode and not (hasattr(f, "read") and hasattr(f, "seek")):
            _check_seekable(f)
        yield f
        if "w" in mode and hasattr(f, "flush"):
            f.flush()
        return
    path = os.fspath(f)
    parent = os.path.dirname(path)
    if "w" in mode and parent and not os.path.isdir(parent):
        raise RuntimeError(f"Parent directory {parent} does not exist.")
    with open(path, mode) as file:
        yield file


def _check_seekable(file: Any) -> None:
    try:
        file.seek(file.tell())
    except (io.UnsupportedOperation, AttributeError) as error:
        raise type(error)(
            f"{error}. You can only torch.load from a file that is seekable."
            " Please pre-load the data into a buffer like io.BytesIO and try to load from it instead."
        ) from None


def _told(message: str) -> str:
    """The message of a refusal, with what the caller can do."""
    if re.search(r"GLOBAL (\S+) was not an allowed global by default", message):
        return f"Weights only load failed. {_ADVICE}\n\tWeightsUnpickler error: {message}"
    return f"Weights only load failed. {_ADVICE}\nWeightsUnpickler error: \n\n{message}"


class SourceChangeWarning(Warning):
    """Given by PyTorch where the source of a saved module has changed; here never, as no modules are read."""


class LoadEndianness(enum.Enum):
    """The order of bytes in checkpoints that do not say it."""

    NATIVE = 1
    LITTLE = 2
    BIG = 3


class _Options:
    endianness: LoadEndianness | None = None
    crc32 = True
    mmap = 2  # MAP_PRIVATE


def get_default_load_endianness() -> LoadEndianness | None:
    """What was set last."""
    return _Options.endianness


def set_default_load_endianness(endianness: LoadEndianness | None) -> None:
    """Takes None and LITTLE, the order in which checkpoints are read that do not say theirs."""
    if endianness not in {None, LoadEndianness.LITTLE}:
        raise NotImplementedError("checkpoints that do not say the order of their bytes are read as little endian")
    _Options.endianness = endianness


def get_crc32_options() -> bool:
    """What was set last."""
    return _Options.crc32


def set_crc32_options(compute_crc32: bool) -> None:
    """Remembered only: the sums are computed always."""
    _Options.crc32 = compute_crc32


def get_default_mmap_options() -> int:
    """What was set last."""
    return _Options.mmap


def set_default_mmap_options(flags: int) -> None:
    """Remembered only."""
    _Options.mmap = flags


def location_tag(storage: Any) -> str:  # noqa: ARG001 - every storage is there
    """The name of the device of a storage."""
    return "cpu"


def default_restore_location(storage: Any, location: str) -> Any:
    """The storage, if it is for the CPU."""
    if not location.startswith("cpu"):
        raise RuntimeError(
            "don't know how to restore data location of " + type(storage).__name__ + f" (tagged with {location})"
        )
    return storage
