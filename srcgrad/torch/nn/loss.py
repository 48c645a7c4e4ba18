"""Losses as modules: a function of `nn.functional` with its options fixed."""

from __future__ import annotations

import warnings
from typing import Any

from srcgrad.torch.nn.module import Module
from srcgrad.torch.nn.simple import _options


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


class _Loss(Module):
    """A loss with fixed options; `_buffered` are tensors that belong to the module's state."""

    _options = _options("size_average=None, reduce=None, reduction='mean'")
    _function = ""
    _buffered: tuple[str, ...] = ()
    reduction: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        try:
            given = self._options.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}.__init__() {error}") from None
        given.apply_defaults()
        values = dict(given.arguments)
        size_average, reduce = values.pop("size_average", None), values.pop("reduce", None)
        if size_average is not None or reduce is not None:
            values["reduction"] = reduction_of(size_average, reduce)
        for name, value in values.items():
            if name in self._buffered:
                self.register_buffer(name, value)
            else:
                object.__setattr__(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        from srcgrad.torch.nn import functional

        passed = {
            name: getattr(self, name)
            for name in self._options.parameters
            if name not in {"size_average", "reduce"}
        }
        return getattr(functional, self._function)(*inputs, **passed)


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

for _name, (_text, _function, _buffers) in _TABLE.items():
    globals()[_name] = type(
        _name,
        (_Loss,),
        {
            "_options": _options(_text), "_function": _function, "_buffered": _buffers, "__module__": __name__,
            "__doc__": f"`functional.{_function}` as a module.", "__signature__": _options(_text),
        },
    )  # fmt: skip

NLLLoss2d = globals()["NLLLoss"]
