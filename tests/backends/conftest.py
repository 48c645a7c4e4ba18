"""What needs numba is collected where numba is installed: the extra is no part of the test command."""

from __future__ import annotations

import importlib.util

import pytest

NEEDING = [
    "test_numba.py",
    "test_products.py",
    "test_dispatchers.py",
    "test_auto.py",
    "test_parallel.py",
    "test_numbers.py",
]
collect_ignore = [] if importlib.util.find_spec("numba") else NEEDING


@pytest.fixture(autouse=True, scope="module")
def _one_directory(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()
