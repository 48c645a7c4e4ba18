"""Optimisers that look at a parameter as a matrix: its rows and columns, or its orthogonal factor.

What enters: parameters with gradients. What leaves: parameters moved in place, and the running averages as state.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from srcgrad.torch.optim.first_order import FirstOrder, like, number, zero
from srcgrad.torch.optim.optimizer import Optimizer, stepping, with_gradients
from srcgrad.torch.tensor import Tensor, wrap


def _bounded(condition: bool, text: str, value: Any) -> None:
    if not condition:
        raise ValueError(f"{text} but is: {value}")


class Adafactor(FirstOrder):
    """Adafactor (Shazeer and Stern, ICML 2018): of the squared gradients of a matrix only averages of rows and columns."""

    def __init__(
        self, params: Any, lr: Any = 1e-2, beta2_decay: float = -0.8, eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0, weight_decay: float = 0.0, *, foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        _bounded(number(lr) >= 0, "Learning rate should be >= 0", lr)
        _bounded(beta2_decay <= 0, "beta2_decay should be <= 0", beta2_decay)
        _bounded(eps[0] is None or eps[0] >= 0, "epsilon1 should be >= 0", eps[0])
        _bounded(eps[1] >= 0, "epsilon2 should be >= 0", eps[1])
        _bounded(d >= 1, "Clipping threshold d should be >= 1", d)
        _bounded(weight_decay >= 0, "weight_decay should be >= 0", weight_decay)
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize,
        })  # fmt: skip

    def start(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - the signature of all
        shape = p._a.shape
        if len(shape) < 2:
            return {"step": zero(), "variance": like(p)}
        rows, columns = (*shape[:-1], 1), (*shape[:-2], 1, shape[-1])
        return {
            "step": zero(), "row_var": wrap(np.zeros(rows, p._a.dtype)), "col_var": wrap(np.zeros(columns, p._a.dtype))
        }  # fmt: skip

    def move(self, p: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        state["step"]._a += 1
        step, lr = state["step"]._a.item(), number(group["lr"])
        smallest, least = group["eps"]
        if smallest is None:
            smallest = float(np.finfo(p.dtype).eps)
        fresh = step ** group["beta2_decay"]
        rate = max(least, _root_mean_square(p)) * min(lr, 1 / math.sqrt(step))
        if group["weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        if g.ndim > 1:
            rows, columns = state["row_var"]._a, state["col_var"]._a
            rows += fresh * (np.mean(g * g, axis=-1, keepdims=True) - rows)
            columns += fresh * (np.mean(g * g, axis=-2, keepdims=True) - columns)
            estimate = rows @ columns / np.maximum(np.mean(rows, axis=-2, keepdims=True), smallest)
        else:
            estimate = state["variance"]._a
            estimate += fresh * (g * g - estimate)
        update = g / np.sqrt(np.maximum(estimate, smallest * smallest))
        p -= rate / max(1.0, _root_mean_square(update) / group["d"]) * update


def _root_mean_square(x: Any) -> float:
    return float(np.linalg.norm(x.reshape(-1))) / math.sqrt(x.size)


class Muon(Optimizer):
    """Muon (Jordan et al., 2024): momentum, of which the nearest orthogonal matrix is the step.

    The iteration for that matrix is in bfloat16, as in PyTorch; its products are rounded once.
    """

    def __init__(
        self, params: Any, lr: Any = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315), eps: float = 1e-7, ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        _bounded(number(lr) >= 0, "Learning rate should be >= 0", lr)
        _bounded(momentum >= 0, "momentum should be >= 0", momentum)
        _bounded(weight_decay >= 0, "weight decay should be >= 0", weight_decay)
        if adjust_lr_fn not in {None, "original", "match_rms_adamw"}:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        })  # fmt: skip
        for group in self.param_groups:
            for p in group["params"]:
                if p._a.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.shape}"
                    )

    @stepping
    def step(self) -> None:
        """Write into the parameters what their gradients ask for."""
        for group in self.param_groups:
            lr, momentum = number(group["lr"]), group["momentum"]
            for p, g in with_gradients(group):
                state = self.state[p]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = like(p)
                mean = state["momentum_buffer"]._a
                mean += (1 - momentum) * (g - mean)
                towards = g + momentum * (mean - g) if group["nesterov"] else mean
                update = orthogonal(towards, group["ns_coefficients"], group["ns_steps"], group["eps"])
                p._a *= 1 - lr * group["weight_decay"]
                p._a -= lr * _ratio(group["adjust_lr_fn"], *p._a.shape) * update.astype(p._a.dtype)
                p._writes.bump()


def _ratio(kind: str | None, rows: int, columns: int) -> float:
    """What the rate is multiplied by for a shape."""
    return 0.2 * math.sqrt(max(rows, columns)) if kind == "match_rms_adamw" else math.sqrt(max(1, rows / columns))


def orthogonal(g: Any, coefficients: tuple[float, float, float], steps: int, eps: float) -> Any:
    """About the orthogonal factor of a matrix, by steps of an odd polynomial of degree five in its singular values."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    x = in_bfloat16(g)
    if tall := g.shape[0] > g.shape[1]:
        x = x.T
    x = in_bfloat16(x / max(in_bfloat16(np.linalg.norm(x)), eps))
    for _ in range(steps):
        gram = in_bfloat16(x @ x.T)
        x = in_bfloat16(a * x + in_bfloat16(b * gram + c * (gram @ gram)) @ x)
    return x.T if tall else x


def in_bfloat16(x: Any) -> Any:
    """Numbers rounded to the 8 bits of precision of bfloat16, to even, and kept in float32."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return rounded.view(np.float32)
