"""The zip archive around a checkpoint: records, uncompressed, each at a multiple of 64 bytes.

Records are read by their place in the file and never unpacked into a directory, so that their names can point nowhere.
"""

import hashlib
import io
import os
import struct
import sys
import zipfile
from pickle import UnpicklingError
from typing import IO, Any

import numpy as np

Array = np.ndarray[Any, Any]

ALIGNMENT = 64
LOCAL_HEADER = 30
ZIP64_EXTRA = 20


class Reader:
    """The records of an archive by their names without the directory that they all lie in."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._mapped: Array | None = None
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, EOFError, OSError) as error:
            raise RuntimeError(
                "PytorchStreamReader failed reading zip archive: failed finding central directory"
            ) from error
        if not entries:
            raise RuntimeError("PytorchStreamReader failed reading zip archive: the archive is empty")
        directory = entries[0].filename.partition("/")[0]
        self._entries = {entry.filename.removeprefix(directory + "/"): entry for entry in entries}
        file.seek(0, os.SEEK_END)
        self._size = file.tell()

    def map(self, path: str) -> None:
        """Read arrays from the file's pages; what is written into them does not reach the file."""
        self._mapped = np.memmap(path, np.uint8, "c")

    @property
    def size(self) -> int:
        """The length of the file, which no record exceeds."""
        return self._size

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def text(self, name: str) -> str:
        return self.read(name).decode("utf-8", "replace")

    def read(self, name: str) -> bytes:
        start, size = self._place(name)
        self._file.seek(start)
        content = self._file.read(size)
        if len(content) != size:
            raise RuntimeError(f"PytorchStreamReader failed reading file {name}: file read failed")
        return content

    def array(self, name: str, size: int) -> Array:
        """The first bytes of a record, writable."""
        start, available = self._place(name)
        if size > available:
            raise UnpicklingError(f"storage {name} has {available} bytes, but the checkpoint speaks of {size}")
        if self._mapped is not None:
            return self._mapped[start : start + size]
        self._file.seek(start)
        return read_into(self._file, np.empty(size, np.uint8))

    def _place(self, name: str) -> tuple[int, int]:
        entry = self._entries.get(name)
        if entry is None:
            raise RuntimeError(f"PytorchStreamReader failed locating file {name}: file not found")
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise UnpicklingError(f"record {name} is compressed or encrypted, which no checkpoint's are")
        self._file.seek(entry.header_offset)
        header = self._file.read(LOCAL_HEADER)
        if len(header) != LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {name}: invalid header or archive is corrupted"
            )
        start = entry.header_offset + LOCAL_HEADER + sum(struct.unpack("<HH", header[26:30]))
        if start + entry.file_size > self._size:
            raise RuntimeError(
                f"PytorchStreamReader failed reading file {name}: invalid header or archive is corrupted"
            )
        return start, entry.file_size


def read_into(file: IO[bytes], target: Array) -> Array:
    """Fill an array of bytes from a file."""
    content = target.data
    done = 0
    while done < len(content):
        if hasattr(file, "readinto"):
            count = file.readinto(content[done:])
        else:
            piece = file.read(len(content) - done)
            count = len(piece)
            content[done : done + count] = piece
        if not count:
            raise EOFError(f"unexpected EOF, expected {len(content) - done} more bytes. The file might be corrupted.")
        done += count
    return target


class Writer:
    """Writes records under the name of a directory; the archive ends with `close`."""

    def __init__(self, file: IO[bytes], directory: str) -> None:
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._directory = directory
        self._digest = hashlib.sha256()

    def write(self, name: str, content: Any) -> None:
        """Write bytes or an array under a name."""
        view = memoryview(content).cast("B") if not isinstance(content, np.ndarray) or content.size else memoryview(b"")
        entry = zipfile.ZipInfo(f"{self._directory}/{name}")
        file: Any = self._archive.fp
        start = file.tell() + LOCAL_HEADER + len(entry.filename.encode()) + 4
        # zipfile writes sizes beyond two GB into a field of their own.
        start += ZIP64_EXTRA if len(view) * 1.05 > zipfile.ZIP64_LIMIT else 0
        padding = -start % ALIGNMENT
        entry.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
        self._archive.writestr(entry, view)
        self._digest.update(name.encode())
        self._digest.update(view)

    def close(self) -> None:
        """Write what the version and the contents are known by."""
        self.write("version", b"3\n")
        self.write(".data/serialization_id", f"{int(self._digest.hexdigest(), 16) % 10**40:040d}".encode())
        self._archive.close()


def write(file: IO[bytes], directory: str, pickle: bytes, storages: dict[str, Array], byteorder: bool = True) -> None:
    """A whole checkpoint."""
    writer = Writer(file, directory)
    writer.write("data.pkl", pickle)
    writer.write(".format_version", b"1")
    writer.write(".storage_alignment", str(ALIGNMENT).encode())
    if byteorder:
        writer.write("byteorder", sys.byteorder.encode())
    for key, root in storages.items():
        writer.write(f"data/{key}", root.view(np.uint8) if root.size else b"")
    writer.close()


def is_zip(file: IO[bytes]) -> bool:
    """Whether the file goes on with a zip archive."""
    position = file.tell()
    begins = file.read(4)
    file.seek(position, io.SEEK_SET)
    return begins == b"PK\x03\x04"
