"""Programs say at a prompt what they say with PyTorch: tools/torch_oracles/semantics.py and sessions.py with their texts."""

from __future__ import annotations

import pytest

import srcgrad.torch
from tools.record_torch import said
from tools.torch_oracles import sessions
from tools.torch_oracles.semantics import programs, transcript


@pytest.fixture(scope="module")
def expected(pytestconfig: pytest.Config) -> dict[str, str]:
    return said("semantics", live=pytestconfig.getoption("live"))


def without_warnings(text: str) -> str:
    """A transcript without its lines of warnings."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("UserWarning:"))


@pytest.fixture(scope="module")
def expected_sessions(pytestconfig: pytest.Config) -> dict[str, str]:
    return said("sessions", live=pytestconfig.getoption("live"))


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.partition("\n")[0])
def test_as_pytorch(program: str, expected: dict[str, str], pytestconfig: pytest.Config) -> None:
    told, actual = expected[program], transcript(program, srcgrad.torch)
    if pytestconfig.getoption("live"):
        # PyTorch gives some warnings once in a process, and another test may have been the first.
        told, actual = without_warnings(told), without_warnings(actual)
    assert told == actual


@pytest.mark.parametrize("session", sessions.sessions(), ids=lambda session: session.partition("\n")[0])
def test_a_session_as_pytorch(session: str, expected_sessions: dict[str, str], pytestconfig: pytest.Config) -> None:
    told, actual = expected_sessions[session.partition("\n")[0]], sessions.said(session, srcgrad.torch)
    if pytestconfig.getoption("live"):
        told, actual = without_warnings(told), without_warnings(actual)
    # A statement and what it prints at a time, so that a failure names the statement.
    assert told.split("\n>>> ") == actual.split("\n>>> ")
