"""Record what PyTorch says, for tests that have no PyTorch.

    python -m tools.record_torch [SECTION …]      writes tests/torch/data/*.json
    python -m pytest tests/torch --live           asks PyTorch again instead of reading the record

The sections are the modules of tools/torch_oracles; see there for what a section is.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools import torch_oracles

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "torch" / "data"
SECTIONS = sorted(module.name for module in pkgutil.iter_modules(torch_oracles.__path__))


def asked(section: str, torch: Any) -> dict[str, Any]:
    """The answers of a module, PyTorch or one like it, to a section's questions."""
    answers: Callable[[Any], dict[str, Any]] = importlib.import_module(f"tools.torch_oracles.{section}").answers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answers(torch)


def by_pytorch(section: str) -> dict[str, Any]:
    """PyTorch's answers, in a form that a file can hold."""
    import torch

    torch.set_num_threads(1)
    found: dict[str, Any] = json.loads(json.dumps(asked(section, torch)))
    return found


def said(section: str, *, live: bool) -> dict[str, Any]:
    """PyTorch's answers as they were recorded, or as it gives them now."""
    if live:
        return by_pytorch(section)
    found: dict[str, Any] = json.loads((FOLDER / f"{section}.json").read_text())
    return found


def main(sections: list[str]) -> None:
    if unknown := set(sections) - set(SECTIONS):
        sys.exit(f"unknown section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for section in sections or SECTIONS:
        module = importlib.import_module(f"tools.torch_oracles.{section}")
        if not hasattr(module, "answers"):
            module.main()
            continue
        found = by_pytorch(section)
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in found.items())
        (FOLDER / f"{section}.json").write_text(f"{{\n{lines}\n}}\n")
        print(f"{section}: {len(found)} answers")


if __name__ == "__main__":
    main(sys.argv[1:])
