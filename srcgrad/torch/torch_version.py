"""The version as a text that compares as versions do: `torch.__version__ >= "2.0"`."""

from __future__ import annotations

import re
from typing import Any


class TorchVersion(str):
    """A version."""

    __slots__ = ()

    def _parts(self) -> tuple[int, ...]:
        return _numbers(self)

    def __lt__(self, other: Any) -> bool:
        return _numbers(self) < _numbers(other)

    def __le__(self, other: Any) -> bool:
        return _numbers(self) <= _numbers(other)

    def __gt__(self, other: Any) -> bool:
        return _numbers(self) > _numbers(other)

    def __ge__(self, other: Any) -> bool:
        return _numbers(self) >= _numbers(other)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) or (isinstance(other, (str, tuple)) and _numbers(self) == _numbers(other))

    def __hash__(self) -> int:
        return str.__hash__(self)


def _numbers(version: Any) -> tuple[int, ...]:
    """The release, without what is said after it, and without zeros at its end."""
    if isinstance(version, tuple):
        found = [int(part) for part in version if str(part).isdecimal()]
    else:
        release = re.match(r"[0-9.]*", str(version).lstrip("v"))
        found = [int(part) for part in (release[0] if release else "").split(".") if part]
    while found and not found[-1]:
        found.pop()
    return tuple(found)
