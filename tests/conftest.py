"""Options of the test run."""

from __future__ import annotations

import os

import pytest

# Tests of the generator generate; those of the cache say so.
os.environ["SRCGRAD_CACHE"] = "0"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--live", action="store_true", help="ask JAX and PyTorch themselves instead of their record")
