"""Other programs that differentiate: HIPS autograd, PyTorch as it runs eagerly, and `jax.jit` of JAX's gradient.

Each gives the texts of `ports` its arrays, its loops and its writes; those that are not installed are left out.
"""

import types
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from tools.bench import ports


@dataclass(frozen=True)
class Peer:
    """One of them: its name, its form of NumPy, and what its arrays are made with and differentiated by."""

    name: str
    np: Any

    def array(self, value):
        """A float or an array as the peer takes it."""
        return value

    def zeros(self, *shape):
        return self.np.zeros(shape)

    def eye(self, n):
        return self.np.eye(n)

    def repeat(self, step, carry, count):
        """`carry = step(carry)`, again and again."""
        for _ in range(count):
            carry = step(carry)
        return carry

    def fold(self, step, carry, items):
        """`carry = step(carry, item)` for each item."""
        for k in range(len(items)):
            carry = step(carry, items[k])
        return carry

    def write(self, array, index, value):
        """The array with a part of it replaced; None for a peer that cannot."""
        raise NotImplementedError

    def gradient(self, kernel, arguments):
        """An action that computes the kernel's gradient, or None where there is no port."""
        port = ports.PORTS.get(kernel.name)
        if port is None or (self.name == "autograd" and kernel.name in ports.WRITING):
            return None
        several = isinstance(kernel.argnums, tuple)
        positions = kernel.argnums if several else (kernel.argnums,)
        return self.action(lambda *given: port(self, *given), arguments, positions, with_value=False)

    def same_text(self, function, arguments):
        """An action that computes the value and gradient of a function's own text, with the peer's NumPy."""
        ported = types.FunctionType(function.__code__, {**function.__globals__, "np": self.np})
        return self.action(ported, arguments, (0,), with_value=True)

    def action(self, function, arguments, positions, *, with_value):
        raise NotImplementedError


class Autograd(Peer):
    def action(self, function, arguments, positions, *, with_value):
        import autograd

        if with_value:
            derivative = autograd.value_and_grad(function)
            return lambda: derivative(*arguments)
        derivatives = autograd.grad(function, positions)
        return lambda: derivatives(*arguments)


class Torch(Peer):
    def array(self, value):
        return self.np.as_tensor(value, dtype=self.np.float64)

    def zeros(self, *shape):
        return self.np.zeros(shape, dtype=self.np.float64)

    def eye(self, n):
        return self.np.eye(n, dtype=self.np.float64)

    def write(self, array, index, value):
        array = array.clone()
        array[index] = value
        return array

    def action(self, function, arguments, positions, *, with_value):
        given = [self.array(a) if isinstance(a, (float, np.ndarray)) else a for a in arguments]
        for k in positions:
            given[k].requires_grad_()

        def run():
            y = function(*given)
            found = self.np.autograd.grad(y, [given[k] for k in positions])
            return (y, found) if with_value else found

        return run


class Jax(Peer):
    def repeat(self, step, carry, count):
        from jax import lax

        return lax.scan(lambda c, _: (step(c), None), carry, None, length=count)[0]

    def fold(self, step, carry, items):
        from jax import lax

        return lax.scan(lambda c, item: (step(c, item), None), carry, items)[0]

    def write(self, array, index, value):
        return array.at[index].set(value)

    def action(self, function, arguments, positions, *, with_value):
        import jax

        fixed = {k: a for k, a in enumerate(arguments) if isinstance(a, int)}
        given = [self.np.asarray(a) for k, a in enumerate(arguments) if k not in fixed]

        def whole(*free):
            rest = iter(free)
            return function(*(fixed[k] if k in fixed else next(rest) for k in range(len(arguments))))

        places = tuple(k - sum(f < k for f in fixed) for k in positions)
        derivative = jax.jit((jax.value_and_grad if with_value else jax.grad)(whole, places))
        return lambda: jax.block_until_ready(derivative(*given))


def installed():
    """Those that can be imported here."""
    found = []
    if find_spec("autograd"):
        import autograd.numpy

        found.append(Autograd("autograd", autograd.numpy))
    if find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        found.append(Torch("torch", torch))
    if find_spec("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        found.append(Jax("jax", jax.numpy))
    return found
