"""Short-time Fourier transforms: of overlapping frames of a signal, and back.

What enters: signals, or spectra frame by frame. What leaves: the other.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from srcgrad.torch.creation import finished
from srcgrad.torch.kernels import fourier as kernels
from srcgrad.torch.kernels.padding import border_pad, constant_pad
from srcgrad.torch.names import op
from srcgrad.torch.ops.fourier import complex_to_complex, complex_to_real, real_to_complex
from srcgrad.torch.primitive import primitive

_padded = primitive(constant_pad, "ConstantPadNdBackward0")
_bordered = {
    "reflect": primitive(border_pad, "ReflectionPad1DBackward0"),
    "replicate": primitive(border_pad, "ReplicationPad1DBackward0"),
    "circular": primitive(border_pad, "CircularPadBackward0"),
}
_overlapped = primitive(kernels.overlapped, "UnfoldBackwardBackward0")


def _said(name: str, shown: str, n_fft: int, hop: int, length: int, window: Any, rest: str, what: str) -> RuntimeError:
    frame = "None" if window is None else f"torch.{window.dtype._c_name}Tensor{{{list(window._a.shape)}}}"
    return RuntimeError(
        f"{name}({shown}, n_fft={n_fft}, hop_length={hop}, win_length={length}, window={frame}, {rest}) {what}"
    )


def _window(window: Any, length: int, n_fft: int, dtype: Any) -> Any:
    """The window in the middle of a frame; None where it is all ones."""
    if window is None:
        if length == n_fft:
            return None
        window = finished(np.ones(length, dtype))
    if length < n_fft:
        before = (n_fft - length) // 2
        window = _padded(window, (before, n_fft - length - before), 0)
    return window


@op("stft")
def stft(
    input: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
    center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
    return_complex: bool | None = None, align_to_window: bool | None = None,
) -> Any:  # fmt: skip
    """The spectra of overlapping frames of a signal."""
    if align_to_window is not None and center:
        raise RuntimeError("stft only supports align_to_window for center = False.")
    x = input
    if center:
        shape = x._a.shape
        half = n_fft // 2
        rows = x.view([1] * (3 - len(shape)) + list(shape))
        if pad_mode == "constant":
            rows = _padded(rows, (half, half), 0)
        else:
            if pad_mode == "reflect" and half >= shape[-1]:
                raise RuntimeError(
                    "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                    f"({half}, {half}) at dimension 2 of input {list(rows._a.shape)}"
                )
            rows = _bordered[pad_mode](rows, (half, half), pad_mode)
        x = rows.view(rows._a.shape[-len(shape) :])
    return _frames_transformed(
        x, n_fft, hop_length, win_length, window, normalized, onesided, return_complex, align_to_window
    )


def _frames_transformed(
    x: Any, n_fft: int, hop_length: Any, win_length: Any, window: Any, normalized: bool, onesided: Any,
    return_complex: Any, align: bool | None,
) -> Any:  # fmt: skip
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    is_complex = x._a.dtype.kind == "c" or (window is not None and window._a.dtype.kind == "c")
    if return_complex is None:
        if not is_complex:
            raise RuntimeError(
                "stft requires the return_complex parameter be given for real inputs, and will further require that "
                "return_complex=True in a future PyTorch release."
            )
        return_complex = True
    rest = (
        f"normalized={int(normalized)}, onesided={'None' if onesided is None else int(onesided)}, "
        f"return_complex={int(return_complex)}, align_to_window={int(align) if align is not None else None}"
    )
    shown = f"torch.{x.dtype._c_name}Tensor{list(x._a.shape)}"

    def failed(what: str) -> RuntimeError:
        return _said("stft", shown, n_fft, hop, length, window, rest, f": {what}")

    if x._a.dtype.kind not in "fc":
        raise failed("expected a tensor of floating point or complex values")
    if x._a.ndim not in {1, 2}:
        raise failed("expected a 1D or 2D tensor")
    flat = x._a.ndim == 1
    if flat:
        x = x.unsqueeze(0)
    size = x._a.shape[1]
    if not 0 < n_fft <= size:
        raise failed(f"expected 0 < n_fft < {size}, but got n_fft={length}")
    if hop <= 0:
        raise failed(f"expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise failed(f"expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and window._a.shape != (length,):
        raise failed(
            f"expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window._a.shape)}"
        )
    count = 1 + (size - n_fft) // hop
    step = x._a.strides[1] // x._a.itemsize
    across = x._a.strides[0] // x._a.itemsize
    frames = x.as_strided((x._a.shape[0], count, n_fft), (across, hop * step, step))
    shape = _window(window, length, n_fft, x._a.dtype)
    if shape is not None:
        frames = frames * shape
    one = not is_complex if onesided is None else onesided
    if is_complex and one:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    mode = "ortho" if normalized else "backward"
    if frames._a.dtype.kind == "c":
        y = complex_to_complex(frames, (2,), mode, True)
    else:
        y = real_to_complex(frames, (2,), mode, one)
    y = y.transpose_(1, 2)
    if flat:
        y = y.squeeze_(0)
    if return_complex:
        return y
    warnings.warn(
        "stft with return_complex=False is deprecated. In a future pytorch release, stft will return complex tensors for "
        "all inputs, and return_complex=False will raise an error.",
        UserWarning,
        stacklevel=3,
    )
    from srcgrad.torch.names import FUNCTIONS

    return FUNCTIONS["view_as_real"](y)


@op("istft")
def istft(
    input: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
    center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
    return_complex: bool = False,
) -> Any:  # fmt: skip
    """The signal whose frames have given spectra, least squares where they disagree."""
    hop = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    rest = (
        f"center={int(center)}, normalized={int(normalized)}, onesided={'None' if onesided is None else int(onesided)}, "
        f"length={'None' if length is None else length}, return_complex={int(return_complex)}"
    )

    def failed(what: str) -> RuntimeError:
        shown = f"CPU{input.dtype._c_name}Type{list(input._a.shape)}"
        return _said("istft", shown, n_fft, hop, width, window, rest, what)

    x = input
    if x._a.dtype.kind != "c":
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if not x._a.size:
        raise failed(": input tensor cannot be empty.")
    if x._a.ndim not in {2, 3}:
        raise failed(f": expected a tensor with 2 or 3 dimensions, but got {x._a.ndim + 1}")
    flat = x._a.ndim == 2
    if flat:
        x = x.unsqueeze(0)
    bins, count = x._a.shape[1:]
    one = bins != n_fft if onesided is None else onesided
    wanted = n_fft // 2 + 1 if one else n_fft
    if bins != wanted:
        raise failed(
            f": expected the frequency dimension (3rd to the last) of the input tensor to match n_fft{' / 2 + 1' if one else ''} "
            f"when onesided={'True' if one else 'False'}, but got {bins}"
        )
    if not 0 < hop <= width:
        raise failed(": expected 0 < hop_length <= win_length")
    if not 0 < width <= n_fft:
        raise failed(": expected 0 < win_length <= n_fft")
    if window is not None and window._a.shape != (width,):
        raise failed(": Invalid window shape. window has to be 1D and length of `win_length`")
    shape = _window(window, width, n_fft, x._a.real.dtype)
    if shape is None:
        shape = finished(np.ones(n_fft, x._a.real.dtype))
    frames = x.transpose(1, 2)
    mode = "ortho" if normalized else "backward"
    if return_complex:
        if one:
            raise RuntimeError("cannot have onesided output if window or input is complex")
        frames = complex_to_complex(frames, (2,), mode, False)
    else:
        if window is not None and window._a.dtype.kind == "c":
            raise RuntimeError("Complex windows are incompatible with return_complex=False")
        if not one:
            frames = frames.narrow(-1, 0, n_fft // 2 + 1)
        frames = complex_to_real(frames, (2,), mode, n_fft)
    frames = frames * shape.view([1, 1, n_fft])
    y = _overlapped(frames, hop)
    squares = (shape * shape).expand(1, count, n_fft)
    envelope = _overlapped(squares, hop)
    size = n_fft + hop * (count - 1)
    start = n_fft // 2 if center else 0
    if length is not None:
        end = start + length
    else:
        end = size - (n_fft // 2 if center else 0)
    y, envelope = y[:, start:end], envelope[:, start:end]
    lowest = np.min(np.abs(envelope._a)) if envelope._a.size else 0.0
    if lowest <= 1e-11:
        raise failed("window overlap add min: 1\n[ CPUBoolType{} ]")
    y = y / envelope
    if flat:
        y = y.squeeze(0)
    if length is not None and end > size:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center and hop_length settings.",
            UserWarning,
            stacklevel=2,
        )
        y = _padded(y, (0, end - size), 0)
    return y
