"""Sequences of random draws that the facade and PyTorch both make, from the same seed and in the same order.

A call is a text (function, dtype, shape, arguments) so that it can name its recorded numbers.
"""

import hashlib
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from srcgrad.torch import choosing, drawing
from srcgrad.torch.generator import Generator

FLOATS = ("float32", "float64", "float16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8", "bool")
SEEDS = (0, 42, 2**32 + 5)


class Call(NamedTuple):
    """A method that fills an array in place, or a function of its own ("randperm", "multinomial", "normal")."""

    function: str
    dtype: str
    shape: tuple[int, ...]
    arguments: tuple[Any, ...] = ()
    transposed: bool = False


def calls() -> list[Call]:
    """All the calls, in an order that mixes them: what one leaves behind (an odd normal number) meets the next."""
    found = list(_calls())
    step = next(step for step in range(int(len(found) * 0.618), len(found)) if math.gcd(step, len(found)) == 1)
    return [found[i * step % len(found)] for i in range(len(found))]


def _calls() -> Iterator[Call]:
    for dtype in FLOATS:
        for n in (0, 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 40, 1000, 20000):
            yield Call("normal_", dtype, (n,))
            yield Call("normal_", dtype, (n,), (2.5, 0.3))
        for n in (1, 5, 1000):
            yield Call("uniform_", dtype, (n,))
            yield Call("uniform_", dtype, (n,), (-0.3, 0.7))
            yield Call("uniform_", dtype, (n,), (-1e-3, 50.0))
            yield Call("exponential_", dtype, (n,))
            yield Call("exponential_", dtype, (n,), (2.5,))
            yield Call("log_normal_", dtype, (n,))
            yield Call("log_normal_", dtype, (n,), (0.1, 0.4))
            yield Call("cauchy_", dtype, (n,))
            yield Call("cauchy_", dtype, (n,), (1.5, 0.2))
        yield Call("random_", dtype, (100,), (-5, 2**11))
        yield Call("multinomial", dtype, (6,), (1, False))
        yield Call("multinomial", dtype, (6,), (6, False))
        if (
            dtype != "float16"
        ):  # among equal quotients, which half numbers often give, PyTorch's choice is its sorting's
            yield Call("multinomial", dtype, (3, 50), (20, False))
        yield Call("multinomial", dtype, (3, 50), (1, True))
        yield Call("multinomial", dtype, (3, 50), (200, True))
        for n in (3, 33):
            yield Call("normal", dtype, (n,), ("mean", 0.5))
            yield Call("normal", dtype, (n,), (1.5, "std"))
            yield Call("normal", dtype, (n,), ("mean", "std"))
        for function, arguments in {"uniform_": (), "normal_": (), "exponential_": (), "bernoulli_": (0.3,)}.items():
            yield Call(function, dtype, (5, 4, 3), arguments, transposed=True)
        yield Call("bernoulli_array", dtype, (5, 4, 3), transposed=True)
        yield Call("dropout", dtype, (7, 5), (0.2,))
        yield Call("dropout", dtype, (7, 5), (0.7,), transposed=True)
    for dtype in ("complex64", "complex128"):
        for n in (3, 9, 40):
            yield Call("normal_", dtype, (n,))
            yield Call("uniform_", dtype, (n,))
        yield Call("normal_", dtype, (3, 6), (), transposed=True)
    for dtype in (*INTEGERS, *FLOATS):
        yield Call("random_", dtype, (50,))
        yield Call("random_", dtype, (50,), (0, 2))
        yield Call("bernoulli_", dtype, (200,), (0.25,))
        yield Call("bernoulli_array", dtype, (200,))
        yield Call("bernoulli_array32", dtype, (200,))
    for dtype in (*INTEGERS[:-1], *FLOATS):
        yield Call("geometric_", dtype, (50,), (0.3,))
        for n in (0, 1, 2, 5, 100):
            yield Call("randperm", dtype, (n,))
    for low, high in (
        (0, 10),
        (-7, 5),
        (0, 2**28 - 1),
        (0, 2**28),
        (5, 2**32 + 9),
        (-(2**62), 2**62 + 3),
        (-(2**63), 2**63 - 1),
    ):
        yield Call("random_", "int64", (20,), (low, high))
    yield Call("random_", "int64", (20,), (-(2**63), None))
    yield Call("random_", "float32", (20,), (-(2**63), None))
    yield Call("random_", "int64", (20,), (-9, None))
    yield Call("random_", "int16", (20,), (-9, None))
    yield Call("random_", "float32", (20,), (5, None))
    yield Call("random_", "float64", (20,), (5, None))
    yield Call("random_", "int32", (20,), (-(2**31), 2**31))
    yield Call("random_", "int64", (4, 5), (0, 1000), transposed=True)
    yield Call("randperm", "int64", (5000,))


def weights(call: Call) -> np.ndarray:
    """Positive numbers by formula: probabilities, means, deviations."""
    count = math.prod(call.shape)
    return ((np.arange(count) * 7919 % 101 + 1) / 102).reshape(call.shape)


def floating(call: Call) -> str:
    return call.dtype if call.dtype in FLOATS else "float64"


def ours(call: Call, generator: Generator) -> np.ndarray:
    """What the facade draws."""
    if call.function == "randperm":
        return choosing.randperm(call.shape[0], call.dtype, generator)
    given = weights(call).astype(floating(call))
    if call.function == "multinomial":
        return choosing.multinomial(given, *call.arguments, generator)
    if call.function == "normal":
        mean, std = (given if isinstance(value, str) else value for value in call.arguments)
        return drawing.normal(mean, std, generator)
    a = np.empty(call.shape, call.dtype)
    a = a.T if call.transposed else a
    if call.function == "dropout":
        return drawing.dropout_mask(a, *call.arguments, generator)
    if call.function.startswith("bernoulli_array"):
        given = given.astype(np.float32) if call.function.endswith("32") else given
        return drawing.bernoulli_(a, given.T if call.transposed else given, generator)
    return getattr(drawing, call.function)(a, *call.arguments, generator=generator)


def theirs(torch: Any, call: Call, generator: Any) -> np.ndarray:
    """What PyTorch draws."""
    dtype = getattr(torch, call.dtype)
    if call.function == "randperm":
        return torch.randperm(call.shape[0], dtype=dtype, generator=generator).numpy()
    given = torch.from_numpy(weights(call).astype(floating(call)))
    if call.function == "multinomial":
        return torch.multinomial(given, *call.arguments, generator=generator).numpy()
    if call.function == "normal":
        mean, std = (given if isinstance(value, str) else value for value in call.arguments)
        return torch.normal(mean, std, generator=generator).numpy()
    a = torch.empty(call.shape, dtype=dtype)
    a = a.permute(*range(a.ndim - 1, -1, -1)) if call.transposed else a
    if call.function == "dropout":
        # PyTorch's own dropout draws from the default generator alone.
        torch.default_generator.set_state(generator.get_state())
        mask = torch.nn.functional.dropout(torch.ones_like(a), *call.arguments)
        generator.set_state(torch.default_generator.get_state())
        return mask.numpy()
    if call.function.startswith("bernoulli_array"):
        given = given.float() if call.function.endswith("32") else given
        given = given.permute(*range(a.ndim - 1, -1, -1)) if call.transposed else given
        return a.bernoulli_(given, generator=generator).numpy()
    return getattr(a, call.function)(*call.arguments, generator=generator).numpy()


def summary(drawn: np.ndarray) -> list[Any]:
    """Shape, dtype, a digest of the bytes and three numbers to look at, first, middle and last."""
    picked = drawn.ravel()[[0, drawn.size // 2, -1]] if drawn.size else drawn.ravel()
    shown = [repr(number) for number in picked.tolist()]
    return [
        list(drawn.shape),
        drawn.dtype.name,
        hashlib.sha256(np.ascontiguousarray(drawn).tobytes()).hexdigest()[:16],
        shown,
    ]
