"""vmap: a function of one row as a function of many.

What enters: a function and tensors with a dimension of rows. What leaves: its results, stacked. The function runs once for each
row, so it may do anything that it does for one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.generator import default_generator
from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.tensor import Tensor
from srcgrad.torch.transforms import trees

_RANDOM = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags "
    "on vmap or perform the randomness operation out of vmap"
)


def vmap(
    func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """A function that applies another to each row of its arguments, and stacks the results."""
    if randomness not in {"error", "different", "same"}:
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        leaves, dims, spec, size = _checked(func, in_dims, args)
        return _mapped(func, leaves, dims, spec, size, out_dims, randomness, kwargs)

    return wrapped


def _name(func: Any) -> str:
    return getattr(func, "__name__", None) or repr(func)


def _checked(func: Any, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], list[Any], trees.Spec, int]:
    """The leaves of the arguments, the dimension of the rows of each, and how many rows there are."""
    title = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple, list)) or isinstance(in_dims, bool):
        raise ValueError(
            f"{title}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, spec = trees.flattened(args)
    prefix = in_dims if isinstance(in_dims, int) else tuple(in_dims)
    dims = trees.spread(prefix, args)
    if dims is None:
        raise ValueError(
            f"{title}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{trees.flattened(prefix)[1].text()} but inputs has structure {spec.text()}."
        )
    sizes = []
    for k, (x, d) in enumerate(zip(leaves, dims, strict=True)):
        if d is None:
            continue
        if not isinstance(d, int):
            raise ValueError(
                f"{title}: Got in_dim={d} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{title}: Got in_dim={d} for an input but the input is of type {type(x)}. We cannot vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        n = x._a.ndim
        if not -n <= d < n:
            raise ValueError(
                f"{title}: Got in_dim={d} for some input, but that input is a Tensor of dimensionality {n} so expected in_dim to "
                f"satisfy -{n} <= in_dim < {n}."
            )
        dims[k] = d % n
        sizes.append(x._a.shape[d])
    if not sizes:
        raise ValueError(f"{title}: at least one of the inputs must be mapped, got in_dims={in_dims}")
    if len(set(sizes)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the mapped "
            "dimension"
        )
    return leaves, dims, spec, sizes[0]


def _mapped(
    func: Any,
    leaves: list[Any],
    dims: list[Any],
    spec: trees.Spec,
    size: int,
    out_dims: Any,
    randomness: str,
    kwargs: Any,
) -> Any:
    before: Any = default_generator.get_state()._a if randomness != "different" else None
    results = []
    for k in range(max(size, 1)):
        if randomness == "same" and k:
            default_generator.set_state(Tensor._wrap(before.copy()))
        row = [
            x if d is None else _row(x, d, k) if size else x.new_zeros(x._a.shape[:d] + x._a.shape[d + 1 :])
            for x, d in zip(leaves, dims, strict=True)
        ]
        results.append(func(*spec.filled(iter(row)), **kwargs))
        if randomness == "error" and not k and not np.array_equal(default_generator.get_state()._a, before):
            default_generator.set_state(Tensor._wrap(before.copy()))
            raise RuntimeError(_RANDOM)
    return _stacked(func, results, size, out_dims)


def _row(x: Any, d: int, k: int) -> Any:
    return x.select(d, k)


def _stacked(func: Any, results: list[Any], size: int, out_dims: Any) -> Any:
    """The results of the rows as one."""
    name = _name(func)
    spec = trees.flattened(results[0])[1]
    prefix = tuple(out_dims) if isinstance(out_dims, list) else out_dims
    dims = trees.spread(prefix, results[0])
    if dims is None and isinstance(prefix, tuple) and len(prefix) == 1 and not isinstance(results[0], tuple):
        dims = trees.spread(prefix[0], results[0])
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of `outputs`. "
            f"out_dims has structure {trees.flattened(prefix)[1].text()} but outputs has structure {spec.text()}."
        )
    columns = list(zip(*[trees.flattened(r)[0] for r in results], strict=True))
    found = []
    for column, d in zip(columns, dims, strict=True):
        first = column[0]
        if d is None:
            found.append(first)
            continue
        if not isinstance(first, Tensor):
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(first)}. Did you mean to set out_dims= to "
                "None for output?"
            )
        n = first._a.ndim + 1
        if not -n <= d < n:
            raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d})")
        stacked = FUNCTIONS["stack"](list(column), d)
        found.append(stacked if size else stacked.narrow(d % n, 0, 0))
    return spec.filled(iter(found))
