"""L-BFGS: a quasi-Newton method with a memory of few steps (Nocedal and Wright, Numerical Optimization, chapters 3 and 7)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.modes import enable_grad, no_grad
from srcgrad.torch.optim.first_order import number
from srcgrad.torch.optim.optimizer import Optimizer
from srcgrad.torch.tensor import wrap


def _cubic_minimum(x1: float, f1: float, g1: float, x2: float, f2: float, g2: float, bounds: Any = None) -> float:
    """The minimum between two points of the cubic with given values and slopes there (Nocedal and Wright, 3.59)."""
    low, high = bounds if bounds is not None else (min(x1, x2), max(x1, x2))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1 * d1 - g1 * g2
    if square < 0:
        return (low + high) / 2.0
    d2 = math.sqrt(square)
    if x1 <= x2:
        found = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        found = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(found, low), high)


def _strong_wolfe(
    evaluate: Callable[[float], tuple[float, Any]], t: float, d: Any, f: float, g: Any, slope: float,
    tolerance: float, c1: float = 1e-4, c2: float = 0.9, most: int = 25,
) -> tuple[float, Any, float, int]:  # fmt: skip
    """A step that fulfils the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6)."""
    width = float(np.abs(d).max())
    f_new, g_new = evaluate(t)
    evaluations = 1
    slope_new = float(g_new @ d)
    t_before, f_before, g_before, slope_before = 0.0, f, g, slope
    done = False
    count = 0
    bracket: list[float] = []
    while count < most:
        if f_new > f + c1 * t * slope or (count > 1 and f_new >= f_before):
            bracket, values = [t_before, t], [f_before, f_new]
            gradients, slopes = [g_before, g_new.copy()], [slope_before, slope_new]
            break
        if abs(slope_new) <= -c2 * slope:
            bracket, values, gradients = [t], [f_new], [g_new]
            slopes = [slope_new]
            done = True
            break
        if slope_new >= 0:
            bracket, values = [t_before, t], [f_before, f_new]
            gradients, slopes = [g_before, g_new.copy()], [slope_before, slope_new]
            break
        bounds = (t + 0.01 * (t - t_before), t * 10)
        step = t
        t = _cubic_minimum(t_before, f_before, slope_before, t, f_new, slope_new, bounds)
        t_before, f_before, g_before, slope_before = step, f_new, g_new.copy(), slope_new
        f_new, g_new = evaluate(t)
        evaluations += 1
        slope_new = float(g_new @ d)
        count += 1
    if count == most:
        bracket, values, gradients, slopes = [0.0, t], [f, f_new], [g, g_new], [slope, slope_new]
    low, high = (0, 1) if values[0] <= values[-1] else (1, 0)
    stalled = False
    while not done and count < most:
        if abs(bracket[1] - bracket[0]) * width < tolerance:
            break
        t = _cubic_minimum(bracket[0], values[0], slopes[0], bracket[1], values[1], slopes[1])
        margin = 0.1 * (max(bracket) - min(bracket))
        if min(max(bracket) - t, t - min(bracket)) < margin:
            if stalled or t >= max(bracket) or t <= min(bracket):
                t = max(bracket) - margin if abs(t - max(bracket)) < abs(t - min(bracket)) else min(bracket) + margin
                stalled = False
            else:
                stalled = True
        else:
            stalled = False
        f_new, g_new = evaluate(t)
        evaluations += 1
        slope_new = float(g_new @ d)
        count += 1
        if f_new > f + c1 * t * slope or f_new >= values[low]:
            bracket[high], values[high], gradients[high], slopes[high] = t, f_new, g_new.copy(), slope_new
            low, high = (0, 1) if values[0] <= values[1] else (1, 0)
        else:
            if abs(slope_new) <= -c2 * slope:
                done = True
            elif slope_new * (bracket[high] - bracket[low]) >= 0:
                bracket[high], values[high] = bracket[low], values[low]
                gradients[high], slopes[high] = gradients[low], slopes[low]
            bracket[low], values[low], gradients[low], slopes[low] = t, f_new, g_new.copy(), slope_new
    if len(bracket) == 1:
        low = 0
    return values[low], gradients[low], bracket[low], evaluations


class LBFGS(Optimizer):
    """L-BFGS; `step` takes a closure that clears the gradients, computes the loss, and runs backward."""

    def __init__(
        self, params: Any, lr: Any = 1, max_iter: int = 20, max_eval: int | None = None, tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9, history_size: int = 100, line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        if number(lr) < 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        })  # fmt: skip
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params = self.param_groups[0]["params"]

    def _gradient(self) -> Any:
        parts = [np.zeros(p._a.size, p._a.dtype) if p._grad is None else p._grad._a.reshape(-1) for p in self._params]
        return np.concatenate(parts)

    def _move(self, t: Any, d: Any) -> None:
        start = 0
        for p in self._params:
            n = p._a.size
            p._a += (t * d[start : start + n]).reshape(p._a.shape)
            p._writes.bump()
            start += n

    def _put(self, values: list[Any]) -> None:
        for p, value in zip(self._params, values, strict=True):
            p._a[...] = value
            p._writes.bump()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Up to `max_iter` iterations; the loss before the first one is returned."""
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")
        with no_grad():
            return self._step(closure)

    def _step(self, closure: Callable[[], Any]) -> Any:
        group = self.param_groups[0]
        lr = number(group["lr"])
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluated() -> Any:
            with enable_grad():
                return closure()

        first = evaluated()
        loss = float(first)
        evaluations = 1
        state["func_evals"] += 1
        g = self._gradient()
        if np.abs(g).max() <= group["tolerance_grad"]:
            return first
        d, t = state.get("d"), state.get("t")
        d = None if d is None else d._a
        steps: list[Any] = [v._a for v in state.get("old_stps", [])]
        changes: list[Any] = [v._a for v in state.get("old_dirs", [])]
        inverses: list[Any] = [v._a for v in state.get("ro", [])]
        scale = state.get("H_diag", 1)
        scale = scale._a if hasattr(scale, "_a") else scale
        before = state.get("prev_flat_grad")
        before = None if before is None else before._a
        loss_before = state.get("prev_loss")
        count = 0
        while count < group["max_iter"]:
            count += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, scale = -g, 1
            else:
                change, moved = g - before, d * t
                product = float(change @ moved)
                if product > 1e-10:
                    if len(changes) == group["history_size"]:
                        changes.pop(0)
                        steps.pop(0)
                        inverses.pop(0)
                    changes.append(change)
                    steps.append(moved)
                    inverses.append(np.asarray(1.0 / product, g.dtype))
                    scale = np.asarray(product / float(change @ change), g.dtype)
                d = self._direction(g, steps, changes, inverses, scale)
            before, loss_before = g.copy(), loss
            t = min(1.0, 1.0 / float(np.abs(g).sum())) * lr if state["n_iter"] == 1 else lr
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            used = 0
            if group["line_search_fn"] is not None:
                if group["line_search_fn"] != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")
                start = [p._a.copy() for p in self._params]

                def at(step: float, start: list[Any] = start, d: Any = d) -> tuple[float, Any]:
                    self._move(step, d)
                    value = float(evaluated())
                    found = self._gradient()
                    self._put(start)
                    return value, found

                loss, g, t, used = _strong_wolfe(at, t, d, loss, g, slope, group["tolerance_change"])
                self._move(t, d)
                small = np.abs(g).max() <= group["tolerance_grad"]
            else:
                self._move(t, d)
                small = False
                if count != group["max_iter"]:
                    loss = float(evaluated())
                    g = self._gradient()
                    small = np.abs(g).max() <= group["tolerance_grad"]
                    used = 1
            evaluations += used
            state["func_evals"] += used
            if count == group["max_iter"] or evaluations >= group["max_eval"] or small:
                break
            if np.abs(d * t).max() <= group["tolerance_change"] or abs(loss - loss_before) < group["tolerance_change"]:
                break
        state.update({
            "d": wrap(d), "t": t, "old_dirs": [wrap(v) for v in changes], "old_stps": [wrap(v) for v in steps],
            "ro": [wrap(v) for v in inverses], "H_diag": wrap(np.asarray(scale)) if not isinstance(scale, int) else scale,
            "prev_flat_grad": wrap(before), "prev_loss": loss_before,
        })  # fmt: skip
        return first

    @staticmethod
    def _direction(g: Any, steps: list[Any], changes: list[Any], inverses: list[Any], scale: Any) -> Any:
        """Minus the approximate inverse Hessian times g (Nocedal and Wright, algorithm 7.4)."""
        q = -g
        weights = []
        for s, y, r in zip(reversed(steps), reversed(changes), reversed(inverses), strict=True):
            weight = (s @ q) * r
            weights.append(weight)
            q = q - weight * y
        d = q * scale
        for s, y, r, weight in zip(steps, changes, inverses, reversed(weights), strict=True):
            d = d + s * (weight - (y @ d) * r)
        return d
