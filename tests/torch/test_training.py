"""Optimisers, schedules and data loaders do what PyTorch's do."""

from __future__ import annotations

import json

import pytest

import srcgrad.torch
from tests.torch.agreement import differences
from tools.record_torch import asked, said


@pytest.mark.parametrize("section", ["optimisers", "loading"])
def test_as_pytorch(section: str, pytestconfig: pytest.Config) -> None:
    expected = said(section, live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked(section, srcgrad.torch)))
    # L-BFGS amplifies the rounding errors of other sums.
    assert differences(expected, actual, rel=1e-7) == []
