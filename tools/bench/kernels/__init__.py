"""Numerical kernels as people write them, with hand-written gradients."""

from tools.bench.kernels import learning, linear_algebra, particles, scalars, stencils
from tools.bench.kernels.kernel import Kernel

KERNELS = (
    *scalars.KERNELS,
    *stencils.KERNELS,
    *linear_algebra.KERNELS,
    *particles.KERNELS,
    *learning.KERNELS,
)

__all__ = ["KERNELS", "Kernel"]
