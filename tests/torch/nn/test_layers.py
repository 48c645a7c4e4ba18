"""Modules and functions of images and tables, and what modules do besides computing, are as PyTorch's."""

from __future__ import annotations

import json
from typing import Any

import pytest

import srcgrad.torch
import srcgrad.torchvision
from tests.torch.agreement import differences
from tests.torch.test_transcripts import agree
from tools.record_torch import asked, said

pytestmark = pytest.mark.filterwarnings("ignore")


def both(section: str, config: pytest.Config) -> tuple[dict[str, Any], dict[str, Any]]:
    return (
        said(section, live=config.getoption("live")),
        json.loads(json.dumps(asked(section, srcgrad.torch))),
    )


def test_layers(pytestconfig: pytest.Config) -> None:
    expected, actual = both("layers", pytestconfig)
    assert differences(expected, actual, rel=1e-7, small=1e-8) == []


def test_images(pytestconfig: pytest.Config) -> None:
    expected, actual = both("images", pytestconfig)
    # Sums of float32, in another order.
    assert differences(expected, actual, rel=1e-4, small=1e-3) == []


def test_modules(pytestconfig: pytest.Config) -> None:
    expected, actual = both("modules", pytestconfig)
    for piece, lines in expected.items():
        wrong = [(b, a) for a, b in zip(lines, actual[piece], strict=False) if not agree(b, a)]
        assert (wrong, len(actual[piece])) == ([], len(lines)), piece


def test_resnet_has_the_usual_names() -> None:
    model = srcgrad.torchvision.models.resnet50(num_classes=7)
    names = list(model.state_dict())
    assert len(names) == 320
    assert names[:3] == ["conv1.weight", "bn1.weight", "bn1.bias"]
    assert names[-1] == "fc.bias"
    assert "layer1.0.downsample.1.num_batches_tracked" in names
    assert sum(p.numel() for p in model.parameters()) == 23522375


def test_pretrained_says_where_a_checkpoint_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="put resnet18-f37072fd.pth into"):
        srcgrad.torchvision.models.resnet18(pretrained=True)


def test_weights_are_read_from_a_file(tmp_path: Any) -> None:
    model = srcgrad.torchvision.models.resnet18(num_classes=2)
    path = tmp_path / "weights.pth"
    srcgrad.torch.save(model.state_dict(), path)
    again = srcgrad.torchvision.models.resnet18(weights=path, num_classes=2)
    assert srcgrad.torch.equal(again.conv1.weight, model.conv1.weight)


def test_transforms() -> None:
    import numpy as np

    from srcgrad.torchvision import transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    image = np.array([[[0], [255]]], np.uint8)
    assert transform(image).tolist() == [[[-1.0, 1.0]]]
    assert repr(transform) == "Compose(\n    ToTensor()\n    Normalize(mean=(0.5,), std=(0.5,))\n)"
