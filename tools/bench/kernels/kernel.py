"""What a kernel is: a function, what makes its arguments, and its gradient as a careful person writes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Kernel:
    """A function, what makes its arguments, and perhaps a gradient written by hand.

    The gradient is by the arguments at `argnums`. One written by hand takes the same arguments, runs forward and
    backward, and is what an ideal generator would emit.
    """

    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    by_hand: Callable[..., Any] | None = None
    argnums: int | tuple[int, ...] = 0
    family: str = "arrays"  # or loops, whose time goes to the interpreter, or blas, whose time goes to products

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def positions(self) -> tuple[int, ...]:
        """What it is differentiated by, as a tuple."""
        return self.argnums if isinstance(self.argnums, tuple) else (self.argnums,)
