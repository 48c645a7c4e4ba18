"""The functions behind the modules: `import srcgrad.torch.nn.functional as F`.

Each module of this package is one family and lists in `__all__` what belongs here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

FAMILIES = [
    "affine",
    "convolution",
    "pooling",
    "unpooling",
    "averaging",
    "normalization",
    "embeddings",
    "padding",
    "patches",
    "resampling",
    "attention",
    "heads",
    "activation",
    "dropping",
    "distance",
    "loss",
    "classification",
    "margins",
]

for _family in FAMILIES:
    _module = import_module(f"srcgrad.torch.nn.functional.{_family}")
    globals().update({name: getattr(_module, name) for name in _module.__all__})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'srcgrad.torch.nn.functional' has no attribute {name!r}")
