"""The optimisations of the form for numba, each of which can be left out.

>>> from srcgrad.backends.steps import steps
>>> steps.gather
True
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Steps:
    """Which rewritings are made; results are the same without any of them, within rounding."""

    gather: bool = True  # the reverse of a stencil as one loop
    fusion: bool = True  # neighbouring loops as one
    steady: bool = True  # lengths and arrays for a moment made in front of the loops that use them
    bounds: bool = True  # indices compared before a loop instead of in it


steps = Steps()
