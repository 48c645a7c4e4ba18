"""What `repr`, `str` and `format` say of a tensor."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.printing import formatted, parameter_text, tensor_text
from srcgrad.torch.tensor import Tensor


def text_of(t: Any) -> str:
    """The text of a tensor with its suffixes."""
    node = t.grad_fn if t._needs else None
    parameter = getattr(t, "_is_parameter", False)
    text = tensor_text(
        t._a,
        dtype=t.dtype,
        requires_grad=t._needs,
        grad_fn_name=None if node is None else node.name().rpartition("::")[2],
        kind_name="tensor" if parameter or type(t) is Tensor else type(t).__name__,
    )
    return parameter_text(text) if parameter else text


def format_of(t: Any, spec: str) -> str:
    """What an f-string makes of a tensor."""
    return formatted(t, t._a, spec, plain=type(t) is Tensor)
