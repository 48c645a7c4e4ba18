"""Small programs say at a prompt what they say with PyTorch: tools/torch_oracles/semantics.py and its programs.txt."""

from __future__ import annotations

import pytest

import srcgrad.torch
from tools.record_torch import said
from tools.torch_oracles.semantics import programs, transcript


@pytest.fixture(scope="module")
def expected(pytestconfig: pytest.Config) -> dict[str, str]:
    return said("semantics", live=pytestconfig.getoption("live"))


def without_warnings(text: str) -> str:
    """A transcript without its lines of warnings."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("UserWarning:"))


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.partition("\n")[0])
def test_as_pytorch(program: str, expected: dict[str, str], pytestconfig: pytest.Config) -> None:
    told, actual = expected[program], transcript(program, srcgrad.torch)
    if pytestconfig.getoption("live"):
        # PyTorch gives some warnings once in a process, and another test may have been the first.
        told, actual = without_warnings(told), without_warnings(actual)
    assert told == actual
