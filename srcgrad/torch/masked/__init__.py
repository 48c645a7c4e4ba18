"""Reductions and normalisations that leave out what a mask hides: `masked.mean(x, dim, mask=mask)`.

What enters: a tensor and a mask, true where an element counts. What leaves: the result over the elements that count;
where none does, the identity of the reduction, or NaN where there is none.
"""

from __future__ import annotations

from typing import Any

import srcgrad.torch as torch

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median",
    "norm", "normalize", "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip


def _full_mask(input: Any, mask: Any) -> Any:
    """The mask in the shape of the input."""
    if mask.dim() > input.dim():
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return torch.broadcast_to(mask, input.shape).bool()


def _filled(input: Any, mask: Any, value: Any) -> Any:
    """The input with a value in place of what the mask hides."""
    if mask is None:
        return input
    return torch.where(_full_mask(input, mask), input, torch.tensor(value, dtype=input.dtype))


def _axes(dim: Any, ndim: int) -> tuple[int, ...]:
    if dim is None:
        return tuple(range(ndim))
    found: list[int] = []
    for d in (dim,) if isinstance(dim, int) else dim:
        if d % max(ndim, 1) in found:
            raise RuntimeError(f"dim={d} appears multiple times in the list of dims")
        if not -max(ndim, 1) <= d < max(ndim, 1):
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-max(ndim, 1)}, {max(ndim, 1) - 1}], but got {d})"
            )
        found.append(d % max(ndim, 1))
    return tuple(found)


def _extreme(dtype: Any, lowest: bool) -> Any:
    if dtype.is_floating_point:
        return -torch.inf if lowest else torch.inf
    if dtype is torch.bool:
        return not lowest
    info = torch.iinfo(dtype)
    return info.min if lowest else info.max


def _in_dtype(input: Any, dtype: Any) -> Any:
    return input if dtype is None else input.to(dtype)


def _wide(input: Any, dtype: Any) -> Any:
    """The dtype of sums: whole numbers are added as int64."""
    return (
        dtype
        if dtype is not None
        else input.dtype
        if input.dtype.is_floating_point or input.dtype.is_complex
        else torch.int64
    )


def sum(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The sum."""
    return torch.sum(_filled(input, mask, 0), _axes(dim, input.dim()), keepdim=keepdim, dtype=_wide(input, dtype))


def prod(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The product."""
    found = _filled(input, mask, 1)
    axes = _axes(dim, input.dim())
    if not axes:
        return _in_dtype(found, _wide(input, dtype))
    for axis in sorted(axes, reverse=True):
        found = torch.prod(found, axis, keepdim=keepdim, dtype=_wide(input, dtype))
    return found


def cumsum(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """Sums of what came so far."""
    return torch.cumsum(_filled(input, mask, 0), dim, dtype=_wide(input, dtype))


def cumprod(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """Products of what came so far."""
    return torch.cumprod(_filled(input, mask, 1), dim, dtype=_wide(input, dtype))


def amax(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The largest."""
    filled = _filled(input, mask, _extreme(input.dtype, lowest=True))
    return _in_dtype(torch.amax(filled, _axes(dim, input.dim()), keepdim), dtype)


def amin(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The smallest."""
    filled = _filled(input, mask, _extreme(input.dtype, lowest=False))
    return _in_dtype(torch.amin(filled, _axes(dim, input.dim()), keepdim), dtype)


def argmax(input: Any, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """Where the largest is; as PyTorch has it, in the dtype of the input."""
    filled = _filled(input, mask, _extreme(input.dtype, lowest=True))
    return torch.argmax(filled, dim, bool(keepdim)).to(dtype or input.dtype)


def argmin(input: Any, dim: int | None = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """Where the smallest is; as PyTorch has it, in the dtype of the input."""
    filled = _filled(input, mask, _extreme(input.dtype, lowest=False))
    return torch.argmin(filled, dim, bool(keepdim)).to(dtype or input.dtype)


def _count(input: Any, axes: Any, keepdim: bool, mask: Any) -> Any:
    ones = torch.ones(input.shape, dtype=torch.int64)
    return sum(ones, axes, keepdim=keepdim, mask=mask)


def mean(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The mean."""
    if dtype is None and not (input.dtype.is_floating_point or input.dtype.is_complex):
        raise ValueError(
            "mean(): Could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{input.dtype}"
        )
    if mask is None:
        return torch.mean(input, _axes(dim, input.dim()), keepdim=keepdim, dtype=dtype)
    axes = _axes(dim, input.dim())
    return sum(input, axes, keepdim=keepdim, dtype=dtype, mask=mask) / _count(input, axes, keepdim, mask)


def median(input: Any, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The median along a dimension."""
    input = _in_dtype(input, dtype)
    if not input.dtype.is_floating_point:
        if mask is not None and not _full_mask(input, mask).any(dim).all():
            raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
        return torch.nanmedian(_filled(input.float(), mask, torch.nan), dim, keepdim).values.to(input.dtype)
    if mask is None:
        return torch.median(input, dim, keepdim).values
    return torch.nanmedian(_filled(input, mask, torch.nan), dim, keepdim).values


def logsumexp(input: Any, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None) -> Any:
    """The logarithm of the sum of exponentials."""
    input = _in_dtype(input, dtype)
    filled = _filled(input, mask, _extreme(input.dtype, lowest=True))
    return torch.logsumexp(filled, _axes(dim, input.dim()), keepdim=keepdim).to(input.dtype)


def logaddexp(input: Any, other: Any, *, dtype: Any = None, input_mask: Any = None, other_mask: Any = None) -> Any:
    """log(exp(input) + exp(other)), each with a mask of its own."""
    first, second = _in_dtype(input, dtype), _in_dtype(other, dtype)
    lowest = _extreme(first.dtype, lowest=True)
    return torch.logaddexp(_filled(first, input_mask, lowest), _filled(second, other_mask, lowest))


def _floating(input: Any, dtype: Any) -> Any:
    if dtype is None and not (input.dtype.is_floating_point or input.dtype.is_complex):
        dtype = torch.get_default_dtype()
    return _in_dtype(input, dtype)


def norm(
    input: Any, ord: float | None = 2.0, dim: Any = None, *, keepdim: bool = False, dtype: Any = None, mask: Any = None
) -> Any:
    """The norm of vectors."""
    power = 2.0 if ord is None else float(ord)
    filled = _filled(_in_dtype(input, dtype), mask, torch.inf if power < 0 else 0)
    return torch.linalg.vector_norm(filled, power, _axes(dim, input.dim()), bool(keepdim))


def _spread(
    input: Any, dim: Any, unbiased: bool | None, correction: Any, keepdim: bool, dtype: Any, mask: Any, root: bool
) -> Any:
    if dim is not None and isinstance(dim, bool):
        raise TypeError("dim must be an int or a tuple of ints")
    if unbiased is not None and correction is not None:
        raise RuntimeError("Only one of unbiased and correction may be given")
    off = correction if correction is not None else 1 if unbiased is None else int(unbiased)
    input = _floating(input, dtype)
    axes = _axes(dim, input.dim())
    if mask is None:
        return (torch.std if root else torch.var)(input, axes, correction=off, keepdim=keepdim)
    count = _count(input, axes, True, mask)
    x = input - sum(input, axes, keepdim=True, mask=mask) / count
    total = sum(x * x.conj(), axes, keepdim=keepdim, mask=mask)
    count = count if keepdim else _count(input, axes, False, mask)
    found = total / torch.maximum(count - off, torch.zeros_like(count))
    found = found.real if found.dtype.is_complex else found
    return torch.sqrt(found) if root else found


def var(
    input: Any, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, keepdim: bool = False,
    dtype: Any = None, mask: Any = None,
) -> Any:  # fmt: skip
    """The variance."""
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask, root=False)


def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, keepdim: bool = False,
    dtype: Any = None, mask: Any = None,
) -> Any:  # fmt: skip
    """The standard deviation."""
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask, root=True)


def _hidden(input: Any, mask: Any) -> Any:
    return _filled(input, mask, _extreme(input.dtype, lowest=True))


def softmax(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """Exponentials that sum to one."""
    return torch.softmax(_hidden(_in_dtype(input, dtype), mask), dim)


def log_softmax(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """Their logarithms."""
    return torch.log_softmax(_hidden(_in_dtype(input, dtype), mask), dim)


def softmin(input: Any, dim: int, *, dtype: Any = None, mask: Any = None) -> Any:
    """The softmax of the negative."""
    return torch.softmax(_hidden(-_in_dtype(input, dtype), mask), dim)


def normalize(input: Any, ord: float, dim: int, *, eps: float = 1e-12, dtype: Any = None, mask: Any = None) -> Any:
    """Vectors divided by their norms, or by eps where that is larger."""
    input = _in_dtype(input, dtype)
    length = norm(input, ord, dim, keepdim=True, mask=mask)
    return _filled(input, mask, 0) / torch.maximum(length, torch.full([], eps, dtype=length.dtype))


def __getattr__(name: str) -> Any:
    if name in {"MaskedTensor", "masked_tensor", "as_masked_tensor", "is_masked_tensor"}:
        raise AttributeError(
            f"srcgrad.torch.masked has no {name}: keep the mask beside the tensor and pass it as mask="
        )
    from srcgrad.torch.absent import message

    raise AttributeError(message("srcgrad.torch.masked", name, __all__))
