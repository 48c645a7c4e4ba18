"""What first-order optimisers share: the walk through the parameters, their state, the checks of their options.

What enters: parameters with gradients. What leaves: parameters moved in place, and the running averages as state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.torch.optim.optimizer import Optimizer, stepping, with_gradients
from srcgrad.torch.tensor import Tensor, wrap

# What messages call an option that is no "… value".
_CALLED = {"lr": "learning rate", "eps": "epsilon value"}


def like(p: Tensor, value: float = 0.0) -> Tensor:
    """A tensor of one value in the shape and dtype of a parameter."""
    return wrap(np.full(p._a.shape, value, p._a.dtype))


def zero() -> Tensor:
    """A count of steps before the first."""
    return wrap(np.zeros((), np.float32))


def number(x: Any) -> Any:
    """An option that may be given as a tensor of one element."""
    return x._a.item() if isinstance(x, Tensor) else x


def check(condition: bool, name: str, value: Any) -> None:
    """Raise for a value that an option may not have."""
    if not condition:
        raise ValueError(f"Invalid {name}: {value}")


def checked(**options: Any) -> None:
    """Raise for a negative option, or for one of `betas` outside [0, 1)."""
    for name, value in options.items():
        if name == "betas":
            for k, beta in enumerate(value):
                check(0 <= number(beta) < 1, f"beta parameter at index {k}", beta)
        else:
            check(number(value) >= 0, _CALLED.get(name, f"{name} value"), value)


def decayed(p: Any, g: Any, group: dict[str, Any]) -> Any:
    """The gradient with that of the square norm of the parameter, where weights decay."""
    return g + group["weight_decay"] * p if group["weight_decay"] else g


class FirstOrder(Optimizer):
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
