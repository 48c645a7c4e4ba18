"""First-order optimisers, each as its formula on arrays.

What enters: parameters with gradients. What leaves: parameters moved in place, and the running averages as state.
Each class names the paper that its formula is from.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.optim.optimizer import Optimizer, stepping, with_gradients
from srcgrad.torch.tensor import Tensor, wrap


def _like(p: Tensor, value: float = 0.0) -> Tensor:
    return wrap(np.full(p._a.shape, value, p._a.dtype))


def _zero() -> Tensor:
    return wrap(np.zeros((), np.float32))


def _number(x: Any) -> Any:
    return x._a.item() if isinstance(x, Tensor) else x


def _check(condition: bool, name: str, value: Any) -> None:
    if not condition:
        raise ValueError(f"Invalid {name}: {value}")


class _FirstOrder(Optimizer):
    """Walks through the parameters; a subclass writes `start` (the state) and `move` (the formula)."""

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        del p, group
        return {}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Write into the array p, given the gradient g."""
        raise NotImplementedError

    @stepping
    def step(self) -> None:
        """Write into the parameters what their gradients ask for."""
        for group in self.param_groups:
            for p, g in with_gradients(group):
                state = self.state[p]
                if not state:
                    state.update(self.start(p, group))
                self.move(p._a, -g if group["maximize"] else g, state, group)
                p._writes.bump()


def _decayed(p: Any, g: Any, group: dict[str, Any]) -> Any:
    return g + group["weight_decay"] * p if group["weight_decay"] else g


class SGD(_FirstOrder):
    """Gradient descent with momentum (Sutskever et al., ICML 2013)."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(momentum >= 0, "momentum value", momentum)
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        g = _decayed(p, g, group)
        momentum = group["momentum"]
        if momentum:
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = wrap(np.array(g))
            else:
                buffer._a *= momentum
                buffer._a += (1 - group["dampening"]) * g
            g = g + momentum * buffer._a if group["nesterov"] else buffer._a
        p -= _number(group["lr"]) * g


class Adam(_FirstOrder):
    """Adam (Kingma and Ba, ICLR 2015), with AMSGrad (Reddi et al., ICLR 2018) on request."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(eps >= 0, "epsilon value", eps)
        _check(0 <= betas[0] < 1, "beta parameter at index 0", betas[0])
        _check(0 <= betas[1] < 1, "beta parameter at index 1", betas[1])
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = {"step": _zero(), "exp_avg": _like(p), "exp_avg_sq": _like(p)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = _like(p)
        return state

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = _number(group["lr"])
        beta1, beta2 = (_number(b) for b in group["betas"])
        state["step"]._a += 1
        step = state["step"]._a.item()
        if group["decoupled_weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        else:
            g = _decayed(p, g, group)
        m, v = state["exp_avg"]._a, state["exp_avg_sq"]._a
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * (g * g)
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


class RMSprop(_FirstOrder):
    """RMSprop (Hinton's lecture notes; centred as in Graves, arXiv:1308.0850)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(eps >= 0, "epsilon value", eps)
        _check(momentum >= 0, "momentum value", momentum)
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        _check(alpha >= 0, "alpha value", alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = {"step": _zero(), "square_avg": _like(p)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = _like(p)
        if group["centered"]:
            state["grad_avg"] = _like(p)
        return state

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = _decayed(p, g, group)
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
        lr = _number(group["lr"])
        if group["momentum"] > 0:
            buffer = state["momentum_buffer"]._a
            buffer *= group["momentum"]
            buffer += g / spread
            p -= lr * buffer
        else:
            p -= lr * (g / spread)


class Adagrad(_FirstOrder):
    """Adagrad (Duchi, Hazan and Singer, JMLR 2011)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(lr_decay >= 0, "lr_decay value", lr_decay)
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        _check(initial_accumulator_value >= 0, "initial_accumulator_value value", initial_accumulator_value)
        _check(eps >= 0, "epsilon value", eps)
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p].update(self.start(p, group))

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": _zero(), "sum": _like(p, group["initial_accumulator_value"])}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = _decayed(p, g, group)
        total = state["sum"]._a
        total += g * g
        rate = _number(group["lr"]) / (1 + (state["step"]._a.item() - 1) * group["lr_decay"])
        p -= rate * (g / (np.sqrt(total) + group["eps"]))


class Adadelta(_FirstOrder):
    """Adadelta (Zeiler, arXiv:1212.5701)."""

    def __init__(
        self, params: Any, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(0 <= rho <= 1, "rho value", rho)
        _check(eps >= 0, "epsilon value", eps)
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {"step": _zero(), "square_avg": _like(p), "acc_delta": _like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = _decayed(p, g, group)
        rho, eps = group["rho"], group["eps"]
        v, moved = state["square_avg"]._a, state["acc_delta"]._a
        v *= rho
        v += (1 - rho) * (g * g)
        delta = np.sqrt(moved + eps) / np.sqrt(v + eps) * g
        moved *= rho
        moved += (1 - rho) * (delta * delta)
        p -= _number(group["lr"]) * delta


class Adamax(_FirstOrder):
    """Adam in the maximum norm (Kingma and Ba, ICLR 2015, section 7)."""

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(eps >= 0, "epsilon value", eps)
        _check(0 <= betas[0] < 1, "beta parameter at index 0", betas[0])
        _check(0 <= betas[1] < 1, "beta parameter at index 1", betas[1])
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {"step": _zero(), "exp_avg": _like(p), "exp_inf": _like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        g = _decayed(p, g, group)
        beta1, beta2 = group["betas"]
        m, u = state["exp_avg"]._a, state["exp_inf"]._a
        m += (1 - beta1) * (g - m)
        np.maximum(u * beta2, np.abs(g) + group["eps"], out=u)
        p -= _number(group["lr"]) / (1 - beta1 ** state["step"]._a.item()) * (m / u)


class NAdam(_FirstOrder):
    """Adam with Nesterov's momentum (Dozat, ICLR workshop 2016)."""

    def __init__(
        self, params: Any, lr: Any = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(eps >= 0, "epsilon value", eps)
        _check(0 <= betas[0] < 1, "beta parameter at index 0", betas[0])
        _check(0 <= betas[1] < 1, "beta parameter at index 1", betas[1])
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        _check(momentum_decay >= 0, "momentum_decay value", momentum_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {
            "step": _zero(), "mu_product": wrap(np.ones((), np.float32)), "exp_avg": _like(p), "exp_avg_sq": _like(p),
        }  # fmt: skip

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = _number(group["lr"])
        beta1, beta2 = group["betas"]
        state["step"]._a += 1
        step = state["step"]._a.item()
        if group["decoupled_weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        else:
            g = _decayed(p, g, group)
        mu = beta1 * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
        ahead = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * group["momentum_decay"]))
        state["mu_product"]._a *= mu
        product = state["mu_product"]._a.item()
        m, v = state["exp_avg"]._a, state["exp_avg_sq"]._a
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * (g * g)
        spread = np.sqrt(v / (1 - beta2**step)) + group["eps"]
        p -= lr * (1 - mu) / (1 - product) * (g / spread)
        p -= lr * ahead / (1 - product * ahead) * (m / spread)


class RAdam(_FirstOrder):
    """Adam with a rectified variance (Liu et al., ICLR 2020)."""

    def __init__(
        self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(eps >= 0, "epsilon value", eps)
        _check(0 <= betas[0] < 1, "beta parameter at index 0", betas[0])
        _check(0 <= betas[1] < 1, "beta parameter at index 1", betas[1])
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        return {"step": _zero(), "exp_avg": _like(p), "exp_avg_sq": _like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        lr = _number(group["lr"])
        beta1, beta2 = group["betas"]
        state["step"]._a += 1
        step = state["step"]._a.item()
        if group["decoupled_weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        else:
            g = _decayed(p, g, group)
        m, v = state["exp_avg"]._a, state["exp_avg_sq"]._a
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * (g * g)
        rest = 1 - beta2**step
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * beta2**step / rest
        move = m / (1 - beta1**step) * lr
        if length > 5:
            rectified = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            move = move * (math.sqrt(rest) / (np.sqrt(v) + group["eps"])) * math.sqrt(rectified)
        p -= move


class ASGD(_FirstOrder):
    """Averaged stochastic gradient descent (Polyak and Juditsky, SIAM J. Control Optim. 1992)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        _check(weight_decay >= 0, "weight_decay value", weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        eta = wrap(np.array(_number(group["lr"]), np.float32))
        return {"step": _zero(), "eta": eta, "mu": wrap(np.ones((), np.float32)), "ax": _like(p)}

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        step = state["step"]._a.item()
        g = _decayed(p, g, group)
        eta = state["eta"]._a.item()
        p *= 1 - group["lambd"] * eta
        p -= eta * g
        mu = state["mu"]._a.item()
        mean = state["ax"]._a
        mean += (p - mean) * mu
        lr = _number(group["lr"])
        # PyTorch keeps these two in float32.
        state["eta"]._a[...] = np.float32(lr / (1 + group["lambd"] * lr * step) ** group["alpha"])
        state["mu"]._a[...] = np.float32(1 / max(1, step - group["t0"]))


class Rprop(_FirstOrder):
    """Resilient backpropagation (Riedmiller and Braun, ICNN 1993)."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        _check(_number(lr) >= 0, "learning rate", lr)
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        return {"step": _zero(), "prev": _like(p), "step_size": _like(p, _number(group["lr"]))}

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
