"""Symbolic traces of modules: not here."""

from __future__ import annotations

from typing import Any

from srcgrad.torch import unavailable


def wrap(fn_or_name: Any) -> Any:
    """Marks a function, which stays as it is."""
    return fn_or_name


globals().update(
    unavailable.enter(
        __name__,
        "symbolic_trace Tracer Graph GraphModule Interpreter Transformer Node Proxy replace_pattern has_side_effect map_arg",
        "srcgrad.torch traces no modules symbolically. torch.adjoint_source(y) shows what was computed as one function",
    )
)
