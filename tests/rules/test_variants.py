"""The samples of the rules of NumPy once more: in single precision, and laid out in memory in other ways."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from checking import check, mapped

from srcgrad.rules import table


def single(x: Any) -> Any:
    """The same numbers in half the bits."""
    if not isinstance(x, np.ndarray) or x.dtype not in (np.float64, np.complex128):
        return x
    return x.astype(np.float32 if x.dtype == np.float64 else np.complex64, order="K")


def by_columns(x: Any) -> Any:
    """The same array in Fortran's order."""
    return np.array(x, order="F") if isinstance(x, np.ndarray) and x.ndim > 1 else x


def backwards(x: Any) -> Any:
    """The same array with a negative stride."""
    return x[::-1].copy()[::-1] if isinstance(x, np.ndarray) and x.ndim and x.dtype.kind in "fc" else x


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:numpy.fix is deprecated")
@pytest.mark.parametrize("variant", [single, by_columns, backwards])
@pytest.mark.parametrize("family", table.BUILTIN)
def test_variant_of_all_samples(family: str, variant: Callable[[Any], Any]) -> None:
    for function, args, kwargs in importlib.import_module(f"test_{family}").SAMPLES:
        if function is np.put_along_axis and args[3] is None and variant is by_columns:
            continue  # NumPy writes into a flat copy there, which is read-only
        changed = {name: mapped(variant, value) for name, value in kwargs.items()}
        try:
            check(function, *[mapped(variant, a) for a in args], **changed)
        except Exception as error:
            error.add_note(f"{table.full_name(function)}, {args}, {kwargs}")
            raise
