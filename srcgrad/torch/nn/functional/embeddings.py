"""Rows of a table chosen by index, alone or in bags, and indices as rows of zeros and a one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from srcgrad.torch.kernels import embedding as kernels
from srcgrad.torch.kernels import embedding_frequency
from srcgrad.torch.kernels.embedding_bags import embedding_bag as bag_kernel
from srcgrad.torch.names import op
from srcgrad.torch.nn.functional.arguments import check_tensor
from srcgrad.torch.primitive import legacy_name, primitive
from srcgrad.torch.tensor import Tensor, wrap

__all__ = ["embedding", "embedding_bag", "one_hot"]


_embedding = primitive(kernels.embedding, "EmbeddingBackward0")
_frequent = primitive(embedding_frequency.frequent_embedding, "EmbeddingBackward0")
_bag = primitive(bag_kernel, "EmbeddingBagBackward0")

MODES = {"sum": 0, "mean": 1, "max": 2}


def _check_indices(name: str, indices: Any) -> None:
    if indices.dtype.name not in {"int64", "int32"}:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{legacy_name(indices.dtype)} instead (while checking arguments for {name})"
        )


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """The rows of `weight` at the indices `input`; the gradient is dense also where a sparse one is asked for."""
    rows = weight._a.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif padding_idx > 0:
        if padding_idx >= rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
    elif padding_idx < 0:
        if padding_idx < -rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx += rows
    if max_norm is not None:
        renormed(weight, input._a, max_norm, norm_type)
    return _rows(weight, input, padding_idx, scale_grad_by_freq, sparse)


@op("embedding", method=False)
def _rows(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    del sparse
    check_tensor("embedding", indices, "indices", 2)
    a, i = weight._a, indices._a
    if a.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    _check_indices("embedding", i)
    if i.size and (i.min() < 0 or i.max() >= a.shape[0]):
        raise IndexError("index out of range in self")
    return (_frequent if scale_grad_by_freq else _embedding)(weight, i, padding_idx)  # type: ignore[no-any-return]


@op("embedding_renorm_", method=False)
def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scale the rows at some indices down to a norm."""
    renormed(input, indices._a, max_norm, norm_type)
    return input


def renormed(weight: Tensor, indices: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows at some indices down to a norm, in place."""
    chosen = np.unique(indices)
    rows = weight._a[chosen]
    norms = np.linalg.norm(rows, norm_type, axis=1)
    longer = norms > max_norm
    weight._a[chosen[longer]] = rows[longer] * (max_norm / (norms[longer] + 1e-7)).astype(rows.dtype)[:, None]
    weight._writes.bump()


def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None,
    norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False,
    per_sample_weights: Tensor | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """The sums, means or maxima of bags of rows of `weight`."""
    if weight._a.dtype == np.int64 and input._a.dtype.kind == "f":
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`.",
            stacklevel=2,
        )
        input, weight = weight, input
    if per_sample_weights is not None and per_sample_weights._a.shape != input._a.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the "
            f"same shape as the input ({input.shape})"
        )
    if weight._a.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight._a.ndim}")
    indices: Any = input
    starts, indices, per_sample_weights = _bags(input, offsets, per_sample_weights)
    if mode not in MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if max_norm is not None:
        renormed(weight, input._a, max_norm, norm_type)
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}'). Please open a feature request on GitHub."
        )
    rows = weight._a.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise IndexError(
                f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got {padding_idx}"
            )
        padding_idx %= rows
    return _bagged(weight, indices, starts, MODES[mode], per_sample_weights, include_last_offset, padding_idx)[0]  # type: ignore[no-any-return]


def _bags(input: Any, offsets: Tensor | None, shares: Any) -> tuple[Any, Any, Any]:
    """Where each bag begins, the indices in a row, and their weights."""
    if input._a.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                "sequences. However, found offsets of type <class 'torch.Tensor'>"
            )
        starts = wrap(np.arange(0, input._a.size, input._a.shape[1] or 1, dtype=input._a.dtype))
        return starts, input.reshape(-1), None if shares is None else shares.reshape(-1)
    if input._a.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input._a.ndim}")
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets._a.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    return offsets, input, shares


@op("embedding_bag", method=False)
def _embedding_bag_of_torch(
    weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: bool = False, mode: int = 0,
    sparse: bool = False, per_sample_weights: Tensor | None = None, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:  # fmt: skip
    del scale_grad_by_freq, sparse
    y, origin = _bagged(weight, indices, offsets, mode, per_sample_weights, include_last_offset, padding_idx)
    edges = offsets._a if include_last_offset else np.append(offsets._a, indices._a.size)
    sizes = np.diff(edges)
    bags = wrap(np.repeat(np.arange(len(sizes)), sizes))
    return y, bags, wrap(sizes), origin


def _bagged(
    weight: Tensor, indices: Tensor, offsets: Tensor, mode: int, shares: Tensor | None, include_last_offset: bool,
    padding_idx: int | None,
) -> Any:  # fmt: skip
    i, o = indices._a, offsets._a
    _check_indices("embedding_bag", i)
    if o.size and o[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
            f"got {o[0]}\n[ torch.{legacy_name(o.dtype)}{{}} ]"
        )
    if o.size and o[-1] > i.size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {i.size} but got offsets[-1] of {o[-1]}"
        )
    wrong = np.flatnonzero((i < 0) | (i >= weight._a.shape[0]))
    if wrong.size:
        raise RuntimeError(
            f"Index {wrong[0]} of input takes value {i[wrong[0]]} which is not in the valid range "
            f"[0, {weight._a.shape[0]})"
        )
    row = -1 if padding_idx is None else padding_idx
    return _bag(weight, i, o, mode, shares, include_last_offset, row)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """For each index, zeros with a one at its place."""
    a = tensor._a
    if a.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not a.size:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return wrap(np.zeros((*a.shape, num_classes), np.int64))
    if a.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(a.max()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif a.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((a[..., None] == np.arange(num_classes)).astype(np.int64))
