"""Numerical kernels as people write them, with hand-written gradients."""

from tools.bench.kernels import (
    chances,
    fields,
    geometry,
    images,
    learning,
    linear_algebra,
    particles,
    scalars,
    stencils,
)
from tools.bench.kernels.kernel import Kernel

KERNELS = (
    *scalars.KERNELS,
    *stencils.KERNELS,
    *fields.KERNELS,
    *linear_algebra.KERNELS,
    *particles.KERNELS,
    *geometry.KERNELS,
    *images.KERNELS,
    *learning.KERNELS,
    *chances.KERNELS,
)

__all__ = ["KERNELS", "Kernel"]
