"""Borders around the last dimensions, as a function."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.kernels import padding as kernels
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor, listed
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = ["pad"]

_constant = primitive(kernels.constant_pad, "ConstantPadNdBackward0")
_reflected = {d: primitive(kernels.border_pad, f"ReflectionPad{d}DBackward0") for d in (1, 2, 3)}
_repeated = {d: primitive(kernels.border_pad, f"ReplicationPad{d}DBackward0") for d in (1, 2, 3)}
_circular = primitive(kernels.border_pad, "CopySlices")
_circular.node_class.name = lambda _: "torch::autograd::CopySlices"  # type: ignore[method-assign, assignment]

COMBINATIONS = (
    "Supported combinations for non-constant padding:\n"
    "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
    "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
    "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
)


def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """A border: before and after the last dimension, before and after the one before it, and so on."""
    check_tensor("pad", input)
    sides = tuple(int(n) for n in pad)
    if len(sides) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    ndim = input._a.ndim
    if len(sides) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(sides)} and input of dimension {ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, sides, 0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in {"reflect", "replicate", "circular"}:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    rank = len(sides) // 2
    if rank not in {1, 2, 3} or ndim not in {rank + 1, rank + 2}:
        raise NotImplementedError(
            f"Padding size {len(sides)} is not supported for {ndim}D input tensor.\n{COMBINATIONS}"
        )
    if mode == "reflect":
        _check_reflection(input._a, sides)
        return _reflected[rank](input, sides, mode)  # type: ignore[no-any-return]
    if mode == "replicate":
        _check_sizes(input._a, sides)
        return _repeated[rank](input, sides, mode)  # type: ignore[no-any-return]
    _check_circle(input._a, sides)
    return _circular(input, sides, mode)  # type: ignore[no-any-return]


@op("constant_pad_nd", method=False)
def constant_pad_nd(input: Tensor, pad: Any, value: Any = 0) -> Tensor:
    """A border of one value."""
    sides = tuple(pad)
    shape = input._a.shape
    if len(sides) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(sides)}")
    if len(sides) > 2 * len(shape):
        raise RuntimeError(
            f"Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(sides)} while the input has {len(shape)} dimensions."
        )
    for k in range(len(sides) // 2):
        n = shape[-1 - k]
        before, after = sides[2 * k], sides[2 * k + 1]
        if n + before + after < 0:
            if before < 0 and after < 0:
                raise RuntimeError("narrow(): length must be non-negative.")
            raise RuntimeError(
                f"The input size {n}, plus negative padding {before} and {after} resulted in a negative output size, "
                f"which is invalid. Check dimension {len(shape) - 1 - k} of your input."
            )
    return _constant(input, sides, value)  # type: ignore[no-any-return]


def _check_reflection(a: Any, sides: tuple[int, ...]) -> None:
    for k in range(len(sides) // 2):
        before, after = sides[2 * k], sides[2 * k + 1]
        n = a.shape[-1 - k]
        if before >= n or after >= n:
            raise RuntimeError(
                f"Argument #{4 + 2 * k}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({before}, {after}) at dimension {a.ndim - 1 - k} of input {listed(a.shape)}"
            )
    _check_sizes(a, sides)


def _check_sizes(a: Any, sides: tuple[int, ...]) -> None:
    rank = len(sides) // 2
    grown = [a.shape[-1 - k] + sides[2 * k] + sides[2 * k + 1] for k in range(rank)]
    if min(grown) < 1:
        names = ("W", "H", "D")[:rank]
        before = " ".join(f"{n}: {a.shape[-1 - k]}" for k, n in reversed(list(enumerate(names))))
        after = " ".join(f"{n}: {grown[k]}" for k, n in reversed(list(enumerate(names))))
        raise RuntimeError(f"input ({before}) is too small. Calculated output {after}")


def _check_circle(a: Any, sides: tuple[int, ...]) -> None:
    for k in range(len(sides) // 2):
        before, after, n = sides[2 * k], sides[2 * k + 1], a.shape[-1 - k]
        if before > n or after > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if n + before + after < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
