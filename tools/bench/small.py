"""Functions of a few numbers, where what counts is how soon a call gets to the arithmetic."""

import math

import numpy as np

import srcgrad as sg
from tools.bench import peers
from tools.bench.timing import interleaved


def square(x):
    return x * x


def square_by_hand(x):
    return x * x, x + x


def scalar(x, y):
    return x * y + math.sin(x) * math.exp(-y)


def scalar_by_hand(x, y):
    u = math.exp(-y)
    return x * y + math.sin(x) * u, y + u * math.cos(x)


def scalar_by_numpy(x, y):
    return x * y + np.sin(x) * np.exp(-y)


def scalar_by_numpy_by_hand(x, y):
    # The value is NumPy's to the last bit, and of NumPy's type.
    u = np.exp(-y)
    return x * y + np.sin(x) * u, y + u * math.cos(x)


def layer(x, a, b):
    z = np.tanh(a @ x + b)
    top = np.max(z)
    return top + np.log(np.sum(np.exp(z - top)))


def layer_by_hand(x, a, b):
    z = np.tanh(a @ x + b)
    top = z.max()
    e = np.exp(z - top)
    total = e.sum()
    return top + math.log(total), (e / total * (1.0 - z * z)) @ a


def cases():
    """Each function, its value and gradient by hand, and arguments."""
    rng = np.random.default_rng(0)
    yield square, square_by_hand, (1.5,)
    yield scalar, scalar_by_hand, (1.2, 0.7)
    yield scalar_by_numpy, scalar_by_numpy_by_hand, (1.2, 0.7)
    yield layer, layer_by_hand, (rng.normal(size=10), rng.normal(size=(10, 10)), rng.normal(size=10))


def bench_calls(rounds):
    """Print microseconds per call of values with gradients."""
    others, absent = peers.installed()
    header = ["primal", "by hand", "srcgrad", "over hand", *peers.NAMES]
    print(f"{'µs per value and gradient':26}" + "".join([f"{h:>12}" for h in header]))
    found = {}
    for function, by_hand, arguments in cases():
        ours = sg.value_and_grad(function)
        expected = by_hand(*arguments)
        np.testing.assert_allclose(expected[0], ours(*arguments)[0], rtol=1e-12)
        np.testing.assert_allclose(expected[1], ours(*arguments)[1], rtol=1e-10, atol=1e-14)
        theirs = {}
        for peer in others:
            try:
                action = peer.same_text(function, arguments)
                np.testing.assert_allclose(float(action()[0]), expected[0], rtol=1e-10)
            except Exception as error:
                absent[f"{function.__name__}, {peer.name}"] = peers.reason(error)
            else:
                theirs[peer.name] = action
        actions = [lambda a=a: a(*arguments) for a in (function, by_hand, ours)]
        timings = interleaved([*actions, *theirs.values()], rounds)
        primal, hand, srcgrad, *rest = [1e6 * t.minimum for t in timings]
        shown = {"primal": primal, "by hand": hand, "srcgrad": srcgrad, "over hand": srcgrad - hand}
        shown |= zip(theirs, rest, strict=True)
        row = "".join([f"{shown[h]:12.2f}" if h in shown else f"{'-':>12}" for h in header])
        print(f"{function.__name__:26}{row}")
        found[function.__name__] = shown
    for name, why in absent.items():
        print(f"- {name}: {why}")
    return found
