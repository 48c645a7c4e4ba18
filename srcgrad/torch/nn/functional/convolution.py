"""Convolutions as functions: checked as PyTorch checks them, then one node."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.kernels import convolution as kernels
from srcgrad.torch.kernels.padding import constant_pad
from srcgrad.torch.kernels.windows import extent
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import C_TYPES, check_tensor, listed, spread, whole
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
]  # fmt: skip

_convolution = primitive(kernels.convolution, "ConvolutionBackward0")
_padded = primitive(constant_pad, "ConstantPadNdBackward0")


@op("conv1d", method=False)
def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution of (images, channels, length) with (outputs, channels / groups, kernel)."""
    return _forward("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@op("conv2d", method=False)
def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution of images with (outputs, channels / groups, *kernel)."""
    return _forward("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@op("conv3d", method=False)
def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
    groups: int = 1,
) -> Tensor:  # fmt: skip
    """The convolution of volumes with (outputs, channels / groups, *kernel)."""
    return _forward("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@op("conv_transpose1d", method=False)
def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The transpose of a convolution, with a weight (channels, outputs / groups, kernel)."""
    return _transpose("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op("conv_transpose2d", method=False)
def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The transpose of a convolution, with a weight (channels, outputs / groups, *kernel)."""
    return _transpose("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op("conv_transpose3d", method=False)
def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """The transpose of a convolution, with a weight (channels, outputs / groups, *kernel)."""
    return _transpose("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op("convolution", method=False)
def convolution(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int,
) -> Tensor:  # fmt: skip
    """A convolution of any number of dimensions, or its transpose."""
    rank = weight._a.ndim - 2
    return _checked(
        rank, input, weight, bias, spread(stride, rank), spread(padding, rank), spread(dilation, rank), transposed,
        spread(output_padding, rank), groups,
    )  # fmt: skip


@op("conv_tbc", method=False)
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A convolution over time of (time, batch, channels), with a weight (kernel, channels, outputs)."""
    x: Any = input
    w: Any = weight
    y: Any = conv1d(x.permute(1, 2, 0), w.permute(2, 1, 0), bias, 1, pad)
    return y.permute(2, 0, 1)  # type: ignore[no-any-return]


def _forward(
    name: str, rank: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    check_tensor(name, input)
    check_tensor(name, weight, "weight", 2)
    x, single = _images(name, rank, input)
    stride = spread(whole(name, stride, "stride", 4), rank)
    dilation = spread(whole(name, dilation, "dilation", 6), rank)
    if isinstance(padding, str):
        x, padding = _named(padding, rank, x, weight, stride, dilation)
    else:
        padding = spread(whole(name, padding, "padding", 5), rank)
    y: Any = _checked(rank, x, weight, bias, stride, padding, dilation, False, (0,) * rank, groups)
    return y.squeeze(0) if single else y  # type: ignore[no-any-return]


def _transpose(
    name: str, rank: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    check_tensor(name, input)
    check_tensor(name, weight, "weight", 2)
    x, single = _images(name, rank, input)
    y: Any = _checked(
        rank, x, weight, bias, spread(whole(name, stride, "stride", 4), rank),
        spread(whole(name, padding, "padding", 5), rank), spread(whole(name, dilation, "dilation", 8), rank), True,
        spread(whole(name, output_padding, "output_padding", 6), rank), groups,
    )  # fmt: skip
    return y.squeeze(0) if single else y  # type: ignore[no-any-return]


def _images(name: str, rank: int, input: Any) -> tuple[Any, bool]:
    """The input with an axis for the images, and whether that is new."""
    n = input._a.ndim
    if n not in {rank + 1, rank + 2}:
        raise RuntimeError(
            f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {name}, but got input of size: "
            f"{listed(input._a.shape)}"
        )
    return (input, False) if n == rank + 2 else (input.unsqueeze(0), True)


def _named(name: str, rank: int, x: Any, weight: Tensor, stride: Any, dilation: Any) -> tuple[Any, Any]:
    """The padding that "same" or "valid" stands for; where its two sides differ, the input is padded first."""
    if name == "valid":
        return x, (0,) * rank
    if name != "same":
        raise RuntimeError(f"Invalid padding string: '{name}'")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [d * (k - 1) for d, k in zip(spread(dilation, rank), weight._a.shape[2:], strict=True)]
    padding = tuple(n // 2 for n in total)
    if any(n % 2 for n in total):
        x = _padded(x, [side for n in reversed(total) for side in (0, n % 2)], 0)
    return x, padding


def _checked(
    rank: int, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int,
) -> Tensor:  # fmt: skip
    a, w = x._a, weight._a
    b = None if bias is None else bias._a
    if w.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    for name, value in (
        ("stride", stride), ("padding", padding), ("dilation", dilation), ("output_padding", output_padding)
    ):  # fmt: skip
        if len(value) != rank:
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {rank} values to match the convolution "
                f"dimensions, but got {name}={listed(value)}"
            )
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) <= 0:
        raise RuntimeError("non-positive dilation is not supported")
    _check_shapes(a, w, b, padding, dilation, transposed, groups)
    _check_dtypes(a, w, b)
    if transposed:
        _check_output_padding(rank, output_padding, stride, dilation)
        grown = extent(a.shape[2:], w.shape[2:], stride, dilation)
        sizes = tuple(n - 2 * p + q for n, p, q in zip(grown, padding, output_padding, strict=True))
        if min(sizes) < 0:
            raise RuntimeError("could not construct a memory descriptor using a format tag")
    return _convolution(  # type: ignore[no-any-return]
        x, weight, bias, stride, padding, dilation, transposed, output_padding, groups
    )


def _check_shapes(a: Any, w: Any, b: Any, padding: Any, dilation: Any, transposed: bool, groups: int) -> None:
    if a.ndim != w.ndim:
        raise RuntimeError(
            f"Expected {w.ndim}-dimensional input for {w.ndim}-dimensional weight {listed(w.shape)}, but got "
            f"{a.ndim}-dimensional input of size {listed(a.shape)} instead"
        )
    if w.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{listed(w.shape)} instead"
        )
    if w.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size [{listed(w.shape)}] instead"
        )
    given = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
    channels = w.shape[0] if transposed else w.shape[1] * groups
    if a.shape[1] != channels:
        raise RuntimeError(
            f"Given {given}, weight of size {listed(w.shape)}, expected input{listed(a.shape)} to have {channels} "
            f"channels, but got {a.shape[1]} channels instead"
        )
    outputs = w.shape[1] * groups if transposed else w.shape[0]
    if b is not None and b.shape != (outputs,):
        start = f"Given {given}, weight" if transposed else "Given weight"
        raise RuntimeError(
            f"{start} of size {listed(w.shape)}, expected bias to be 1-dimensional with {outputs} elements, but got "
            f"bias of size {listed(b.shape)} instead"
        )
    if not transposed:
        sizes = [n + 2 * p for n, p in zip(a.shape[2:], padding, strict=True)]
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:], strict=True)]
        if any(n < k for n, k in zip(sizes, spans, strict=True)):
            raise RuntimeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, sizes))}). Kernel size: "
                f"({' x '.join(map(str, spans))}). Kernel size can't be greater than actual input size"
            )


def _check_dtypes(a: Any, w: Any, b: Any) -> None:
    for name, other in (("bias", b), ("weight", w)):
        if other is not None and other.dtype is not a.dtype:
            raise RuntimeError(
                f"Input type ({C_TYPES[a.dtype.name]}) and {name} type ({C_TYPES[other.dtype.name]}) should be the same"
            )


def _check_output_padding(rank: int, output_padding: Any, stride: Any, dilation: Any) -> None:
    if all(q < s or q < d for q, s, d in zip(output_padding, stride, dilation, strict=True)):
        return
    names = ("depth", "height", "width")[-max(2, rank) :]
    values = [output_padding, stride, dilation]
    if rank == 1:
        values = [(0, *output_padding), (1, *stride), (1, *dilation)]
    shown = [
        f"{option}_{name}: {n}"
        for option, sizes in zip(("output_padding", "stride", "dilation"), values, strict=True)
        for name, n in zip(names, sizes, strict=True)
    ]
    raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {' '.join(shown)}")
