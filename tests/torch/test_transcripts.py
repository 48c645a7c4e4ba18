"""The tutorials' programs print what PyTorch prints.

Each transcript follows a tutorial on autograd cell by cell (`# %%`), with fixed values in place of random ones; the file
beside it holds what PyTorch 2.13 printed. Text must be the same to the letter, numbers to four digits.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "transcripts"
NAMES = sorted(path.stem for path in HERE.glob("tutorial_*.py"))
NUMBER = re.compile(r"(?<![A-Za-z_0-9])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![A-Za-z_0-9])")


def printed(name: str) -> list[dict[str, Any]]:
    """What each cell of a transcript prints here."""
    text = (HERE / f"{name}.py").read_text()
    text = text.replace("__TORCHVISION__", "srcgrad.torchvision").replace("__TORCH__", "srcgrad.torch")
    namespace: dict[str, Any] = {"__name__": "transcript"}
    cells = []
    for cell in re.split(r"(?m)^# %%", text)[1:]:
        lines: list[str] = []

        def record(*values: Any, sep: str = " ", lines: list[str] = lines) -> None:
            lines.append(re.sub(r"0x[0-9a-fA-F]+", "0xADDR", sep.join(str(v) for v in values)))

        namespace["print"] = record
        exec(compile("#" + cell, str(HERE / f"{name}.py"), "exec"), namespace)
        cells.append({"cell": cell.split("\n", 1)[0].strip(), "prints": lines})
    return cells


def parts(text: str) -> tuple[list[str], list[str]]:
    """The text between the numbers, and the numbers."""
    return [t.replace(" ", "") for t in NUMBER.split(text)], NUMBER.findall(text)


def agree(said: str, wanted: str) -> bool:
    if said == wanted:
        return True
    (words, numbers), (other_words, other_numbers) = parts(said), parts(wanted)
    return (
        words == other_words
        and len(numbers) == len(other_numbers)
        # float32 sums in another order differ in the last digits that are printed.
        and all(
            math.isclose(float(a), float(b), rel_tol=1e-4, abs_tol=1e-6)
            for a, b in zip(numbers, other_numbers, strict=True)
        )
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_prints_what_pytorch_prints(name: str) -> None:
    wanted = json.loads((HERE / f"{name}.json").read_text())
    found = printed(name)
    assert [cell["cell"] for cell in found] == [cell["cell"] for cell in wanted]
    different = [
        (want["cell"], a, b)
        for cell, want in zip(found, wanted, strict=True)
        for a, b in zip(cell["prints"], want["prints"], strict=True)
        if not agree(a, b)
    ]
    assert not different
