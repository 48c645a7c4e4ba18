"""Optimisers: what moves parameters along their gradients, and schedules of the learning rate."""

from srcgrad.torch.optim import lr_scheduler, swa_utils
from srcgrad.torch.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from srcgrad.torch.optim.algorithms import ASGD, SGD, Adadelta, Adagrad, RMSprop, Rprop
from srcgrad.torch.optim.lbfgs import LBFGS
from srcgrad.torch.optim.matrices import Adafactor, Muon
from srcgrad.torch.optim.optimizer import Optimizer
from srcgrad.torch.optim.sparse import SparseAdam

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "Optimizer",
    "RAdam", "RMSprop", "Rprop", "SparseAdam", "lr_scheduler", "swa_utils",
]  # fmt: skip
