"""Fourier transforms.

What enters: tensors, the sizes to which dimensions are cut or filled up with zeros, dimensions, and the norm. What leaves:
spectra and signals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.fft import opposite
from srcgrad.torch.creation import check_placement, finished, numpy_dtype
from srcgrad.torch.dtypes import default_float
from srcgrad.torch.kernels import fourier as kernels
from srcgrad.torch.kernels.padding import constant_pad
from srcgrad.torch.names import with_out
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.ops.matrices import named_argument
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

complex_to_complex = primitive(kernels.complex_transform, "FftC2CBackward0")
real_to_complex = primitive(kernels.real_transform, "FftR2CBackward0")
complex_to_real = primitive(kernels.to_real, "FftC2RBackward0")
_padded = primitive(constant_pad, "ConstantPadNdBackward0")

FUNCTIONS: dict[str, Any] = {}


def public(function: Any) -> Any:
    """Enter a function of torch.fft."""
    name = function.__name__
    FUNCTIONS[name] = with_out(named_argument(function, f"fft_{name}"), f"fft_{name}")
    return function


def promoted(x: Tensor, to_complex: bool = False) -> Any:
    """The tensor in a dtype that can be transformed."""
    dtype = x._a.dtype
    if dtype.kind not in "fc":
        dtype = default_float()
    if dtype == np.float16:
        raise RuntimeError(f"Unsupported dtype {x.dtype._c_name}")
    if to_complex and dtype.kind != "c":
        dtype = np.result_type(dtype, np.complex64)
    return cast(x, dtype)


def norm_of(norm: Any) -> str:
    """The norm's name, checked."""
    if norm is None:
        return "backward"
    if norm not in {"backward", "ortho", "forward"}:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return str(norm)


def axis_of(dim: int, ndim: int) -> int:
    """A dimension counted from the front; a tensor without dimensions has none."""
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    if not -ndim <= dim < ndim:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})")
    return dim % ndim


def resized(x: Any, sizes: Any, axes: Any) -> Any:
    """Dimensions cut, or filled up with zeros, to the sizes (None: as they are)."""
    pad = [0] * (2 * x._a.ndim)
    for n, d in zip(sizes, axes, strict=True):
        if n is None:
            continue
        have = x._a.shape[d]
        if n < have:
            x = x.narrow(d, 0, n)
        elif n > have:
            pad[2 * (x._a.ndim - 1 - d) + 1] = n - have
    return _padded(x, tuple(pad), 0) if any(pad) else x


def check_points(n: int) -> None:
    """At least one point."""
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


# Along one dimension.


def _one(x: Any, n: int | None, dim: int) -> tuple[Any, int]:
    d = axis_of(dim, x._a.ndim)
    if n is None:
        check_points(x._a.shape[d])
    else:
        check_points(n)
    return resized(x, [n], [d]), d


def _transformed(x: Any, n: int | None, dim: int, norm: Any, forward: bool) -> Any:
    mode = norm_of(norm)
    x = promoted(x)
    x, d = _one(x, n, dim)
    if x._a.dtype.kind == "c":
        return complex_to_complex(x, (d,), mode, forward)
    if forward:
        return real_to_complex(x, (d,), mode, False)
    return real_to_complex(x, (d,), opposite(mode), False).conj()


@public
def fft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The transform along a dimension."""
    return _transformed(input, n, dim, norm, forward=True)


@public
def ifft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse transform along a dimension."""
    return _transformed(input, n, dim, norm, forward=False)


def _real(x: Tensor, name: str) -> Any:
    if x._a.dtype.kind == "c":
        raise RuntimeError(f"{name} expects a real input tensor, but got {x.dtype._c_name}")
    return promoted(x)


@public
def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The first half of the frequencies of a real signal."""
    mode = norm_of(norm)
    x, d = _one(_real(input, "rfft"), n, dim)
    return real_to_complex(x, (d,), mode, True)


@public
def ihfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The inverse of hfft."""
    mode = norm_of(norm)
    x, d = _one(_real(input, "ihfft"), n, dim)
    return real_to_complex(x, (d,), opposite(mode), True).conj()


def _halved(x: Any, n: int | None, dim: int) -> tuple[Any, int, int]:
    """A one-sided spectrum of the right length, and the length of its signal."""
    d = axis_of(dim, x._a.ndim)
    size = 2 * (x._a.shape[d] - 1) if n is None else n
    check_points(size)
    return resized(x, [None if n is None else size // 2 + 1], [d]), d, size


@public
def irfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The real signal of half a spectrum."""
    mode = norm_of(norm)
    x, d, size = _halved(promoted(input, to_complex=True), n, dim)
    return complex_to_real(x, (d,), mode, size)


@public
def hfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """The real spectrum of half a Hermitian signal."""
    mode = norm_of(norm)
    x, d, size = _halved(promoted(input, to_complex=True), n, dim)
    return complex_to_real(x.conj(), (d,), opposite(mode), size)


# Along several dimensions.


def _several(x: Any, s: Any, dim: Any) -> tuple[list[int | None], list[int]]:
    """The sizes (None: as it is) and dimensions of a transform."""
    n = x._a.ndim
    if isinstance(s, int):
        s = (s,)
    if isinstance(dim, int):
        dim = (dim,)
    if dim is not None:
        axes = [axis_of(d, n) for d in dim]
        if len(set(axes)) != len(axes):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(axes):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    elif s is not None:
        if len(s) > n:
            raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {n} dimensions.")
        axes = list(range(n - len(s), n))
    else:
        axes = list(range(n))
    sizes: list[int | None] = [None] * len(axes) if s is None else [None if k == -1 else int(k) for k in s]
    for size, d in zip(sizes, axes, strict=True):
        check_points(x._a.shape[d] if size is None else size)
    return sizes, axes


def _transformed_along(x: Any, s: Any, dim: Any, norm: Any, forward: bool) -> Any:
    mode = norm_of(norm)
    sizes, axes = _several(x, s, dim)
    x = resized(promoted(x, to_complex=True), sizes, axes)
    return complex_to_complex(x, tuple(axes), mode, forward) if axes else x.clone()


def _rfftn(x: Any, s: Any, dim: Any, norm: Any, name: str) -> Any:
    mode = norm_of(norm)
    real = _real(x, name)
    sizes, axes = _several(real, s, dim)
    if not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    return real_to_complex(resized(real, sizes, axes), tuple(axes), mode, True)


def _halved_along(x: Any, s: Any, dim: Any, name: str) -> tuple[Any, list[int], int]:
    given = s[-1] if s is not None and not isinstance(s, int) and len(s) else None
    sizes, axes = _several(x, s, dim)
    if not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    last = sizes[-1]
    if given == -1:
        last = None
    size = 2 * (x._a.shape[axes[-1]] - 1) if last is None else last
    check_points(size)
    sizes[-1] = None if last is None else size // 2 + 1
    return resized(promoted(x, to_complex=True), sizes, axes), axes, size


def _irfftn(x: Any, s: Any, dim: Any, norm: Any, name: str) -> Any:
    mode = norm_of(norm)
    x, axes, size = _halved_along(x, s, dim, name)
    return complex_to_real(x, tuple(axes), mode, size)


def _hfftn(x: Any, s: Any, dim: Any, norm: Any, name: str) -> Any:
    mode = norm_of(norm)
    x, axes, size = _halved_along(x, s, dim, name)
    if axes[:-1]:
        x = complex_to_complex(x, tuple(axes[:-1]), mode, True)
    return complex_to_real(x.conj(), (axes[-1],), opposite(mode), size)


def _ihfftn(x: Any, s: Any, dim: Any, norm: Any, name: str) -> Any:
    mode = norm_of(norm)
    real = _real(x, name)
    sizes, axes = _several(real, s, dim)
    if not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    y = real_to_complex(resized(real, sizes, axes), (axes[-1],), opposite(mode), True)
    if not axes[:-1]:
        return y.conj()
    return complex_to_complex(y.conj_physical(), tuple(axes[:-1]), mode, False)


def _families() -> None:
    """The transforms along several dimensions, and along two."""

    def enter(name: str, run: Any) -> None:
        def along(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None) -> Any:
            return run(input, s, dim, norm, f"{name}n")

        def of_two(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Any:
            return run(input, s, dim, norm, f"{name}2")

        for function, title in ((along, f"{name}n"), (of_two, f"{name}2")):
            function.__name__ = function.__qualname__ = title
            public(function)

    enter("fft", lambda x, s, dim, norm, _: _transformed_along(x, s, dim, norm, forward=True))
    enter("ifft", lambda x, s, dim, norm, _: _transformed_along(x, s, dim, norm, forward=False))
    for name, run in (("rfft", _rfftn), ("irfft", _irfftn), ("hfft", _hfftn), ("ihfft", _ihfftn)):
        enter(name, run)


_families()


# Frequencies.


def _frequencies(name: str, values: Any) -> None:
    def function(
        n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        check_placement(device, layout)
        kind = numpy_dtype(dtype)
        return finished((values(n) / (n * d)).astype(kind), requires_grad, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "The frequencies of the entries of a transform of n points, d apart."
    FUNCTIONS[name] = function


_frequencies("fftfreq", lambda n: np.concatenate([np.arange((n + 1) // 2), np.arange(-(n // 2), 0)]))
_frequencies("rfftfreq", lambda n: np.arange(n // 2 + 1))


def _shifted(x: Any, dim: Any, way: int) -> Any:
    axes = list(range(x._a.ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    sizes = [x._a.shape[axis_of(d, x._a.ndim)] for d in axes]
    shifts = [n // 2 if way > 0 else (n + 1) // 2 for n in sizes]
    return x.roll(shifts, axes) if axes else x.clone()


@public
def fftshift(input: Tensor, dim: Any = None) -> Any:
    """The frequency zero in the middle."""
    return _shifted(input, dim, 1)


@public
def ifftshift(input: Tensor, dim: Any = None) -> Any:
    """The frequency zero at the front again."""
    return _shifted(input, dim, -1)
