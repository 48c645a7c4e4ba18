"""Functions of elements, activations, losses and special functions: each line of pointwise.txt says the same in both."""

from __future__ import annotations

import json

import pytest

import srcgrad.torch
from tests.torch.agreement import differences
from tools.record_torch import asked, said


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected = said("pointwise", live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked("pointwise", srcgrad.torch)))
    for text, told in expected.items():
        if told.get("second", True) is None:
            actual[text]["second"] = None
    assert differences(expected, actual) == []
