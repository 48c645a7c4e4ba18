"""The losses and distances that PyTorch also has as `torch.name`, with the reduction as a number: 0 none, which it is unless given, 1 mean, 2 sum.

What enters and leaves is as with the functions of the same names in `torch.nn.functional`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch import drawing
from srcgrad.torch.kernels import distances
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.pointwise import check_broadcast, not_a_tensor
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap

REDUCTIONS = ("none", "mean", "sum")


def _functional(name: str) -> Any:
    from srcgrad.torch.nn import functional

    return getattr(functional, name)


def _check(function: str, **tensors: Any) -> None:
    for position, (name, t) in enumerate(tensors.items(), 1):
        if not isinstance(t, Tensor):
            raise not_a_tensor(function, t, name, position)


@op("binary_cross_entropy_with_logits", method=False)
def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Any = None, pos_weight: Any = None, reduction: int = 0
) -> Tensor:
    """The binary cross entropy of sigmoid(input)."""
    _check("binary_cross_entropy_with_logits", input=input, target=target)
    found: Tensor = _functional("binary_cross_entropy_with_logits")(
        input, target, weight, reduction=REDUCTIONS[reduction], pos_weight=pos_weight
    )
    return found


@op("cosine_embedding_loss", method=False)
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """See nn.functional.cosine_embedding_loss."""
    _check("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    found: Tensor = _functional("cosine_embedding_loss")(
        input1, input2, target, margin, reduction=REDUCTIONS[reduction]
    )
    return found


@op("hinge_embedding_loss", method=False)
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0) -> Tensor:
    """See nn.functional.hinge_embedding_loss."""
    _check("hinge_embedding_loss", input=input, target=target)
    found: Tensor = _functional("hinge_embedding_loss")(input, target, margin, reduction=REDUCTIONS[reduction])
    return found


@op("kl_div", method=False)
def kl_div(input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False) -> Tensor:
    """See nn.functional.kl_div."""
    _check("kl_div", input=input, target=target)
    loss = _functional("kl_div")(input, target, reduction="none", log_target=log_target)
    return loss.mean() if reduction == 1 else loss.sum() if reduction == 2 else loss  # type: ignore[no-any-return]


@op("margin_ranking_loss", method=False)
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """See nn.functional.margin_ranking_loss."""
    _check("margin_ranking_loss", input1=input1, input2=input2, target=target)
    found: Tensor = _functional("margin_ranking_loss")(input1, input2, target, margin, reduction=REDUCTIONS[reduction])
    return found


@op("poisson_nll_loss", method=False)
def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int) -> Tensor:
    """See nn.functional.poisson_nll_loss."""
    _check("poisson_nll_loss", input=input, target=target)
    found: Tensor = _functional("poisson_nll_loss")(
        input, target, log_input, full, None, eps, None, REDUCTIONS[reduction]
    )
    return found


@op("triplet_margin_loss", method=False)
def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, reduction: int = 0,
) -> Tensor:  # fmt: skip
    """See nn.functional.triplet_margin_loss."""
    _check("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    found: Tensor = _functional("triplet_margin_loss")(
        anchor, positive, negative, margin, p, eps, swap, reduction=REDUCTIONS[reduction]
    )
    return found


@op("ctc_loss", method=False)
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """See nn.functional.ctc_loss."""
    found: Tensor = _functional("ctc_loss")(
        log_probs, targets, input_lengths, target_lengths, blank, REDUCTIONS[reduction], zero_infinity
    )
    return found


@op("pairwise_distance", method=False)
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """See nn.functional.pairwise_distance."""
    _check("pairwise_distance", x1=x1, x2=x2)
    found: Tensor = _functional("pairwise_distance")(x1, x2, p, eps, keepdim)
    return found


@op("cosine_similarity", method=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """See nn.functional.cosine_similarity."""
    _check("cosine_similarity", x1=x1, x2=x2)
    found: Tensor = _functional("cosine_similarity")(x1, x2, dim, eps)
    return found


# Distances between all pairs.

_cdist = primitive(distances.cdist, "CdistBackward0")
_euclidean = primitive(distances.cdist, "EuclideanDistBackward0")
_pdist = primitive(distances.pdist, "PdistBackward0")


@op("cdist", method=False)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The distances of each vector of x1 (…, n, features) from each of x2 (…, m, features)."""
    _check("cdist", x1=x1, x2=x2)
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for k, x in enumerate((x1, x2), 1):
        if x._a.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{k} got: {x._a.ndim}D")
    if x1._a.shape[-1] != x2._a.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._a.shape[-1]} X2: {x2._a.shape[-1]}"
        )
    for k, x in enumerate((x1, x2), 1):
        if x._a.dtype.kind != "f":
            raise RuntimeError(f"cdist only supports floating-point dtypes, X{k} got: {x.dtype._c_name}")
    if x1._a.dtype != x2._a.dtype:
        raise RuntimeError(f"expected scalar type {x1.dtype._c_name} but found {x2.dtype._c_name}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    many = x1._a.shape[-2] > 25 or x2._a.shape[-2] > 25
    if p == 2 and x1._a.size and x2._a.size and (compute_mode == modes[1] or (compute_mode == modes[0] and many)):
        return _by_product(x1, x2)
    return _cdist(x1, x2, float(p))  # type: ignore[no-any-return]


def _by_product(x1: Any, x2: Any) -> Tensor:
    """The Euclidean distances as PyTorch has them where it multiplies matrices: the batches as one dimension.

    The values are those of the differences, which know a distance of zero from a small one.
    """
    check_broadcast(x1._a.shape[:-2], x2._a.shape[:-2])
    batch = np.broadcast_shapes(x1._a.shape[:-2], x2._a.shape[:-2])
    if batch:
        x1, x2 = [
            x.expand(*batch, *x._a.shape[-2:]).contiguous().view(-1, *x._a.shape[-2:]) for x in (x1, x2)
        ]  # fmt: skip
    found: Any = _euclidean(x1, x2, 2.0)
    return found.view(*batch, *found._a.shape[-2:])  # type: ignore[no-any-return]


@op("pdist", method=False)
def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The distances of each row of a matrix from each later one."""
    _check("pdist", input=input)
    if input._a.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input._a.ndim}D")
    if input._a.dtype.kind != "f":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return _pdist(input, float(p))  # type: ignore[no-any-return]


@op("native_dropout", method=False)
def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """Dropout, and where it kept the elements."""
    _check("native_dropout", input=input)
    if train is False or not input._a.size:
        return FUNCTIONS["clone"](input), wrap(np.ones(input._a.shape, bool))
    mask = drawing.dropout_mask(input._a, p)
    return input * wrap(mask), wrap(mask != 0)  # type: ignore[operator]
