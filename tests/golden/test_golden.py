"""The generated modules against the golden files: a change of the generator is reviewed as their diff.

`python -m pytest tests/golden --update` writes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srcgrad.build.module_text import module_text
from srcgrad.passes import generate, kind_of
from tests.golden.primals import PRIMALS

FOLDER = Path(__file__).parent / "modules"


@pytest.mark.parametrize(("f", "mode", "sample"), PRIMALS, ids=[f.__name__ for f, _, _ in PRIMALS])
def test_golden(f: Callable[..., Any], mode: str, sample: tuple[Any, ...], request: pytest.FixtureRequest) -> None:
    argnums = tuple(k for k, a in enumerate(sample) if isinstance(a, (float, np.ndarray)))
    made = generate(f, tuple(kind_of(a) for a in sample), argnums, mode)
    written = module_text(made.source, made.bindings)
    path = FOLDER / f"{f.__name__}.py"
    if request.config.getoption("--update", default=False):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(written)
    assert path.read_text() == written


def test_every_golden_file_has_its_function() -> None:
    assert {f.__name__ for f, _, _ in PRIMALS} == {path.stem for path in FOLDER.glob("*.py")}
