"""Sessions at a prompt, longer than the programs of `semantics`: texts, mistakes, writes, hooks, layers, optimisers, loaders.

A session is a paragraph of `sessions.txt`; its statements build on each other.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from tools.torch_oracles.semantics import transcript

# What the sessions name that is not imported with the package.
MODULES = ("nn.functional", "optim", "autograd", "func", "utils.data")


def sessions() -> list[str]:
    """The paragraphs of the file."""
    paragraphs = Path(__file__).with_suffix(".txt").read_text().split("\n\n")
    return [paragraph.strip("\n") for paragraph in paragraphs if paragraph.strip()]


def said(session: str, torch: Any) -> str:
    """What a session prints."""
    for module in MODULES:
        importlib.import_module(f"{torch.__name__}.{module}")
    return transcript(session, torch)


def answers(torch: Any) -> dict[str, str]:
    return {session.partition("\n")[0]: said(session, torch) for session in sessions()}
