"""Writes in place: the programs of writes.txt say the same in both, and no write copies the base."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

import srcgrad.torch as torch
from tests.torch.agreement import differences
from tools.record_torch import asked, said


def test_as_pytorch(pytestconfig: pytest.Config) -> None:
    expected = said("writes", live=pytestconfig.getoption("live"))
    actual = json.loads(json.dumps(asked("writes", torch)))
    assert differences(expected, actual) == []


def test_writing_a_part_takes_no_memory_of_the_whole() -> None:
    leaf = torch.zeros(1000, 1000, requires_grad=True)
    whole = leaf * 2
    row = torch.ones(1000, requires_grad=True)
    tracemalloc.start()
    for k in range(100):
        whole[k] = row
        whole[k, :10].mul_(3.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < whole.nbytes / 4


def test_views_look_into_the_same_memory() -> None:
    x = torch.zeros(4, 6)
    views = [
        x.view(-1), x.reshape(6, 4), x.t(), x.transpose(0, 1), x.permute(1, 0), x[1:], x[:, 2], x[None], x.unsqueeze(1),
        x.expand(2, 4, 6), x.diagonal(), x.unfold(0, 2, 1), x.as_strided((2, 2), (1, 1)), x.narrow(0, 1, 2), *x.unbind(),
        *x.split(2), *x.chunk(3, 1), *x.tensor_split(3), x.flatten(), x.unflatten(1, (2, 3)), x.movedim(0, 1), x.detach(),
        x.swapaxes(0, 1), x.squeeze(), x.view(torch.int32), x.select(1, 0), x.mT, x.ravel(), x[...],
    ]  # fmt: skip
    assert all(np.may_share_memory(v.numpy(), x.numpy()) for v in views)
    before = x._version
    x.add_(1)
    assert [before + 1] * len(views) == [v._version for v in views]


def test_a_write_through_a_view_of_complex_numbers() -> None:
    z = torch.from_numpy(np.array([1 + 2j, 3 - 1j])).requires_grad_()
    w = torch.from_numpy(np.array([5.0, 7.0])).requires_grad_()
    y = z * 1
    y.imag.mul_(w)
    torch.view_as_real(y).sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), [1 + 5j, 1 + 7j])
    np.testing.assert_allclose(w.grad.numpy(), [2.0, -1.0])
