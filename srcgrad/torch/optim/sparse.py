"""Adam for sparse gradients, of which there are none here: the class is there to say so."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.optim.first_order import check, checked, number
from srcgrad.torch.optim.optimizer import Optimizer, stepping, with_gradients


class SparseAdam(Optimizer):
    """Adam that moves only what a sparse gradient names; with a dense gradient its step raises, as in PyTorch.

    Tensors are dense here, so that each step raises: `Adam` is what to use.
    """

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:  # fmt: skip
        check(number(lr) > 0, "learning rate", lr)
        check(eps > 0, "epsilon value", eps)
        checked(betas=betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    @stepping
    def step(self) -> None:
        """Raises RuntimeError where a parameter has a gradient, since that is dense."""
        for group in self.param_groups:
            for _ in with_gradients(group):
                raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
