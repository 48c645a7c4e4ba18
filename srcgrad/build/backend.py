"""Which form of a generated derivative is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Name = Literal["numpy", "numba", "auto"]


@dataclass(frozen=True)
class Backend:
    """The choice of a transform's `backend` and `parallel`."""

    name: Name = "numpy"
    parallel: bool = False

    @property
    def compiles(self) -> bool:
        return self.name != "numpy"


NUMPY = Backend()


def chosen(name: Any, parallel: bool = False) -> Backend:
    """The backend that a user names; ValueError for what there is not."""
    if name not in ("numpy", "numba", "auto"):
        raise ValueError(f"backend must be 'numpy', 'numba' or 'auto', not {name!r}")
    if parallel and name == "numpy":
        raise ValueError("parallel=True needs backend='numba' or 'auto': NumPy's loops run on one thread")
    return Backend(name, bool(parallel))
