"""Dropout: elements or whole channels set to zero at random while training, the others scaled up for it."""

from __future__ import annotations

import warnings
from typing import Any

from srcgrad.torch.inplace import write
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.tensor import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def _dropped(name: str, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if inplace:
        return write(input, lambda before: FUNCTIONS[name](before, p, training)) if training and p else input
    return FUNCTIONS[name](input, p, training)  # type: ignore[no-any-return]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to zero with probability p, the others divided by 1 - p."""
    return _dropped("dropout", input, p, training, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean and variance, for use with selu."""
    return _dropped("alpha_dropout", input, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels."""
    return _dropped("feature_alpha_dropout", input, p, training, inplace)


def _of_channels(name: str, input: Any, p: float, training: bool, inplace: bool, space: int) -> Tensor:
    """Dropout of whole channels of (images, channels, *space); without the images it is one image."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    ndim = input._a.ndim
    if ndim not in (space + 1, space + 2):
        warnings.warn(
            f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future "
            f"release. To retain the behavior and silence this warning, please use dropout instead. Note that {name} "
            f"exists to provide channel-wise dropout on inputs with {space} spatial dimensions, a channel dimension, "
            f"and an optional batch dimension (i.e. {space + 1}D or {space + 2}D inputs).",
            UserWarning,
            stacklevel=3,
        )
    lone = ndim == space + 1 and name != "dropout2d"
    if lone:
        input = input.unsqueeze_(0) if inplace else input.unsqueeze(0)
    found: Any = _dropped("feature_dropout", input, p, training, inplace)
    if lone:
        found = found.squeeze_(0) if inplace else found.squeeze(0)
    return found  # type: ignore[no-any-return]


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of (images, channels, length) set to zero."""
    return _of_channels("dropout1d", input, p, training, inplace, 1)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of (images, channels, height, width) set to zero."""
    return _of_channels("dropout2d", input, p, training, inplace, 2)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Whole channels of (images, channels, depth, height, width) set to zero."""
    return _of_channels("dropout3d", input, p, training, inplace, 3)
