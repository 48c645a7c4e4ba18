"""Texts as files in a directory of the user's, so that what is compiled from them is there in the next process.

    ~/.cache/srcgrad/loss_grad_3f2a….py             the text
    ~/.cache/srcgrad/__pycache__/loss_grad_3f2a…    what numba keeps of it

A file is named by what it holds, so it is never changed; it appears by a rename, so no process reads half of one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterable


def directory() -> str:
    """Where the files are: SRCGRAD_CACHE_DIR, or a directory named after us where the platform keeps caches."""
    chosen = os.environ.get("SRCGRAD_CACHE_DIR")
    if chosen:
        return chosen
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "srcgrad")


def stored(name: str, text: str, versions: Iterable[str]) -> str | None:
    """The path of a file that holds the text, or None where there can be none."""
    key = "\0".join((text, platform.python_implementation(), platform.python_version(), *versions))
    digest = hashlib.sha256(key.encode()).hexdigest()[:20]
    where = directory()
    path = os.path.join(where, f"{name}_{digest}.py")
    data = text.encode()
    try:
        with open(path, "rb") as file:
            if file.read() == data:
                return path
    except OSError:
        pass
    return path if written(path, data) else None


def written(path: str, data: bytes) -> bool:
    """Whether the file could be written, as a whole."""
    where = os.path.dirname(path)
    temporary = ""
    try:
        os.makedirs(where, exist_ok=True)
        handle, temporary = tempfile.mkstemp(suffix=".part", dir=where)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        return False
    return True


_states: dict[tuple[str, ...], str] = {}


def files_of(parts: tuple[str, ...]) -> str:
    """The state of srcgrad's own files in these packages: what they make is not used once they are others."""
    known = _states.get(parts)
    if known is None:
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        found = []
        for part in parts:
            with os.scandir(os.path.join(root, *part.split("."))) as entries:
                for entry in entries:
                    if entry.name.endswith(".py"):
                        state = entry.stat()
                        found.append((part, entry.name, state.st_mtime_ns, state.st_size))
        known = _states[parts] = f"{sorted(found)} {sys.version}"
    return known
