"""The modules under PyTorch's paths: `nn.modules.conv.Conv2d` and its like.

Classes say that they are where PyTorch has them, which messages and pickles show.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from srcgrad.torch import nn
from srcgrad.torch.nn import (
    adaptive,
    batch_norm,
    cells,
    containers,
    convolution,
    embedding,
    layer_norm,
    lazy,
    linear,
    loss,
    module_hooks,
    multihead,
    parameter_containers,
    recurrent,
    simple,
    transformer,
    windows,
)
from srcgrad.torch.nn import module as _module

# PyTorch's files, which of ours have what they hold, and how the names begin of those classes that are theirs.
_FILES: dict[str, tuple[tuple[Any, ...], str]] = {
    "adaptive": ((adaptive,), "Adaptive"),
    "batchnorm": ((batch_norm, lazy), "BatchNorm LazyBatchNorm SyncBatchNorm _BatchNorm _NormBase"),
    "channelshuffle": ((simple,), "ChannelShuffle"),
    "container": ((containers, parameter_containers), "Container Module Parameter Sequential"),
    "conv": ((convolution, lazy), "Conv LazyConv _Conv"),
    "distance": ((simple,), "CosineSimilarity PairwiseDistance"),
    "dropout": ((simple,), "Dropout AlphaDropout FeatureAlphaDropout"),
    "flatten": ((simple,), "Flatten Unflatten"),
    "fold": ((windows,), "Fold Unfold"),
    "instancenorm": ((batch_norm, lazy), "InstanceNorm LazyInstanceNorm _InstanceNorm"),
    "lazy": ((lazy,), "LazyModuleMixin"),
    "linear": ((linear, simple, lazy), "Bilinear Identity LazyLinear Linear NonDynamically"),
    "loss": ((loss,), "BCE CTC Cosine Cross Gaussian Hinge Huber KL L1 Linear MSE Margin Multi NLL Poisson Smooth Soft Triplet _Loss"),
    "module": ((_module, module_hooks), "Module"),
    "normalization": ((layer_norm,), "CrossMap GroupNorm LayerNorm LocalResponse RMSNorm"),
    "padding": ((windows,), "Circular Constant Reflection Replication Zero"),
    "pixelshuffle": ((simple,), "Pixel"),
    "pooling": ((windows,), "Adaptive Avg Fractional LPPool Max"),
    "rnn": ((recurrent, cells), "GRU LSTM RNN"),
    "sparse": ((embedding,), "Embedding"),
    "transformer": ((transformer,), "Transformer"),
    "upsampling": ((windows,), "Upsampl"),
    # What is left of the simple ones.
    "activation": ((simple, linear, multihead), ""),
}  # fmt: skip


def _mirror(name: str, sources: tuple[Any, ...], starts: str) -> ModuleType:
    mirror = ModuleType(f"{__name__}.{name}", f"What PyTorch has in `nn.modules.{name}`.")
    for source in sources:
        vars(mirror).update({key: value for key, value in vars(source).items() if not key.startswith("__")})
        own = (source.__name__, "srcgrad.torch.nn.fixed")
        for value in list(vars(source).values()):
            if (
                isinstance(value, type)
                and value.__module__ in own
                and value.__name__.startswith(tuple(starts.split(" ")))
            ):
                value.__module__ = mirror.__name__
    sys.modules[mirror.__name__] = mirror
    return mirror


globals().update({name: _mirror(name, *held) for name, held in _FILES.items()})
globals().update({name: value for name, value in vars(nn).items() if isinstance(value, type) and name[0].isupper()})
