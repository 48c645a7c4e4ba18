"""First-order optimisers, each as its formula on arrays.

What enters: parameters with gradients. What leaves: parameters moved in place, and the running averages as state.
Each class names the paper that its formula is from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.optim.first_order import FirstOrder, check, checked, decayed, like, number, zero
from srcgrad.torch.tensor import Tensor, wrap


class SGD(FirstOrder):
    """Gradient descent with momentum (Sutskever et al., ICML 2013)."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        checked(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        g = decayed(p, g, group)
        momentum = group["momentum"]
        if momentum:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = wrap(np.array(g))
            else:
                buffer._a *= momentum
                buffer._a += (1 - group["dampening"]) * g
            g = g + momentum * buffer._a if group["nesterov"] else buffer._a
        p -= number(group["lr"]) * g


class RMSprop(FirstOrder):
    """RMSprop (Hinton's lecture notes; centred as in Graves, arXiv:1308.0850)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = {"step": zero(), "square_avg": like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = like(p)
        if group["centered"]:
            state["grad_avg"] = like(p)
        return state

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = decayed(p, g, group)
        v = state["square_avg"]._a
        v *= group["alpha"]
        v += (1 - group["alpha"]) * (g * g)
        if group["centered"]:
            mean = state["grad_avg"]._a
            mean += (1 - group["alpha"]) * (g - mean)
            spread = np.sqrt(v - mean * mean)
        else:
            spread = np.sqrt(v)
        spread += group["eps"]
        lr = number(group["lr"])
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"]._a
            buffer *= group["momentum"]
            buffer += g / spread
            p -= lr * buffer
        else:
            p -= lr * (g / spread)


class Adagrad(FirstOrder):
    """Adagrad (Duchi, Hazan and Singer, JMLR 2011)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        checked(
            lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )  # fmt: skip
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(self.start(p, group))

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": zero(), "sum": like(p, group["initial_accumulator_value"])}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = decayed(p, g, group)
        total = state["sum"]._a
        total += g * g
        rate = number(group["lr"]) / (1 + (state["step"]._a.item() - 1) * group["lr_decay"])
        p -= rate * (g / (np.sqrt(total) + group["eps"]))


class Adadelta(FirstOrder):
    """Adadelta (Zeiler, arXiv:1212.5701)."""

    def __init__(
        self, params: Any, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr)
        check(0 <= rho <= 1, "rho value", rho)
        checked(eps=eps, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {"step": zero(), "square_avg": like(p), "acc_delta": like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = decayed(p, g, group)
        rho, eps = group["rho"], group["eps"]
        v, moved = state["square_avg"]._a, state["acc_delta"]._a
        v *= rho
        v += (1 - rho) * (g * g)
        delta = np.sqrt(moved + eps) / np.sqrt(v + eps) * g
        moved *= rho
        moved += (1 - rho) * (delta * delta)
        p -= number(group["lr"]) * delta


class ASGD(FirstOrder):
    """Averaged stochastic gradient descent (Polyak and Juditsky, SIAM J. Control Optim. 1992)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        eta = wrap(np.array(number(group["lr"]), np.float32))
        return {"step": zero(), "eta": eta, "mu": wrap(np.ones((), np.float32)), "ax": like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        step = state["step"]._a.item()
        g = decayed(p, g, group)
        eta = state["eta"]._a.item()
        p *= 1 - group["lambd"] * eta
        p -= eta * g
        mu = state["mu"]._a.item()
        mean = state["ax"]._a
        mean += (p - mean) * mu
        lr = number(group["lr"])
        # PyTorch keeps these two in float32.
        state["eta"]._a[...] = np.float32(lr / (1 + group["lambd"] * lr * step) ** group["alpha"])
        state["mu"]._a[...] = np.float32(1 / max(1, step - group["t0"]))


class Rprop(FirstOrder):
    """Resilient backpropagation (Riedmiller and Braun, ICNN 1993)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        checked(lr=lr)
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": zero(), "prev": like(p), "step_size": like(p, number(group["lr"]))}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        before, size = state["prev"]._a, state["step_size"]._a
        agreed = np.sign(g * before)
        less, more = group["etas"]
        size *= np.where(agreed > 0, more, np.where(agreed < 0, less, 1.0)).astype(size.dtype)
        np.clip(size, *group["step_sizes"], out=size)
        g = np.where(agreed < 0, 0, g).astype(g.dtype)
        p -= np.sign(g) * size
        before[...] = g
