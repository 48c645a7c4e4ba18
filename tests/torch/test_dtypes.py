"""Dtypes, sizes and devices are what they are in PyTorch."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from srcgrad.torch import devices, dtypes
from tools.record_torch import asked, said

# As much of PyTorch as the questions ask for; NumPy's arrays are its tensors.
TORCH = SimpleNamespace(
    from_numpy=lambda array: array,
    device=devices.device,
    **dtypes.NAMES,
    **{name: getattr(dtypes, name) for name in "dtype Size finfo iinfo promote_types can_cast result_type".split()},
    **{name: getattr(dtypes, name) for name in "get_default_dtype set_default_dtype".split()},
)


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected = said("dtypes", live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked("dtypes", TORCH)))
    assert list(expected) == list(actual)
    assert [] == [(told, actual[name], name) for name, told in expected.items() if told != actual[name]]


@pytest.mark.parametrize("default", [dtypes.float32, dtypes.float64])
def test_result_dtype_is_the_result_type(default: dtypes.dtype) -> None:
    a = [np.ones(shape, d) for shape in [(2,), ()] for d in "bool int8 int64 float32 float64 complex64".split()]
    subclass = [np.ones(2, d).view(np.recarray) for d in (np.float32, np.float64)]
    operands: list[Any] = [*a, *subclass, True, 2, 2.5, 2j, np.float32(1)]
    dtypes.set_default_dtype(default)
    try:
        for few in [(x, y) for x in operands for y in operands] + [(x, y, 2.5) for x in operands for y in a]:
            expected = dtypes.result_type(*few)
            assert expected is dtypes.of(dtypes.result_dtype(*few)) is dtypes.of(dtypes.result_dtype(*few))
        assert default.numpy == dtypes.default_float() == dtypes.result_dtype(np.ones(2, int), 2.5)
        assert default.to_complex().numpy == dtypes.default_complex()
    finally:
        dtypes.set_default_dtype(dtypes.float32)


def test_what_numpy_lacks() -> None:
    for lacking in (dtypes.bfloat16, dtypes.complex32):
        with pytest.raises(NotImplementedError, match=f"there are no tensors of torch.{lacking.name} here"):
            lacking.numpy
    with pytest.raises(NotImplementedError, match="NumPy has no bfloat16"):
        dtypes.set_default_dtype(dtypes.bfloat16)
    assert dtypes.float32 is dtypes.get_default_dtype()
    with pytest.raises(NotImplementedError, match="NumPy has no complex32"):
        dtypes.result_dtype(np.ones(2, np.float16), 2j)


def test_what_pytorch_lacks() -> None:
    with pytest.raises(TypeError, match="can't convert np.ndarray of type numpy.str_. The only supported types are"):
        dtypes.of(np.dtype("U1"))
    with pytest.raises(TypeError, match="can't convert np.ndarray of type numpy.object_"):
        dtypes.of(np.dtype(object))
    with pytest.raises(ValueError, match="byte order different from the native byte order"):
        dtypes.of(np.dtype("float32").newbyteorder())
    with pytest.raises(TypeError, match="expected a tensor or a number, not str"):
        dtypes.result_dtype(np.ones(2), "2")
    assert dtypes.int64 is dtypes.of(np.dtype("longlong"))


def test_tensors_are_on_the_cpu() -> None:
    for here in (None, "cpu", "cpu:0", devices.device("cpu"), devices.device("cpu", 0)):
        assert devices.CPU == devices.on_cpu(here)
    for elsewhere in ("cuda", "cuda:1", devices.device("mps"), "meta"):
        with pytest.raises(RuntimeError, match=f"computes on the CPU alone; .* on the device '{elsewhere}'"):
            devices.on_cpu(elsewhere)
        with pytest.raises(RuntimeError, match="CPU alone"):
            devices.set_default_device(elsewhere)
    with devices.device("cpu") as place:
        assert devices.get_default_device() == place
    with pytest.raises(RuntimeError, match="CPU alone"), devices.device("cuda"):
        pass


def test_a_size_is_a_shape() -> None:
    shape = dtypes.size_of(np.ones((2, 3)).shape)
    assert "torch.Size([2, 3])" == repr(shape)
    assert isinstance(shape, dtypes.Size)
    assert "torch.Size([3, 2])" == repr(shape[::-1])
