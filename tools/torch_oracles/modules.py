"""What modules do besides computing: pieces of programs from modules.txt, divided by lines of dashes, and what they print.

`err(f)` prints what f returns or which error it raises; warnings are printed at the end of a piece.
"""

from __future__ import annotations

import copy
import io
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

PIECES = Path(__file__).with_suffix(".txt").read_text().split("\n---\n")


def answers(torch: Any) -> dict[str, Any]:
    return {f"{number}: {piece[:60]}": printed(torch, piece) for number, piece in enumerate(PIECES)}


def printed(torch: Any, piece: str) -> list[str]:
    """The lines that a piece prints, without addresses and in the words of PyTorch."""
    out = io.StringIO()

    def write(*values: Any) -> None:
        print(*values, file=out)

    def err(function: Any) -> None:
        try:
            write("ok", function())
        except Exception as e:
            write(type(e).__name__, e)

    given = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np, "copy": copy, "pickle": pickle}
    given |= {"io": io, "warnings": warnings, "print": write, "err": err}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.manual_seed(0)
        exec(piece, given)
    for warning in caught:
        write("WARNS", warning.category.__name__, warning.message)
    text = out.getvalue().replace("srcgrad.torch", "torch")
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text).splitlines()
