"""torch.func and forward mode: the programs of tools/torch_oracles/transforms.py say the same in both."""

from __future__ import annotations

import json

import pytest

import srcgrad.torch
from tests.torch.agreement import differences
from tools.record_torch import asked, said


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected = said("transforms", live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked("transforms", srcgrad.torch)))
    assert differences(expected, actual) == []
