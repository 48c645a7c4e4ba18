"""The optimisations of the form for numba, each of which can be left out.

    SRCGRAD_NUMBA_WITHOUT=gather,bounds python your_program.py

What is computed is the same with and without them but for its speed and its last digits.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields


@dataclass
class Steps:
    """Which rewritings are made."""

    gather: bool = True  # the reverse of a stencil as one loop
    fusion: bool = True  # neighbouring loops as one
    steady: bool = True  # lengths and arrays for a moment made in front of the loops that use them
    products: bool = True  # a matrix times a vector, and small matrices, as loops
    lengths: bool = True  # where a slice begins and how long it is, worked out once
    bounds: bool = True  # indices compared before a loop instead of in it


steps = Steps()
for _name in filter(None, os.environ.get("SRCGRAD_NUMBA_WITHOUT", "").split(",")):
    if _name not in {f.name for f in fields(Steps)}:
        raise ValueError(f"SRCGRAD_NUMBA_WITHOUT names no optimisation: {_name}")
    setattr(steps, _name, False)
