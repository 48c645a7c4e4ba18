"""Images at another size or read at the points of a grid, as functions."""

from __future__ import annotations

import math
import warnings
from typing import Any

from srcgrad.torch.kernels import grid_sampling as grids
from srcgrad.torch.kernels import resampling as kernels
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor, listed
from srcgrad.torch.nn.functional.averaging import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor

__all__ = [
    "affine_grid", "grid_sample", "interpolate", "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip

# The mode and the number of dimensions of the input, and what PyTorch calls the node.
_NODES = {
    ("nearest", 3): "UpsampleNearest1D", ("nearest", 4): "UpsampleNearest2D", ("nearest", 5): "UpsampleNearest3D",
    ("nearest-exact", 3): "UpsampleNearestExact1D", ("nearest-exact", 4): "UpsampleNearestExact2D",
    ("nearest-exact", 5): "UpsampleNearestExact3D", ("linear", 3): "UpsampleLinear1D",
    ("bilinear", 4): "UpsampleBilinear2D", ("trilinear", 5): "UpsampleTrilinear3D",
    ("bicubic", 4): "UpsampleBicubic2D",
}  # fmt: skip
_upsampled = {key: primitive(kernels.upsample, f"{name}Backward0") for key, name in _NODES.items()}
_smoothed = {
    mode: primitive(kernels.upsample, f"Upsample{mode.title()}2DAaBackward0") for mode in ("bilinear", "bicubic")
}
_grid_sampled = {d: primitive(grids.grid_sample, f"GridSampler{d}DBackward0") for d in (2, 3)}
_affine_grid = primitive(grids.affine_grid, "AffineGridGeneratorBackward0")

ALIGNABLE = ("linear", "bilinear", "bicubic", "trilinear", "lanczos")
NEEDS = {"linear": 3, "bilinear": 4, "trilinear": 5}
CORNERS = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """The images at another size, or at their size times a factor."""
    if mode in {"nearest", "area", "nearest-exact"}:
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                "trilinear"
            )
    elif align_corners is None:
        align_corners = False
    ndim = input._a.ndim
    space = input._a.shape[2:]
    sizes, factors = _sizes_asked(space, size, scale_factor)
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if factors is not None and (recompute_scale_factor or mode == "area"):
        sizes = [int(n * f) for n, f in zip(space, factors, strict=True)]
        factors = None
    if antialias and not (mode in {"bilinear", "bicubic", "lanczos"} and ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if mode == "area" and ndim in {3, 4, 5}:
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[ndim - 3](input, tuple(sizes or ()))
    operation = _smoothed.get(mode) if antialias else _upsampled.get((mode, ndim))
    if operation is None:
        _refuse(mode, ndim, bool(align_corners), antialias)
    if sizes is None:
        sizes = [math.floor(n * f) for n, f in zip(space, factors or (), strict=True)]
    sizes = [int(n) for n in sizes]
    if min(*space, *sizes) <= 0:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({_named(space)}) output ({_named(sizes)})"
        )
    return operation(input, sizes, mode, bool(align_corners), factors, antialias)  # type: ignore[no-any-return,misc]


def _sizes_asked(space: Any, size: Any, scale_factor: Any) -> tuple[Any, Any]:
    """The sizes, or else the factors, one for each dimension."""
    n = len(space)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if not isinstance(size, (list, tuple)):
            return [size] * n, None
        if len(size) != n:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions "
                f"of {list(space)} and output size of {size}. Please provide input tensor in (N, C, d1, d2, ...,dK) "
                "format and output size in (o1, o2, ...,oK) format."
            )
        if not all(hasattr(m, "__index__") for m in size):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
                f"with types {[type(m) for m in size]}"
            )
        return list(size), None
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if not isinstance(scale_factor, (list, tuple)):
        return None, [scale_factor] * n
    if len(scale_factor) != n:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {list(space)} and scale_factor of shape {scale_factor}. Please provide input tensor in "
            "(N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
    return None, list(scale_factor)


def _refuse(mode: str, ndim: int, align_corners: bool, antialias: bool) -> None:
    if mode == "lanczos" and ndim == 4:
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
        raise NotImplementedError("srcgrad.torch has no lanczos interpolation; the nearest mode is 'bicubic'")
    if mode in NEEDS and ndim in {3, 4, 5}:
        raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {NEEDS[mode]}D input")
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | linear | "
        f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
    )


def _named(sizes: Any) -> str:
    return ", ".join(f"{name}: {n}" for name, n in zip("DHW"[3 - len(sizes) :], sizes, strict=True))


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
) -> Tensor:
    """`interpolate`, under its old name."""
    _warn_of("upsample", 3)
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` to the nearest pixel."""
    _warn_of("upsample_nearest", 3)
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` linearly, with the corners aligned."""
    _warn_of("upsample_bilinear", 3)
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_of(name: str, stacklevel: int) -> None:
    warnings.warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=stacklevel
    )


GRID_MODES = ("bilinear", "nearest", "bicubic")
OUTSIDE = ("zeros", "border", "reflection")


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The images read at the points of a grid."""
    if mode not in GRID_MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in OUTSIDE:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(CORNERS, stacklevel=2)
        align_corners = False
    return grid_sampler(input, grid, GRID_MODES.index(mode), OUTSIDE.index(padding_mode), align_corners)


@op("grid_sampler", "grid_sampler_2d", "grid_sampler_3d", method=False)
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sample` with numbers for the modes."""
    check_tensor("grid_sampler", input)
    a, g = input._a, grid._a
    if a.shape[0] != g.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got input with sizes {listed(a.shape)} "
            f"and grid with sizes {listed(g.shape)}"
        )
    if g.shape[-1] != a.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {a.ndim - 2} in last dimension, but got grid with sizes "
            f"{listed(g.shape)}"
        )
    if a.ndim not in {4, 5} or a.ndim != g.ndim:
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes "
            f"{listed(a.shape)} and grid with sizes {listed(g.shape)}"
        )
    for k in range(2, a.ndim):
        if a.shape[k] <= 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{listed(a.shape)} with dimension {k} being empty"
            )
    if a.ndim == 5 and interpolation_mode == 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if a.dtype is not g.dtype:
        raise RuntimeError(
            f"grid_sampler(): expected input and grid to have same dtype, but input has {input.dtype._c_name.lower()} "
            f"and grid has {grid.dtype._c_name.lower()}"
        )
    return _grid_sampled[a.ndim - 2](  # type: ignore[no-any-return]
        input, grid, GRID_MODES[interpolation_mode], OUTSIDE[padding_mode], align_corners
    )


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The points at which `grid_sample` reads images moved by affine maps."""
    if align_corners is None:
        warnings.warn(CORNERS, stacklevel=2)
        align_corners = False
    a = theta._a
    if a.dtype.kind != "f":
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    n = len(size) - 2
    if n not in {2, 3}:
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{size}."
        )
    if a.ndim != 3 or a.shape[-2:] != (n, n + 1):
        raise ValueError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is "
            "not an intended use case of affine_grid. See the documentation of affine_grid for details.",
            stacklevel=2,
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, align_corners)


@op("affine_grid_generator", method=False)
def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """The points of a grid, moved by affine maps."""
    return _affine_grid(theta, tuple(size), align_corners)  # type: ignore[no-any-return]
