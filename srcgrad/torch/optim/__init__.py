"""Optimisers: what moves parameters along their gradients, and schedules of the learning rate."""

from srcgrad.torch.optim import lr_scheduler
from srcgrad.torch.optim.algorithms import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
)
from srcgrad.torch.optim.lbfgs import LBFGS
from srcgrad.torch.optim.optimizer import Optimizer

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop",
    "lr_scheduler",
]  # fmt: skip
