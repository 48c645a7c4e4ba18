"""Tensors are printed as PyTorch prints them, to the letter."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from srcgrad.torch import dtypes, printing
from tools.record_torch import asked, said


class Printed:
    """As much of a tensor as printing asks for."""

    def __init__(self, array: Any, requires_grad: bool = False, grad_fn_name: str | None = None) -> None:
        self.array, self.requires_grad, self.grad_fn_name = array, requires_grad, grad_fn_name

    def __repr__(self) -> str:
        return printing.tensor_text(self.array, requires_grad=self.requires_grad, grad_fn_name=self.grad_fn_name)

    def __format__(self, spec: str) -> str:
        return printing.formatted(self, self.array, spec, plain=type(self) is Printed)

    def requires_grad_(self) -> Printed:
        return Printed(self.array, True)

    def clone(self) -> Printed:
        return Printed(self.array, True, "CloneBackward0")

    def detach(self) -> Printed:
        return Printed(self.array)

    def reshape(self, *shape: int) -> Printed:
        return Printed(self.array.reshape(shape))


Printed.__name__ = "Tensor"


class Parameter(Printed):
    def __init__(self, tensor: Printed, requires_grad: bool = True) -> None:
        super().__init__(tensor.array, requires_grad)

    def __repr__(self) -> str:
        return printing.parameter_text(super().__repr__())


# As much of PyTorch as the questions ask for.
TORCH = SimpleNamespace(
    from_numpy=Printed,
    nn=SimpleNamespace(Parameter=Parameter),
    set_printoptions=printing.set_printoptions,
    set_default_dtype=dtypes.set_default_dtype,
    **dtypes.NAMES,
)


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected, actual = said("printing", live=pytestconfig.getoption("live")), asked("printing", TORCH)
    assert list(expected) == list(actual)
    assert [] == [(text, actual[name], name) for name, text in expected.items() if text != actual[name]]


def test_options_of_now() -> None:
    first = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
    assert first == printing.get_printoptions()
    with printing.printoptions(profile="full", precision=2, sci_mode=True):
        expected = {"precision": 2, "threshold": math.inf, "edgeitems": 3, "linewidth": 80, "sci_mode": True}
        assert expected == printing.get_printoptions()
    assert first == printing.get_printoptions()


def test_what_wraps_a_tensor() -> None:
    x = np.array([1.0, 2.0], np.float32)
    text = printing.tensor_text(x, tangent=printing.tensor_text(x + 2))
    assert "tensor([1., 2.], tangent=tensor([3., 4.]))" == text
    inner = printing.tensor_text(x)
    expected = "GradTrackingTensor(lvl=1, value=\n    tensor([1., 2.])\n)"
    assert expected == printing.transformed_text("GradTrackingTensor", inner, lvl=1)
    expected = "BatchedTensor(lvl=1, bdim=0, value=\n    tensor([1., 2.])\n)"
    assert expected == printing.transformed_text("BatchedTensor", inner, lvl=1, bdim=0)
    text = printing.tensor_text(np.zeros((2, 3)), dtype=dtypes.float64, contents="...")
    assert "tensor(..., dtype=torch.float64)" == text
