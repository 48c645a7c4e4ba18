"""`where`: one of two values by a condition.

What enters: a condition and two tensors or numbers. What leaves: a tensor of their common dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.dtypes import of, result_type
from srcgrad.torch.modes import state
from srcgrad.torch.names import op
from srcgrad.torch.ops.dims import broadcast
from srcgrad.torch.primitive import primitive, wrapped
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor

where_ = primitive(np.where, "WhereBackward0")


def _kind(x: Any) -> Any:
    return x._a if isinstance(x, Tensor) else x


@op("where", method=False, out=True)
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition holds, else `other`; alone, the places where it holds."""
    if input is None and other is None:
        from srcgrad.torch.ops.searching import nonzero

        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    c = condition._a
    if c.dtype.kind != "b":
        if c.dtype != np.uint8:
            raise RuntimeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype {of(c.dtype)._c_name}"
            )
        c = c.astype(bool)
    a, b = _kind(input), _kind(other)
    if a.__class__ is np.ndarray and b.__class__ is np.ndarray and a.dtype is b.dtype:
        kind = a.dtype
    else:
        kind = result_type(a, b).numpy
        a = a.astype(kind, copy=False) if a.__class__ is np.ndarray else np.array(a, kind)
        b = b.astype(kind, copy=False) if b.__class__ is np.ndarray else np.array(b, kind)
    try:
        y = np.where(c, a, b)
    except ValueError:
        broadcast(broadcast(c.shape, a.shape), b.shape)
        raise
    result = wrapped(y)
    if state.enabled and ((isinstance(input, Tensor) and input._needs) or (isinstance(other, Tensor) and other._needs)):
        where_.record((c, input, other), [c, a, b], result)
    return result


@op("where", function=False)
def where_method(self: Tensor, condition: Tensor, other: Any) -> Any:
    """The tensor where the condition holds, else `other`."""
    return where(condition, self, other)


FACES[np.where] = lambda c, a, b: where(c if isinstance(c, Tensor) else wrapped(c), a, b)
