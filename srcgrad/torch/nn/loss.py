"""Losses as modules: a function of `nn.functional` with its options fixed."""

from __future__ import annotations

import dataclasses
import math
import warnings
from typing import Any

from srcgrad.torch.nn import simple
from srcgrad.torch.nn.fixed import Fixed, beginning
from srcgrad.torch.nn.linear import Linear
from srcgrad.torch.nn.module import Module


def reduction_of(size_average: Any, reduce: Any) -> str:
    """The reduction that two deprecated options ask for."""
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    found = "none" if not reduce else "mean" if size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.",
        UserWarning,
        stacklevel=4,
    )
    return found


class _Loss(Fixed):
    """A loss with fixed options; `_buffered` are tensors that belong to the module's state."""

    _buffered: tuple[str, ...] = ()
    reduction: str

    def _begin(self, options: dict[str, Any]) -> None:
        size_average, reduce = options.pop("size_average", None), options.pop("reduce", None)
        if size_average is not None or reduce is not None:
            options["reduction"] = reduction_of(size_average, reduce)
        buffers = {name: options.pop(name) for name in self._buffered}
        Module.__init__(self)
        for name, value in buffers.items():
            self.register_buffer(name, value)
        for name, value in options.items():
            setattr(self, name, value)
        self._settle()

    def _passed(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._names if name not in {"size_average", "reduce"}}

    def extra_repr(self) -> str:
        return ""


class _Triplet(_Loss):
    distance_function: Any

    def _settle(self) -> None:
        if self.margin <= 0:
            raise ValueError(f"{type(self).__name__}: expected margin to be greater than 0, got {self.margin} instead")
        if "distance_function" in self._names and self.distance_function is None:
            self.distance_function = simple.PairwiseDistance()


class _MultiMargin(_Loss):
    def _settle(self) -> None:
        if self.p not in {1, 2}:
            raise ValueError("only p == 1 and p == 2 supported")
        if self.weight is not None and self.weight.dim() != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {self.weight.dim()}D instead"
            )


class _Huber(_Loss):
    def _settle(self) -> None:
        if not isinstance(self.delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(self.delta)}")


_OLD = "size_average=None, reduce=None, "
_TABLE = {
    "L1Loss": (_OLD + "reduction='mean'", "l1_loss", ()),
    "MSELoss": (_OLD + "reduction='mean'", "mse_loss", ()),
    "SmoothL1Loss": (_OLD + "reduction='mean', beta=1.0", "smooth_l1_loss", ()),
    "HuberLoss": ("reduction='mean', delta=1.0", "huber_loss", ()),
    "NLLLoss": ("weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'", "nll_loss", ("weight",)),
    "CrossEntropyLoss": (
        "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', label_smoothing=0.0",
        "cross_entropy",
        ("weight",),
    ),
    "BCELoss": ("weight=None, " + _OLD + "reduction='mean'", "binary_cross_entropy", ("weight",)),
    "BCEWithLogitsLoss": (
        "weight=None, " + _OLD + "reduction='mean', pos_weight=None",
        "binary_cross_entropy_with_logits",
        ("weight", "pos_weight"),
    ),
    "KLDivLoss": (_OLD + "reduction='mean', log_target=False", "kl_div", ()),
    "PoissonNLLLoss": (
        "log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction='mean'", "poisson_nll_loss", ()
    ),
    "GaussianNLLLoss": ("*, full=False, eps=1e-6, reduction='mean'", "gaussian_nll_loss", ()),
    "MarginRankingLoss": ("margin=0.0, " + _OLD + "reduction='mean'", "margin_ranking_loss", ()),
    "HingeEmbeddingLoss": ("margin=1.0, " + _OLD + "reduction='mean'", "hinge_embedding_loss", ()),
    "CosineEmbeddingLoss": ("margin=0.0, " + _OLD + "reduction='mean'", "cosine_embedding_loss", ()),
    "TripletMarginLoss": (
        "margin=1.0, p=2.0, eps=1e-6, swap=False, " + _OLD + "reduction='mean'", "triplet_margin_loss", ()
    ),
    "TripletMarginWithDistanceLoss": (
        "*, distance_function=None, margin=1.0, swap=False, reduction='mean'", "triplet_margin_with_distance_loss", ()
    ),
    "SoftMarginLoss": (_OLD + "reduction='mean'", "soft_margin_loss", ()),
    "MultiMarginLoss": ("p=1, margin=1.0, weight=None, " + _OLD + "reduction='mean'", "multi_margin_loss", ("weight",)),
    "MultiLabelMarginLoss": (_OLD + "reduction='mean'", "multilabel_margin_loss", ()),
    "MultiLabelSoftMarginLoss": (
        "weight=None, " + _OLD + "reduction='mean'", "multilabel_soft_margin_loss", ("weight",)
    ),
    "CTCLoss": ("blank=0, reduction='mean', zero_infinity=False", "ctc_loss", ()),
}  # fmt: skip

_BASES = {
    "TripletMarginLoss": _Triplet, "TripletMarginWithDistanceLoss": _Triplet, "MultiMarginLoss": _MultiMargin,
    "HuberLoss": _Huber,
}  # fmt: skip
# Those whose `__init__` is that of the class of all losses, which the texts of errors say.
_INHERITING = {
    "L1Loss", "MSELoss", "SoftMarginLoss", "MultiLabelMarginLoss"
}  # fmt: skip


def _loss(name: str, options: str, function: str, buffers: tuple[str, ...]) -> Any:
    init, names = beginning("_Loss" if name in _INHERITING else name, options)
    fields = {
        "__init__": init, "_names": names, "_function": function, "_buffered": buffers,
        "__doc__": f"`functional.{function}` as a module.",
    }  # fmt: skip
    return type(name, (_BASES.get(name, _Loss),), fields)


globals().update({name: _loss(name, *line) for name, line in _TABLE.items()})
NLLLoss2d = globals()["NLLLoss"]


@dataclasses.dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How a linear cross entropy is to be divided into pieces; here it is computed in one."""

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str | None = "auto"
    acc_dtype: Any = None


class LinearCrossEntropyLoss(Module):
    """The cross entropy of an affine map of the input."""

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
        device: Any = None, dtype: Any = None, reduction: str = "mean", weight: Any = None,
        ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
    ) -> None:  # fmt: skip
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = reduction
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.linear = Linear(
            in_features, math.prod(out_features, start=num_classes), bias=bias, device=device, dtype=dtype
        )
        self.options = options

    def forward(self, input: Any, target: Any) -> Any:
        from srcgrad.torch.nn import functional

        shape = (self.num_classes, *self.out_features)
        linear: Any = self.linear
        return functional.linear_cross_entropy(
            input, linear.weight.reshape(*shape, linear.in_features), target,
            linear_bias=None if linear.bias is None else linear.bias.reshape(shape), weight=self.weight,
            reduction=self.reduction, ignore_index=self.ignore_index, label_smoothing=self.label_smoothing,
            options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
