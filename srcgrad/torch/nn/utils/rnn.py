"""Sequences of different lengths: padded to one array, or packed step by step without padding."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Any

import numpy as np

from srcgrad.torch.kernels.packing import chosen_rows, spread_rows
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

_packed = primitive(chosen_rows, "PackPaddedSequenceBackward0")
_padded = primitive(spread_rows, "CopySlices")
_padded.node_class.name = lambda _: "torch::autograd::CopySlices"  # type: ignore[method-assign, assignment]


class PackedSequence(
    namedtuple("PackedSequence", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"])  # noqa: PYI024
):
    """Sequences step by step: `batch_sizes` says how many of them still run at each step."""

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> Any:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """The sequences in another dtype."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self) -> Any:
        """The sequences: they are on the CPU."""
        return self

    def pin_memory(self) -> Any:
        """The sequences."""
        return self

    def double(self) -> Any:
        """The sequences in float64."""
        return self.to(self.data.double().dtype)

    def float(self) -> Any:
        """The sequences in float32."""
        return self.to(self.data.float().dtype)

    def half(self) -> Any:
        """The sequences in float16."""
        return self.to(self.data.half().dtype)

    def long(self) -> Any:
        """The sequences in int64."""
        return self.to(self.data.long().dtype)

    def int(self) -> Any:
        """The sequences in int32."""
        return self.to(self.data.int().dtype)

    def short(self) -> Any:
        """The sequences in int16."""
        return self.to(self.data.short().dtype)

    def char(self) -> Any:
        """The sequences in int8."""
        return self.to(self.data.char().dtype)

    def byte(self) -> Any:
        """The sequences in uint8."""
        return self.to(self.data.byte().dtype)

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False

    def is_pinned(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes another; None stays."""
    if permutation is None:
        return None
    inverse = np.empty_like(permutation._a)
    inverse[permutation._a] = np.arange(permutation._a.size)
    return wrap(inverse)


def _check_lengths(lengths: Any, batch: int) -> None:
    if lengths.size != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {lengths.size} (batch_size={batch})"
        )
    if (np.diff(lengths) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do "
            "not need ONNX exportability."
        )
    if lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )


def _rows(batch_sizes: Any, batch: int) -> Any:
    """The numbers of the rows that are no padding, step by step."""
    return np.concatenate([step * batch + np.arange(n) for step, n in enumerate(batch_sizes)])


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leave out what follows the end of each sequence."""
    sizes = (lengths._a if isinstance(lengths, Tensor) else np.asarray([int(n) for n in lengths])).astype(np.int64)
    order = None
    if not enforce_sorted:
        order = wrap(np.argsort(-sizes, kind="stable"))
        sizes = sizes[order._a]
        input = input.index_select(0 if batch_first else 1, order)
    if not input._a.size:
        raise RuntimeError("Cannot pack empty tensors.")
    if batch_first:
        input = input.transpose(0, 1)
    steps, batch = input._a.shape[:2]
    _check_lengths(sizes, batch)
    batch_sizes = (sizes[:, None] > np.arange(int(sizes[0]))).sum(0)
    data = _packed(input, _rows(batch_sizes[:steps], batch))
    made: PackedSequence = PackedSequence(data, wrap(batch_sizes), order, None)
    return made


def pad_packed_sequence(
    sequence: Any, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """The sequences in one array again, and their lengths."""
    batch_sizes = sequence.batch_sizes._a
    steps = len(batch_sizes)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    batch = int(batch_sizes[0])
    rows = _rows(batch_sizes, batch)
    shape = (steps, batch, *sequence.data._a.shape[1:])
    padded: Any = _padded(sequence.data, rows, shape)
    if padding_value:
        empty = np.ones(steps * batch, bool)
        empty[rows] = False
        mask = empty.reshape(steps, batch, *(1,) * (len(shape) - 2))
        padded = padded.masked_fill(wrap(np.broadcast_to(mask, shape)), padding_value)
    lengths = wrap((batch_sizes[:, None] > np.arange(batch)).sum(0))
    if batch_first:
        padded = padded.transpose(0, 1)
    order = sequence.unsorted_indices
    if order is not None:
        return padded.index_select(0 if batch_first else 1, order), wrap(lengths._a[order._a])
    return padded, lengths


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences of different lengths in one array, filled up with a value."""
    from srcgrad.torch.names import FUNCTIONS
    from srcgrad.torch.nn.functional.padding import pad

    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    members: list[Any] = list(sequences)
    if not members:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in {"left", "right"}:
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(m._a.shape[0] for m in members)
    filled = []
    for m in members:
        more = longest - m._a.shape[0]
        sides = (0, 0) * (m._a.ndim - 1) + ((more, 0) if padding_side == "left" else (0, more))
        filled.append(pad(m, sides, value=padding_value))
    return FUNCTIONS["stack"](filled, 0 if batch_first else 1)  # type: ignore[no-any-return]


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences without what was filled up."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [row[: int(n)] for row, n in zip(padded_sequences, lengths._a, strict=True)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Sequences of different lengths, packed."""
    lengths = [m._a.shape[0] for m in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: Any) -> list[Any]:
    """The sequences that were packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
