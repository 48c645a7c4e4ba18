"""The modules under PyTorch's older paths: `nn.modules.conv.Conv2d` and its like."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from srcgrad.torch import nn
from srcgrad.torch.nn import (
    adaptive,
    attention,
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
    recurrent,
    simple,
    transformer,
    windows,
)
from srcgrad.torch.nn import module as _module

# PyTorch's files, and which of ours have what they hold.
_FILES: dict[str, tuple[Any, ...]] = {
    "activation": (simple, linear, attention),
    "adaptive": (adaptive,),
    "batchnorm": (batch_norm, lazy),
    "channelshuffle": (simple,),
    "container": (containers,),
    "conv": (convolution, lazy),
    "distance": (simple,),
    "dropout": (simple,),
    "flatten": (simple,),
    "fold": (windows,),
    "instancenorm": (batch_norm, lazy),
    "lazy": (lazy,),
    "linear": (linear, simple, lazy),
    "loss": (loss,),
    "module": (_module, module_hooks),
    "normalization": (layer_norm,),
    "padding": (windows,),
    "pixelshuffle": (simple,),
    "pooling": (windows,),
    "rnn": (recurrent, cells),
    "sparse": (embedding,),
    "transformer": (transformer,),
    "upsampling": (windows,),
}


def _mirror(name: str, sources: tuple[Any, ...]) -> ModuleType:
    mirror = ModuleType(f"{__name__}.{name}")
    for source in sources:
        vars(mirror).update({key: value for key, value in vars(source).items() if not key.startswith("__")})
    sys.modules[mirror.__name__] = mirror
    return mirror


globals().update({name: _mirror(name, sources) for name, sources in _FILES.items()})
globals().update({name: value for name, value in vars(nn).items() if isinstance(value, type) and name[0].isupper()})
