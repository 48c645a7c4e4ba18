"""Products, decompositions, Fourier transforms: each line of matrices.txt says the same in both."""

from __future__ import annotations

from typing import Any

import pytest

import srcgrad.torch
from tests.torch.agreement import differences
from tools.record_torch import said
from tools.torch_oracles.matrices import EXPRESSIONS, answer


@pytest.fixture(scope="module")
def expected(pytestconfig: pytest.Config) -> dict[str, Any]:
    return said("matrices", live=pytestconfig.getoption("live"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_as_pytorch(text: str, expected: dict[str, Any]) -> None:
    actual = answer(srcgrad.torch, text)
    assert differences(expected[text], actual, rel=1e-7, small=1e-8) == []
