"""Modules without parameters: a function of `nn.functional` with its options fixed.

What enters: a line for each: its options with their defaults, the function, and which options its text shows.
What leaves: the module classes.
"""

from __future__ import annotations

import inspect
from typing import Any

from srcgrad.torch.nn.module import Module


class _Fixed(Module):
    """A function with fixed options; subclasses are made by `_module`."""

    _options: inspect.Signature
    _function: str
    _shown: tuple[str, ...] = ()
    _plainly: bool = False  # the text shows the values alone
    _spread: int = 0  # into how many numbers a single padding is spread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        try:
            given = self._options.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}.__init__() {error}") from None
        given.apply_defaults()
        for name, value in given.arguments.items():
            object.__setattr__(self, name, value)
        self._settle()

    def _settle(self) -> None:
        """Bring the options into the form in which they are kept."""

    def forward(self, *inputs: Any) -> Any:
        from srcgrad.torch.nn import functional

        return getattr(functional, self._function)(*inputs, **self._passed())

    def _passed(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._options.parameters}

    def extra_repr(self) -> str:
        if self._plainly:
            return ", ".join(str(getattr(self, name)) for name in self._shown)
        parts = [f"{name}={getattr(self, name)!r}" for name in self._shown]
        if "inplace" in self._options.parameters and "inplace" not in self._shown and self.inplace:
            parts.append("inplace=True")
        return ", ".join(parts)


def _options(text: str) -> inspect.Signature:
    made: dict[str, Any] = {}
    exec(f"def _({text}): ...", {}, made)
    return inspect.signature(made["_"])


def _module(name: str, options: str, function: str, shown: str = "", base: type[Any] = _Fixed, **more: Any) -> Any:
    fields = {"_options": _options(options), "_function": function, "_shown": tuple(shown.split()), **more}
    made = type(name, (base,), {**fields, "__module__": __name__, "__doc__": f"`functional.{function}` as a module."})
    made.__signature__ = fields["_options"]  # type: ignore[attr-defined]
    globals()[name] = made
    return made


class _Dropout(_Fixed):
    def _settle(self) -> None:
        if not 0 <= self.p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {self.p}")

    def _passed(self) -> dict[str, Any]:
        return {"p": self.p, "training": self.training, "inplace": self.inplace}


class _Padding(_Fixed):
    _mode = "constant"

    def _settle(self) -> None:
        if isinstance(self.padding, int):
            self.padding = (self.padding,) * self._spread
        else:
            self.padding = tuple(self.padding)

    def forward(self, *inputs: Any) -> Any:
        from srcgrad.torch.nn import functional

        if self._mode == "constant":
            return functional.pad(inputs[0], self.padding, "constant", getattr(self, "value", 0.0))
        return functional.pad(inputs[0], self.padding, self._mode)

    def extra_repr(self) -> str:
        return super().extra_repr() if self._shown else f"{self.padding}"


class _Pooling(_Fixed):
    def _settle(self) -> None:
        if "stride" in self._options.parameters and self._function != "lp_pool":
            self.stride = self.kernel_size if self.stride is None else self.stride


class _Tupled(_Pooling):
    """Sizes are kept as tuples."""

    _rank = 1

    def _settle(self) -> None:
        super()._settle()
        for name in ("kernel_size", "stride", "padding"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) * self._rank if isinstance(value, int) else tuple(value))


class _Unpooling(_Tupled):
    def forward(self, *inputs: Any) -> Any:
        from srcgrad.torch.nn import functional

        size = inputs[2] if len(inputs) > 2 else None
        function = getattr(functional, self._function)
        return function(inputs[0], inputs[1], self.kernel_size, self.stride, self.padding, size)


class _Upsampling(_Fixed):
    def _settle(self) -> None:
        factor = self.scale_factor
        if isinstance(factor, tuple):
            self.scale_factor = tuple(float(f) for f in factor)
        elif factor:
            self.scale_factor = float(factor)

    def _passed(self) -> dict[str, Any]:
        return {
            "size": self.size, "scale_factor": self.scale_factor, "mode": self.mode,
            "align_corners": self.align_corners,
            "recompute_scale_factor": getattr(self, "recompute_scale_factor", None),
        }  # fmt: skip

    def extra_repr(self) -> str:
        size = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{size}, mode={self.mode!r}"


class _Silent(_Fixed):
    """What does not say that it works in place."""

    def extra_repr(self) -> str:
        return ""


class _Stochastic(_Fixed):
    """What differs between training and evaluation."""

    def _passed(self) -> dict[str, Any]:
        return {**super()._passed(), "training": self.training}


_module("ReLU", "inplace=False", "relu")
_module("ReLU6", "inplace=False", "relu6")
_module("ELU", "alpha=1.0, inplace=False", "elu", "alpha")
_module("CELU", "alpha=1.0, inplace=False", "celu", "alpha")
_module("SELU", "inplace=False", "selu")
_module("GELU", "approximate='none'", "gelu", "approximate")
_module("GLU", "dim=-1", "glu", "dim")
_module("SiLU", "inplace=False", "silu")
_module("Mish", "inplace=False", "mish")
_module("Hardshrink", "lambd=0.5", "hardshrink", "lambd", _plainly=True)
_module("Softshrink", "lambd=0.5", "softshrink", "lambd", _plainly=True)
_module("Hardsigmoid", "inplace=False", "hardsigmoid", "", _Silent)
_module("Hardswish", "inplace=False", "hardswish", "", _Silent)
_module("LeakyReLU", "negative_slope=0.01, inplace=False", "leaky_relu", "negative_slope")
_module("LogSigmoid", "", "logsigmoid")
_module("RReLU", "lower=1 / 8, upper=1 / 3, inplace=False", "rrelu", "lower upper", _Stochastic)
_module("Sigmoid", "", "sigmoid")
_module("Softplus", "beta=1.0, threshold=20.0", "softplus", "beta threshold")
_module("Softsign", "", "softsign")
_module("Tanh", "", "tanh")
_module("Tanhshrink", "", "tanhshrink")
_module("Threshold", "threshold, value, inplace=False", "threshold", "threshold value")
_module("Softmax", "dim=None", "softmax", "dim")
_module("Softmin", "dim=None", "softmin", "dim")
_module("LogSoftmax", "dim=None", "log_softmax", "dim")
_module("Dropout", "p=0.5, inplace=False", "dropout", "p inplace", _Dropout)
_module("Dropout1d", "p=0.5, inplace=False", "dropout1d", "p inplace", _Dropout)
_module("Dropout2d", "p=0.5, inplace=False", "dropout2d", "p inplace", _Dropout)
_module("Dropout3d", "p=0.5, inplace=False", "dropout3d", "p inplace", _Dropout)
_module("AlphaDropout", "p=0.5, inplace=False", "alpha_dropout", "p inplace", _Dropout)
_module("FeatureAlphaDropout", "p=0.5, inplace=False", "feature_alpha_dropout", "p inplace", _Dropout)
_module("PixelShuffle", "upscale_factor", "pixel_shuffle", "upscale_factor")
_module("PixelUnshuffle", "downscale_factor", "pixel_unshuffle", "downscale_factor")
_module("ChannelShuffle", "groups", "channel_shuffle", "groups")
_module("CosineSimilarity", "dim=1, eps=1e-8", "cosine_similarity")
_module("PairwiseDistance", "p=2.0, eps=1e-6, keepdim=False", "pairwise_distance")
_module("Fold", "output_size, kernel_size, dilation=1, padding=0, stride=1", "fold",
        "output_size kernel_size dilation padding stride")  # fmt: skip
_module("Unfold", "kernel_size, dilation=1, padding=0, stride=1", "unfold", "kernel_size dilation padding stride")

for _d in (1, 2, 3):
    _module(f"ConstantPad{_d}d", "padding, value", "pad", "padding value", _Padding, _spread=2 * _d)
    _module(f"ZeroPad{_d}d", "padding", "pad", "", _Padding, _spread=2 * _d)
    _module(f"ReflectionPad{_d}d", "padding", "pad", "", _Padding, _spread=2 * _d, _mode="reflect")
    _module(f"ReplicationPad{_d}d", "padding", "pad", "", _Padding, _spread=2 * _d, _mode="replicate")
    _module(f"CircularPad{_d}d", "padding", "pad", "", _Padding, _spread=2 * _d, _mode="circular")
    _module(f"MaxPool{_d}d", "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False",
            f"max_pool{_d}d", "kernel_size stride padding dilation ceil_mode", _Pooling)  # fmt: skip
    _module(f"AdaptiveAvgPool{_d}d", "output_size", f"adaptive_avg_pool{_d}d", "output_size")
    _module(f"AdaptiveMaxPool{_d}d", "output_size, return_indices=False", f"adaptive_max_pool{_d}d", "output_size")
    _module(f"LPPool{_d}d", "norm_type, kernel_size, stride=None, ceil_mode=False", f"lp_pool{_d}d",
            "norm_type kernel_size stride ceil_mode")  # fmt: skip
    _module(f"MaxUnpool{_d}d", "kernel_size, stride=None, padding=0", f"max_unpool{_d}d", "kernel_size stride padding",
            _Unpooling, _rank=_d)  # fmt: skip

_module("AvgPool1d", "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True", "avg_pool1d",
        "kernel_size stride padding", _Tupled)  # fmt: skip
for _d in (2, 3):
    _module(f"AvgPool{_d}d", "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None",
            f"avg_pool{_d}d", "kernel_size stride padding", _Pooling)  # fmt: skip
    _module(f"FractionalMaxPool{_d}d", "kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None",
            f"fractional_max_pool{_d}d")  # fmt: skip

_module("Upsample", "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None",
        "interpolate", "", _Upsampling)  # fmt: skip
_module("UpsamplingNearest2d", "size=None, scale_factor=None", "interpolate", "", _Upsampling, mode="nearest", align_corners=None)
_module("UpsamplingBilinear2d", "size=None, scale_factor=None", "interpolate", "", _Upsampling, mode="bilinear", align_corners=True)


class Hardtanh(Module):
    """`functional.hardtanh` as a module."""

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if not self.max_val > self.min_val:
            raise AssertionError("max_val must be larger than min_val")

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - any arguments are allowed
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
        if not isinstance(dim, int):
            raise TypeError("invalid argument type for dim parameter")
        for k, n in enumerate(unflattened_size):
            if not isinstance(n, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(n).__name__} at pos {k}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Any) -> Any:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
