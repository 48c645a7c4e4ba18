"""Convolutions as modules, and their transposes."""

from __future__ import annotations

import math
from typing import Any

from srcgrad.torch.nn import init
from srcgrad.torch.nn.fixed import named
from srcgrad.torch.nn.linear import fresh
from srcgrad.torch.nn.module import Module
from srcgrad.torch.tensor import Tensor


def spread(value: Any, rank: int) -> tuple[Any, ...]:
    """A tuple with one number for each dimension."""
    return tuple(value) if hasattr(value, "__iter__") else (value,) * rank


class _ConvNd(Module):
    """What the convolutions share: the sizes, the weight and the bias."""

    _rank = 0
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]
    transposed: bool
    output_padding: tuple[int, ...]
    groups: int
    padding_mode: str
    weight: Tensor
    bias: Tensor | None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
        transposed: bool, output_padding: Any, groups: int, bias: bool, padding_mode: str, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        names = {"same", "valid"}
        if isinstance(padding, str):
            if padding not in names:
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {names}")
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        modes = {"zeros", "reflect", "replicate", "circular"}
        if padding_mode not in modes:
            raise ValueError(f"padding_mode must be one of {modes}, but got padding_mode='{padding_mode}'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = self._sides()
        shape = (in_channels, out_channels // groups) if transposed else (out_channels, in_channels // groups)
        self.weight = fresh((*shape, *kernel_size), dtype, device)
        if bias:
            self.bias = fresh((out_channels,), dtype, device)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _sides(self) -> list[int]:
        """The padding before and after each dimension, the last dimension first, as `functional.pad` takes it."""
        if not isinstance(self.padding, str):
            return [n for n in reversed(self.padding) for _ in range(2)]
        sides = [0] * (2 * len(self.kernel_size))
        if self.padding == "same":
            for k, (d, n) in enumerate(zip(reversed(self.dilation), reversed(self.kernel_size), strict=True)):
                total = d * (n - 1)
                sides[2 * k] = total // 2
                sides[2 * k + 1] = total - total // 2
        return sides

    def reset_parameters(self) -> None:
        """Draw the values anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in != 0:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * len(self.padding):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * len(self.dilation):
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * len(self.output_padding):
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "padding_mode"):
            self.padding_mode = "zeros"


class _Forward(_ConvNd):
    """A convolution of `_rank` dimensions."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        n = self._rank
        super().__init__(
            in_channels, out_channels, spread(kernel_size, n), spread(stride, n),
            padding if isinstance(padding, str) else spread(padding, n), spread(dilation, n), False, (0,) * n, groups,
            bias, padding_mode, device, dtype,
        )  # fmt: skip

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        from srcgrad.torch.nn import functional

        convolve = getattr(functional, f"conv{self._rank}d")
        if self.padding_mode != "zeros":
            input = functional.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return convolve(input, weight, bias, self.stride, 0, self.dilation, self.groups)
        return convolve(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def forward(self, input: Any) -> Any:
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Forward):
    """The convolution of (images, channels, length)."""

    _rank = 1


class Conv2d(_Forward):
    """The convolution of (images, channels, height, width)."""

    _rank = 2


class Conv3d(_Forward):
    """The convolution of (images, channels, depth, height, width)."""

    _rank = 3


class _ConvTransposeNd(_ConvNd):
    """The transpose of a convolution of `_rank` dimensions."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        n = self._rank
        super().__init__(
            in_channels, out_channels, spread(kernel_size, n), spread(stride, n), spread(padding, n),
            spread(dilation, n), True, spread(output_padding, n), groups, bias, padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Any, output_size: Any = None) -> Any:
        from srcgrad.torch.nn import functional

        if self.padding_mode != "zeros":
            raise ValueError(f"Only `zeros` padding mode is supported for ConvTranspose{self._rank}d")
        more = self._output_padding(input, output_size)
        convolve = getattr(functional, f"conv_transpose{self._rank}d")
        return convolve(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _output_padding(self, input: Any, output_size: Any) -> tuple[int, ...]:
        """How much is added at the end so that the result has the size asked for."""
        if output_size is None:
            return spread(self.output_padding, self._rank)
        rank, shape = self._rank, input._a.shape
        lead = 2 if len(shape) == rank + 2 else 1
        wanted = tuple(output_size)
        if len(wanted) == lead + rank:
            wanted = wanted[lead:]
        if len(wanted) != rank:
            raise ValueError(
                f"ConvTranspose{rank}D: for {len(shape)}D input, output_size must have {rank} or {lead + rank} elements "
                f"(got {len(wanted)})"
            )
        smallest = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                shape[lead:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        largest = [n + s - 1 for n, s in zip(smallest, self.stride, strict=True)]
        if any(not low <= n <= high for low, n, high in zip(smallest, wanted, largest, strict=True)):
            given = wanted if isinstance(output_size, tuple) else type(output_size)(wanted)
            raise ValueError(
                f"requested an output size of {given}, but valid sizes range from {smallest} to {largest} (for an input "
                f"of {input.shape[2:]})"
            )
        return tuple(n - low for n, low in zip(wanted, smallest, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of a convolution, in one dimension."""

    _rank = 1


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of a convolution, in two dimensions."""

    _rank = 2


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of a convolution, in three dimensions."""

    _rank = 3


for _class in (Conv1d, Conv2d, Conv3d):
    _class.__init__ = named(_Forward.__init__, _class.__name__)  # type: ignore[method-assign]
for _class in (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d):  # type: ignore[assignment]
    _class.__init__ = named(_ConvTransposeNd.__init__, _class.__name__)  # type: ignore[method-assign]
