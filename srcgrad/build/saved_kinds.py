"""What a saved module tells the kinds of its arguments with. Its source is written along, so it needs NumPy alone."""

from __future__ import annotations

from typing import Any

import numpy as np


def kind_of(value: Any) -> Any:
    """What the functions of this module are chosen by: a type; of an array its dtype and which lengths are 1."""
    if type(value) is np.ndarray:
        dtype = value.dtype
        return ("array", dtype.char if dtype.isnative else dtype.str, tuple([n == 1 for n in value.shape]))
    if type(value) is tuple:
        return ("tuple", tuple([kind_of(v) for v in value]))
    names = {
        float: "float",
        int: "int",
        bool: "bool",
        str: "text",
        np.float64: "scalar",
        np.int64: "int",
        np.bool_: "bool",
    }
    return "none" if value is None else names.get(type(value), ("object", type(value)))


def is_real(*values: Any) -> bool:
    """Whether values are floats or arrays of float64, which is what this module is written for."""
    return all(isinstance(v, float) or (type(v) is np.ndarray and v.dtype == np.float64) for v in values)
