"""Residual networks (He et al., CVPR 2016), with the names of modules that torchvision's checkpoints have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from srcgrad import torch
from srcgrad.torch import nn

Norm = Callable[..., Any]

# The files that torch.hub keeps in its folder of checkpoints.
FILES = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet101": "resnet101-63fe2227.pth",
    "resnet152": "resnet152-394f9c45.pth",
    "resnext50_32x4d": "resnext50_32x4d-7cdf4587.pth",
    "wide_resnet50_2": "wide_resnet50_2-95faca4d.pth",
}


def conv3x3(in_planes: int, out_planes: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> Any:
    """A 3 by 3 convolution that keeps the size, but for its stride."""
    return nn.Conv2d(
        in_planes, out_planes, kernel_size=3, stride=stride, padding=dilation, groups=groups, bias=False,
        dilation=dilation,
    )  # fmt: skip


def conv1x1(in_planes: int, out_planes: int, stride: int = 1) -> Any:
    """A 1 by 1 convolution."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two convolutions and a way around them."""

    expansion = 1

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: Any = None, groups: int = 1,
        base_width: int = 64, dilation: int = 1, norm_layer: Norm | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm(planes)
        self.relu = nn.ReLU(inplace=True)  # type: ignore[attr-defined]
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Any) -> Any:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class Bottleneck(nn.Module):
    """A convolution between two that narrow and widen, and a way around them."""

    expansion = 4

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: Any = None, groups: int = 1,
        base_width: int = 64, dilation: int = 1, norm_layer: Norm | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        norm = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)  # type: ignore[attr-defined]
        self.downsample = downsample
        self.stride = stride

    def forward(self, x: Any) -> Any:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet(nn.Module):
    """Four stages of blocks between a first convolution and a last affine map."""

    def __init__(
        self, block: Any, layers: Any, num_classes: int = 1000, zero_init_residual: bool = False, groups: int = 1,
        width_per_group: int = 64, replace_stride_with_dilation: Any = None, norm_layer: Norm | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._norm_layer = norm = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        dilated = [False, False, False] if replace_stride_with_dilation is None else replace_stride_with_dilation
        if len(dilated) != 3:
            raise ValueError(
                f"replace_stride_with_dilation should be None or a 3-element tuple, got {replace_stride_with_dilation}"
            )
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = norm(self.inplanes)
        self.relu = nn.ReLU(inplace=True)  # type: ignore[attr-defined]
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)  # type: ignore[attr-defined]
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilated[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilated[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilated[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))  # type: ignore[attr-defined]
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, Bottleneck) and module.bn3.weight is not None:
                    nn.init.constant_(module.bn3.weight, 0)
                elif isinstance(module, BasicBlock) and module.bn2.weight is not None:
                    nn.init.constant_(module.bn2.weight, 0)

    def _make_layer(self, block: Any, planes: int, blocks: int, stride: int = 1, dilate: bool = False) -> Any:
        norm = self._norm_layer
        before = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, planes * block.expansion, stride), norm(planes * block.expansion)
            )
        made = [block(self.inplanes, planes, stride, downsample, self.groups, self.base_width, before, norm)]
        self.inplanes = planes * block.expansion
        made += [
            block(
                self.inplanes, planes, groups=self.groups, base_width=self.base_width, dilation=self.dilation,
                norm_layer=norm,
            )
            for _ in range(1, blocks)
        ]  # fmt: skip
        return nn.Sequential(*made)

    def _forward_impl(self, x: Any) -> Any:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))

    def forward(self, x: Any) -> Any:
        return self._forward_impl(x)


def _checkpoint(name: str, weights: Any, pretrained: bool) -> Path | None:
    """The file with the weights that are asked for."""
    if isinstance(weights, Path) or (isinstance(weights, str) and os.path.exists(weights)):
        return Path(weights)
    if weights is None and not pretrained:
        return None
    folder = Path(os.environ.get("TORCH_HOME", "~/.cache/torch")).expanduser() / "hub" / "checkpoints"
    usual = folder / FILES[name]
    if usual.exists():
        return usual
    asked = "pretrained=True" if weights is None else f"weights={weights!r}"
    raise FileNotFoundError(
        f"{name}({asked}) needs a checkpoint, and nothing is downloaded: put {FILES[name]} into {folder}, or pass its "
        f"path, {name}(weights=PATH)"
    )


def _resnet(
    name: str, block: Any, layers: list[int], weights: Any, pretrained: bool, options: dict[str, Any]
) -> ResNet:
    file = _checkpoint(name, weights, pretrained)
    options.pop("progress", None)
    model = ResNet(block, layers, **options)
    if file is not None:
        model.load_state_dict(torch.load(file))
    return model


def resnet18(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 18 layers; `weights` is the path of a checkpoint."""
    return _resnet("resnet18", BasicBlock, [2, 2, 2, 2], weights, pretrained, options)


def resnet34(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 34 layers; `weights` is the path of a checkpoint."""
    return _resnet("resnet34", BasicBlock, [3, 4, 6, 3], weights, pretrained, options)


def resnet50(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 50 layers; `weights` is the path of a checkpoint."""
    return _resnet("resnet50", Bottleneck, [3, 4, 6, 3], weights, pretrained, options)


def resnet101(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 101 layers; `weights` is the path of a checkpoint."""
    return _resnet("resnet101", Bottleneck, [3, 4, 23, 3], weights, pretrained, options)


def resnet152(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 152 layers; `weights` is the path of a checkpoint."""
    return _resnet("resnet152", Bottleneck, [3, 8, 36, 3], weights, pretrained, options)


def resnext50_32x4d(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 50 layers with 32 groups of convolutions."""
    options = {"groups": 32, "width_per_group": 4, **options}
    return _resnet("resnext50_32x4d", Bottleneck, [3, 4, 6, 3], weights, pretrained, options)


def wide_resnet50_2(*, weights: Any = None, pretrained: bool = False, **options: Any) -> ResNet:
    """The network of 50 layers, twice as wide."""
    options = {"width_per_group": 128, **options}
    return _resnet("wide_resnet50_2", Bottleneck, [3, 4, 6, 3], weights, pretrained, options)
