"""Modules without parameters that act on the space of images: pooling, padding, patches, other sizes."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.nn.fixed import Fixed, fixed


class _Padding(Fixed):
    _mode = "constant"
    _rank = 0
    padding: Any

    def _settle(self) -> None:
        padding = self.padding
        self.padding = (padding,) * (2 * self._rank) if isinstance(padding, int) else tuple(padding)

    def forward(self, *inputs: Any) -> Any:
        from srcgrad.torch.nn import functional

        (input,) = inputs
        if self._mode == "circular" and input.dim() not in {self._rank + 1, self._rank + 2}:
            raise ValueError(f"expected {self._rank + 1}D or {self._rank + 2}D input (got {input.dim()}D input)")
        value = getattr(self, "value", 0.0) if self._mode == "constant" else None
        return functional.pad(input, self.padding, self._mode, value)

    def extra_repr(self) -> str:
        return super().extra_repr() if self._shown else f"{self.padding}"


class _Pooling(Fixed):
    """Windows that stand side by side unless told otherwise."""

    stride: Any

    def _settle(self) -> None:
        if self.stride is None:
            self.stride = self.kernel_size


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
        unpool = getattr(functional, self._function)
        return unpool(inputs[0], inputs[1], self.kernel_size, self.stride, self.padding, size)


class _Fractional(Fixed):
    """Windows that a random number places."""

    _rank = 2

    def _settle(self) -> None:
        n = self._rank
        self.register_buffer("_random_samples", self.__dict__.pop("_random_samples"))
        sizes = self.kernel_size if isinstance(self.kernel_size, tuple) else (self.kernel_size,) * n
        if n == 3 and min(sizes) <= 0:
            raise ValueError(f"kernel_size must be greater than 0, but got {self.kernel_size}")
        given = self.output_ratio
        for name in ("kernel_size", "output_size", "output_ratio"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, (tuple, list)):
                object.__setattr__(self, name, (value,) * n)
        if self.output_size is None and self.output_ratio is None:
            raise ValueError(f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if self.output_size is not None and self.output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {given})")


class _Upsampling(Fixed):
    scale_factor: Any

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


_MAX = "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
_AVG = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
_FRACTIONAL = "kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None"

Fold: Any = fixed(
    "Fold", "output_size, kernel_size, dilation=1, padding=0, stride=1", "fold",
    "output_size kernel_size dilation padding stride",
)  # fmt: skip
Unfold: Any = fixed(
    "Unfold", "kernel_size, dilation=1, padding=0, stride=1", "unfold", "kernel_size dilation padding stride"
)
AvgPool1d: Any = fixed("AvgPool1d", _AVG, "avg_pool1d", "kernel_size stride padding", _Tupled)
Upsample: Any = fixed(
    "Upsample", "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None",
    "interpolate", "", _Upsampling,
)  # fmt: skip
UpsamplingNearest2d: Any = fixed(
    "UpsamplingNearest2d", "size=None, scale_factor=None", "interpolate", "", _Upsampling, mode="nearest",
    align_corners=None,
)  # fmt: skip
UpsamplingBilinear2d: Any = fixed(
    "UpsamplingBilinear2d", "size=None, scale_factor=None", "interpolate", "", _Upsampling, mode="bilinear",
    align_corners=True,
)  # fmt: skip


def _of_rank(d: int) -> dict[str, Any]:
    """The classes that there are for each number of dimensions."""
    made = [
        fixed(f"ConstantPad{d}d", "padding, value", "pad", "padding value", _Padding, _rank=d),
        fixed(f"ZeroPad{d}d", "padding", "pad", "", _Padding, _rank=d),
        fixed(f"ReflectionPad{d}d", "padding", "pad", "", _Padding, _rank=d, _mode="reflect"),
        fixed(f"ReplicationPad{d}d", "padding", "pad", "", _Padding, _rank=d, _mode="replicate"),
        fixed(f"CircularPad{d}d", "padding", "pad", "", _Padding, _rank=d, _mode="circular"),
        fixed(f"MaxPool{d}d", _MAX, f"max_pool{d}d", "kernel_size stride padding dilation ceil_mode", _Pooling, "_MaxPoolNd"),
        fixed(f"AdaptiveAvgPool{d}d", "output_size", f"adaptive_avg_pool{d}d", "output_size", owner="_AdaptiveAvgPoolNd"),
        fixed(f"AdaptiveMaxPool{d}d", "output_size, return_indices=False", f"adaptive_max_pool{d}d", "output_size",
              owner="_AdaptiveMaxPoolNd"),
        fixed(f"LPPool{d}d", "norm_type, kernel_size, stride=None, ceil_mode=False", f"lp_pool{d}d",
              "norm_type kernel_size stride ceil_mode", owner="_LPPoolNd"),
        fixed(f"MaxUnpool{d}d", "kernel_size, stride=None, padding=0", f"max_unpool{d}d", "kernel_size stride padding",
              _Unpooling, _rank=d),
    ]  # fmt: skip
    if d > 1:
        made += [
            fixed(f"AvgPool{d}d", f"{_AVG}, divisor_override=None", f"avg_pool{d}d", "kernel_size stride padding", _Pooling),
            fixed(f"FractionalMaxPool{d}d", _FRACTIONAL, f"fractional_max_pool{d}d", "", _Fractional, _rank=d),
        ]  # fmt: skip
    return {cls.__name__: cls for cls in made}


globals().update({**_of_rank(1), **_of_rank(2), **_of_rank(3)})
