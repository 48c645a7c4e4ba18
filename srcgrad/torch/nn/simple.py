"""Modules without parameters that act on elements, channels or shapes: activations, dropout, flattening."""

from __future__ import annotations

import warnings
from typing import Any

from srcgrad.torch.nn.fixed import Fixed, Plain, Silent, Stochastic, fixed
from srcgrad.torch.nn.module import Module


class _Dropout(Fixed):
    def _settle(self) -> None:
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {self.p}")

    def _passed(self) -> dict[str, Any]:
        return {"p": self.p, "training": self.training, "inplace": self.inplace}


class _Distance(Fixed):
    def _settle(self) -> None:
        self.norm = self.p


ReLU: Any = fixed("ReLU", "inplace=False", "relu")
ReLU6: Any = fixed("ReLU6", "inplace=False", "relu6")
ELU: Any = fixed("ELU", "alpha=1.0, inplace=False", "elu", "alpha")
CELU: Any = fixed("CELU", "alpha=1.0, inplace=False", "celu", "alpha")
SELU: Any = fixed("SELU", "inplace=False", "selu")
GELU: Any = fixed("GELU", "approximate='none'", "gelu", "approximate")
GLU: Any = fixed("GLU", "dim=-1", "glu", "dim")
SiLU: Any = fixed("SiLU", "inplace=False", "silu")
Mish: Any = fixed("Mish", "inplace=False", "mish")
Hardshrink: Any = fixed("Hardshrink", "lambd=0.5", "hardshrink", "lambd", Plain)
Softshrink: Any = fixed("Softshrink", "lambd=0.5", "softshrink", "lambd", Plain)
Hardsigmoid: Any = fixed("Hardsigmoid", "inplace=False", "hardsigmoid", "", Silent)
Hardswish: Any = fixed("Hardswish", "inplace=False", "hardswish", "", Silent)
LeakyReLU: Any = fixed("LeakyReLU", "negative_slope=0.01, inplace=False", "leaky_relu", "negative_slope")
LogSigmoid: Any = fixed("LogSigmoid", "", "logsigmoid")
RReLU: Any = fixed("RReLU", "lower=1 / 8, upper=1 / 3, inplace=False", "rrelu", "lower upper", Stochastic)
Sigmoid: Any = fixed("Sigmoid", "", "sigmoid")
Softplus: Any = fixed("Softplus", "beta=1.0, threshold=20.0", "softplus", "beta threshold")
Softsign: Any = fixed("Softsign", "", "softsign")
Tanh: Any = fixed("Tanh", "", "tanh")
Tanhshrink: Any = fixed("Tanhshrink", "", "tanhshrink")
Threshold: Any = fixed("Threshold", "threshold, value, inplace=False", "threshold", "threshold value")
Softmax: Any = fixed("Softmax", "dim=None", "softmax", "dim")
Softmin: Any = fixed("Softmin", "dim=None", "softmin", "dim")
LogSoftmax: Any = fixed("LogSoftmax", "dim=None", "log_softmax", "dim")
_P = "p=0.5, inplace=False"
Dropout: Any = fixed("Dropout", _P, "dropout", "p inplace", _Dropout, "_DropoutNd")
Dropout1d: Any = fixed("Dropout1d", _P, "dropout1d", "p inplace", _Dropout, "_DropoutNd")
Dropout2d: Any = fixed("Dropout2d", _P, "dropout2d", "p inplace", _Dropout, "_DropoutNd")
Dropout3d: Any = fixed("Dropout3d", _P, "dropout3d", "p inplace", _Dropout, "_DropoutNd")
AlphaDropout: Any = fixed("AlphaDropout", _P, "alpha_dropout", "p inplace", _Dropout, "_DropoutNd")
FeatureAlphaDropout: Any = fixed(
    "FeatureAlphaDropout", _P, "feature_alpha_dropout", "p inplace", _Dropout, "_DropoutNd"
)
PixelShuffle: Any = fixed("PixelShuffle", "upscale_factor", "pixel_shuffle", "upscale_factor")
PixelUnshuffle: Any = fixed("PixelUnshuffle", "downscale_factor", "pixel_unshuffle", "downscale_factor")
ChannelShuffle: Any = fixed("ChannelShuffle", "groups", "channel_shuffle", "groups")
CosineSimilarity: Any = fixed("CosineSimilarity", "dim=1, eps=1e-8", "cosine_similarity")
PairwiseDistance: Any = fixed("PairwiseDistance", "p=2.0, eps=1e-6, keepdim=False", "pairwise_distance", "", _Distance)


class Hardtanh(Module):
    """`functional.hardtanh` as a module."""

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        for old, given in (("min_val", min_value), ("max_val", max_value)):
            if given is not None:
                warnings.warn(
                    f"keyword argument `{old}ue` is deprecated and renamed to `{old}`", FutureWarning, stacklevel=2
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise AssertionError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Any) -> Any:
        from srcgrad.torch.nn import functional

        return functional.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class Softmax2d(Module):
    """The softmax over the channels of each pixel."""

    def forward(self, input: Any) -> Any:
        from srcgrad.torch.nn import functional

        if input.dim() not in {3, 4}:
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return functional.softmax(input, -3)


class Identity(Module):
    """Its input."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Flatten(Module):
    """Dimensions made one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Any:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """A dimension made several."""

    def __init__(self, dim: Any, unflattened_size: Any) -> None:
        super().__init__()
        if isinstance(unflattened_size, (tuple, list)):
            for k, n in enumerate(unflattened_size):
                if not isinstance(n, int):
                    raise TypeError(
                        "unflattened_size must be tuple of ints, but found element of type "
                        f"{type(n).__name__} at pos {k}"
                    )
        else:
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Any) -> Any:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
