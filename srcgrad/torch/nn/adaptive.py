"""The adaptive softmax (Grave et al. 2017): frequent classes directly, the rest in clusters of smaller width."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from srcgrad.torch.names import FUNCTIONS
from srcgrad.torch.nn.containers import ModuleList, Sequential
from srcgrad.torch.nn.linear import Linear
from srcgrad.torch.nn.module import Module
from srcgrad.torch.tensor import wrap

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])  # noqa: PYI024 - as PyTorch's


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log probabilities of targets, and their mean loss."""

    in_features: int
    n_classes: int
    cutoffs: list[int]
    div_value: float
    head_bias: bool

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
        head_bias: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            cutoffs != sorted(set(cutoffs)) or min(cutoffs) <= 0 or max(cutoffs) > n_classes - 1
            or any(int(c) != c for c in cutoffs)
        ):  # fmt: skip
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        where = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **where)
        self.tail = ModuleList()
        for k, (low, high) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // (div_value ** (k + 1)))
            self.tail.append(
                Sequential(
                    Linear(in_features, width, bias=False, **where), Linear(width, high - low, bias=False, **where)
                )
            )

    def reset_parameters(self) -> None:
        """Draw the values anew."""
        self.head.reset_parameters()
        for narrow, wide in self.tail:
            narrow.reset_parameters()
            wide.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> Any:
        batched = self._check(input_, target_)
        input = input_ if batched else input_.unsqueeze(0)
        target = target_._a if batched else target_._a[None]
        if target.size and (target.min() < 0 or target.max() >= self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{target.min()}, "
                f"{target.max()}] were found. "
            )
        y = wrap(np.zeros(len(target), input._a.dtype))
        chosen = target.copy()
        for k, (low, high) in enumerate(pairwise(self.cutoffs)):
            rows = np.flatnonzero((target >= low) & (target < high))
            if rows.size:
                part = self.tail[k](input.index_select(0, wrap(rows))).log_softmax(1)
                values = part.gather(1, wrap(target[rows] - low).unsqueeze(1)).squeeze(1)  # type: ignore[attr-defined]
                chosen[rows] = self.shortlist_size + k
                y = FUNCTIONS["index_add"](y, 0, wrap(rows), values)
        head = self.head(input).log_softmax(1)
        y = y + head.gather(1, wrap(chosen).unsqueeze(1)).squeeze(1)  # type: ignore[attr-defined]
        loss = (-y).mean()
        return _ASMoutput(y if batched else y.squeeze(0), loss)

    def _check(self, input: Any, target: Any) -> bool:
        """Raise where operands do not fit; whether they are batches."""
        n = target.dim()
        if n > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if n == 1 and input.size(0) != target.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.dim() != n + 1:
            raise RuntimeError(
                f"{n}D target tensor expects {n + 1}D input tensors, but found inputs with size {input.size()}"
            )
        return bool(n)

    def _get_full_log_prob(self, input: Any, head_output: Any) -> Any:
        """The log probabilities of all classes."""
        head = head_output.log_softmax(1)
        size = self.shortlist_size
        parts = [head[:, :size]]
        for k, cluster in enumerate(self.tail):
            parts.append(cluster(input).log_softmax(1) + head[:, size + k].unsqueeze(1))
        return FUNCTIONS["cat"](parts, 1)

    def log_prob(self, input: Any) -> Any:
        """The log probabilities of all classes for each row."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Any) -> Any:
        """The most probable class of each row."""
        head = self.head(input)
        chosen = head._a.argmax(1)
        rare = chosen >= self.shortlist_size
        if rare.any():
            rows = wrap(np.flatnonzero(rare))
            full = self._get_full_log_prob(input.index_select(0, rows), head.index_select(0, rows))
            chosen[rare] = full._a.argmax(1)
        return wrap(chosen)
