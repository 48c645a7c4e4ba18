"""Finding the operation whose backward makes a NaN.

Under `detect_anomaly` each node remembers where it was made; a backward that returns NaN raises, and the place is
printed as a warning.
"""

from __future__ import annotations

import traceback
import warnings
from typing import Any

import numpy as np

from srcgrad.torch import graph
from srcgrad.torch.saving import EXTRAS


def _switch(on: bool, check_nan: bool) -> None:
    graph.anomaly.on, graph.anomaly.check_nan = on, check_nan
    EXTRAS[:] = [e for e in EXTRAS if e is not graph.anomaly]
    if on:
        EXTRAS.append(graph.anomaly)


class set_detect_anomaly:  # noqa: N801 - PyTorch's name
    """Turn the search for NaNs on or off: at once, and for a `with` block."""

    __module__ = "torch.autograd.anomaly_mode"  # where PyTorch has it, as its type is printed

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (graph.anomaly.on, graph.anomaly.check_nan)
        _switch(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _switch(*self._before)


class detect_anomaly(set_detect_anomaly):  # noqa: N801
    """Search for NaNs in the backward sweeps of a `with` block."""

    __module__ = "torch.autograd.anomaly_mode"

    def __init__(self, check_nan: bool = True) -> None:
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )
        self._before = (graph.anomaly.on, graph.anomaly.check_nan)
        self._wanted = check_nan

    def __enter__(self) -> None:
        _switch(True, self._wanted)


def remember(node: graph.Node) -> None:
    """Keep where a node is being made."""
    stack = [f for f in traceback.extract_stack() if "/srcgrad/torch/" not in f.filename]
    node.metadata["traceback_"] = traceback.format_list(stack)


def check(node: graph.Node, grads: Any) -> None:
    """Raise where a backward returned NaN."""
    for k, g in enumerate(grads):
        array = getattr(g, "_a", g)
        if array is None or np.asarray(array).dtype.kind not in "fc" or not np.isnan(array).any():
            continue
        lines = node.metadata.get("traceback_")
        if lines:
            warnings.warn(
                f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{''.join(lines)}",
                UserWarning,
                stacklevel=2,
            )
        raise RuntimeError(f"Function '{node.name()}' returned nan values in its {k}th output.")


def is_anomaly_enabled() -> bool:
    """Whether NaNs are searched for."""
    return graph.anomaly.on


def is_anomaly_check_nan_enabled() -> bool:
    """Whether a NaN raises."""
    return graph.anomaly.check_nan


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Turn the search on or off."""
    _switch(enabled, check_nan)
