"""Other programs that differentiate: `jax.jit` of JAX's gradient, PyTorch as it runs eagerly, HIPS autograd, tangent.

Each gives the texts of `ports` its arrays, its loops and its writes; tangent takes the kernels' own text. Where one
is not installed, or does not take a kernel, that is said in its place.
"""

import types
import warnings
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
        """A float, a list or an array as the peer takes it."""
        return np.array(value) if isinstance(value, list) else value

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
        """`carry = step(carry, item)` for each item, or for the items of several arrays."""
        return self.scan(lambda c, item: (step(c, item), 0.0), carry, items)[0]

    def scan(self, step, carry, items):
        """`carry, out = step(carry, item)` for each item: the last carry, and all that came out."""
        several = isinstance(items, tuple)
        outs = []
        for k in range(len(items[0] if several else items)):
            carry, out = step(carry, tuple([i[k] for i in items]) if several else items[k])
            outs.append(out)
        if isinstance(outs[0], tuple):
            return carry, tuple([self.np.stack(column) for column in zip(*outs, strict=True)])
        return carry, outs if isinstance(outs[0], float) else self.np.stack(outs)

    def flipped(self, array):
        return array[::-1]

    def permuted(self, array, axes):
        return self.np.transpose(array, axes)

    def convolved(self, images, kernels):
        """Images by channel, height and width, with kernels by both channels, height and width."""
        raise NotImplementedError

    def write(self, array, index, value):
        """The array with a part of it replaced."""
        raise NotImplementedError(f"{self.name} writes into no arrays")

    def gradient(self, kernel, arguments):
        """An action that computes the kernel's gradient; NotImplementedError where there is no port."""
        port = ports.PORTS.get(kernel.name)
        if port is None:
            raise NotImplementedError("no port")
        positions = kernel.positions
        return self.action(lambda *given: port(self, *given), arguments, positions, with_value=False)

    def same_text(self, function, arguments):
        """An action that computes the value and gradient of a function's own text, with the peer's NumPy."""
        ported = types.FunctionType(function.__code__, {**function.__globals__, "np": self.np})
        return self.action(ported, arguments, (0,), with_value=True)

    def action(self, function, arguments, positions, *, with_value):
        raise NotImplementedError


class Autograd(Peer):
    def convolved(self, images, kernels):
        _, _, n, m = kernels.shape
        height, width = images.shape[2] - n + 1, images.shape[3] - m + 1
        parts = [
            self.np.tensordot(images[:, :, i : i + height, j : j + width], kernels[:, :, i, j], ((1,), (1,)))
            for i in range(n)
            for j in range(m)
        ]
        return self.np.transpose(sum(parts), (0, 3, 1, 2))

    def action(self, function, arguments, positions, *, with_value):
        import autograd

        if with_value:
            derivative = autograd.value_and_grad(function)
            return lambda: derivative(*arguments)
        derivatives = autograd.grad(function, positions)
        return lambda: derivatives(*arguments)


class Torch(Peer):
    def array(self, value):
        whole = isinstance(value, np.ndarray) and value.dtype.kind in "iu"
        return self.np.as_tensor(value, dtype=self.np.int64 if whole else self.np.float64)

    def flipped(self, array):
        return self.np.flip(array, (0,))

    def permuted(self, array, axes):
        return self.np.permute(array, axes)

    def convolved(self, images, kernels):
        return self.np.nn.functional.conv2d(images, kernels)

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
            return (y.detach(), found) if with_value else found

        return run


class Jax(Peer):
    def repeat(self, step, carry, count):
        from jax import lax

        return lax.scan(lambda c, _: (step(c), None), carry, None, length=count)[0]

    def fold(self, step, carry, items):
        from jax import lax

        return lax.scan(lambda c, item: (step(c, item), None), carry, items)[0]

    def scan(self, step, carry, items):
        from jax import lax

        return lax.scan(step, carry, items)

    def convolved(self, images, kernels):
        from jax import lax

        return lax.conv_general_dilated(images, kernels, (1, 1), "VALID")

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


class Tangent(Peer):
    """The package tangent-ad, which transforms the source of functions too."""

    def gradient(self, kernel, arguments):
        return self.action(kernel.function, arguments, kernel.positions, with_value=False)

    def same_text(self, function, arguments):
        return self.action(function, arguments, (0,), with_value=True)

    def action(self, function, arguments, positions, *, with_value):
        import tangent

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            derivative = tangent.grad(function, wrt=positions, preserve_result=with_value)
        if not with_value:
            return lambda: derivative(*arguments)

        def run():
            *gradients, value = derivative(*arguments)
            return value, gradients

        return run


NAMES = ("jax", "torch", "autograd", "tangent")


def installed(names=NAMES):
    """Those that can be imported here, and why the others cannot, by their names."""
    found, absent = [], {}
    for name in names:
        if find_spec(name) is None:
            absent[name] = "not installed"
            continue
        try:
            found.append(_imported(name))
        except Exception as error:
            absent[name] = reason(error)
    return found, absent


def _imported(name):
    if name == "autograd":
        import autograd.numpy

        return Autograd(name, autograd.numpy)
    if name == "torch":
        import torch

        torch.set_num_threads(1)
        return Torch(name, torch)
    if name == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        return Jax(name, jax.numpy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tangent  # noqa: F401 - that it can be imported is the question
    return Tangent(name, np)


def reason(error):
    """What an error says, in a line."""
    lines = [line.strip(" =") for line in str(error).splitlines()]
    said = next((line for line in lines if line and "Tangent Error" not in line), "")
    return f"{type(error).__name__}: {said}"[:110] if said else type(error).__name__
