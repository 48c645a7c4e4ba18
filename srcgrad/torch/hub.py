"""Models from the net: nothing is downloaded here."""

from __future__ import annotations

import os

from srcgrad.torch import unavailable

_dir: list[str] = []


def get_dir() -> str:
    """Where PyTorch keeps what it downloaded."""
    home = os.path.expanduser(os.getenv("TORCH_HOME", os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "torch")))
    return _dir[-1] if _dir else os.path.join(home, "hub")


def set_dir(d: str) -> None:
    """Set it."""
    _dir.append(os.path.expanduser(d))


globals().update(
    unavailable.enter(
        __name__,
        "load list help download_url_to_file load_state_dict_from_url",
        "srcgrad.torch downloads nothing. Fetch the file of weights yourself and read it with torch.load(path)",
    )
)
