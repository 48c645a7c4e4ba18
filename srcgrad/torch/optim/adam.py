"""Adam and the optimisers that vary it: averages of the gradient and of its square, corrected for their start.

What enters: parameters with gradients. What leaves: parameters moved in place, and the running averages as state.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.optim.first_order import FirstOrder, checked, decayed, like, number, zero
from srcgrad.torch.tensor import Tensor, wrap


def averaged(p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Count the step, let the weights decay and carry the averages on: the gradient, its average and that of its square."""
    state["step"]._a += 1
    if group["decoupled_weight_decay"]:
        p *= 1 - number(group["lr"]) * group["weight_decay"]
    else:
        g = decayed(p, g, group)
    beta1, beta2 = (number(b) for b in group["betas"])
    m, v = state["exp_avg"]._a, state["exp_avg_sq"]._a
    m += (1 - beta1) * (g - m)
    v *= beta2
    v += (1 - beta2) * (g * g)
    return g, m, v


class Adam(FirstOrder):
    """Adam (Kingma and Ba, ICLR 2015), with AMSGrad (Reddi et al., ICLR 2018) on request."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = {"step": zero(), "exp_avg": like(p), "exp_avg_sq": like(p)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = like(p)
        return state

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = number(group["lr"])
        beta1, beta2 = (number(b) for b in group["betas"])
        _, m, v = averaged(p, g, state, group)
        step = state["step"]._a.item()
        if group["amsgrad"]:
            v = np.maximum(state["max_exp_avg_sq"]._a, v, out=state["max_exp_avg_sq"]._a)
        spread = np.sqrt(v)
        spread /= math.sqrt(1 - beta2**step)
        spread += group["eps"]
        np.divide(m, spread, out=spread)
        spread *= lr / (1 - beta1**step)
        p -= spread


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019)."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip


class Adamax(FirstOrder):
    """Adam in the maximum norm (Kingma and Ba, ICLR 2015, section 7)."""

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {"step": zero(), "exp_avg": like(p), "exp_inf": like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = decayed(p, g, group)
        beta1, beta2 = group["betas"]
        m, u = state["exp_avg"]._a, state["exp_inf"]._a
        m += (1 - beta1) * (g - m)
        np.maximum(u * beta2, np.abs(g) + group["eps"], out=u)
        p -= number(group["lr"]) / (1 - beta1 ** state["step"]._a.item()) * (m / u)


class NAdam(FirstOrder):
    """Adam with Nesterov's momentum (Dozat, ICLR workshop 2016)."""

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {
            "step": zero(), "mu_product": wrap(np.ones((), np.float32)), "exp_avg": like(p), "exp_avg_sq": like(p),
        }  # fmt: skip

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = number(group["lr"])
        beta1, beta2 = group["betas"]
        g, m, v = averaged(p, g, state, group)
        step = state["step"]._a.item()
        mu = beta1 * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
        ahead = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * group["momentum_decay"]))
        state["mu_product"]._a *= mu
        product = state["mu_product"]._a.item()
        spread = np.sqrt(v / (1 - beta2**step)) + group["eps"]
        p -= lr * (1 - mu) / (1 - product) * (g / spread)
        p -= lr * ahead / (1 - product * ahead) * (m / spread)


class RAdam(FirstOrder):
    """Adam with a rectified variance (Liu et al., ICLR 2020)."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr, eps=eps, betas=betas, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {"step": zero(), "exp_avg": like(p), "exp_avg_sq": like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = number(group["lr"])
        beta1, beta2 = group["betas"]
        _, m, v = averaged(p, g, state, group)
        step = state["step"]._a.item()
        rest = 1 - beta2**step
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / rest
        move = m / (1 - beta1**step) * lr
        if length > 5:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            move = move * (math.sqrt(rest) / (np.sqrt(v) + group["eps"])) * math.sqrt(rectified)
        p -= move
