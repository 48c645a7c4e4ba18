"""Networks under their usual names."""

from __future__ import annotations

from srcgrad.torchvision.models.resnet import BasicBlock as BasicBlock
from srcgrad.torchvision.models.resnet import Bottleneck as Bottleneck
from srcgrad.torchvision.models.resnet import ResNet as ResNet
from srcgrad.torchvision.models.resnet import resnet18 as resnet18
from srcgrad.torchvision.models.resnet import resnet34 as resnet34
from srcgrad.torchvision.models.resnet import resnet50 as resnet50
from srcgrad.torchvision.models.resnet import resnet101 as resnet101
from srcgrad.torchvision.models.resnet import resnet152 as resnet152
from srcgrad.torchvision.models.resnet import resnext50_32x4d as resnext50_32x4d
from srcgrad.torchvision.models.resnet import wide_resnet50_2 as wide_resnet50_2
