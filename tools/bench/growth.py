"""How time and memory grow with the size of a problem: exponents over three decades, of primal and gradient."""

import numpy as np

import srcgrad as sg
from tools.bench.timing import interleaved, peak

SIZES = (100, 1000, 10000, 100000)


def elements(x):
    """Written element by element, each from its neighbour."""
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + x[i]
    return y[-1]


def carried(x):
    """A scalar that is carried along."""
    s = 0.0
    for i in range(len(x)):
        s = s * 0.9 + x[i] * x[i] * s + x[i]
    return s


def whole(x):
    """Whole arrays."""
    return np.sum(np.sin(x) * np.exp(-x * x))


def exponent(sizes, amounts):
    """The slope of a line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(amounts, 1e-9)), 1)[0])


def bench_growth(rounds):
    """Print the fitted exponents."""
    print(
        f"{'growth from 1e2 to 1e5':24} {'time':>8} {'gradient':>9} {'memory':>8} {'gradient':>9} {'bytes per element':>18}"
    )
    found = {}
    for function in (elements, carried, whole):
        gradient = sg.grad(function)
        rows = []
        for n in SIZES:
            x = 0.1 * np.random.default_rng(0).normal(size=n)
            actions = [lambda x=x: function(x), lambda x=x: gradient(x)]
            rows.append((*(t.minimum for t in interleaved(actions, min(rounds, 3), 0.002)), *map(peak, actions)))
        slopes = [exponent(SIZES, column) for column in zip(*rows, strict=True)]
        each = rows[-1][3] / SIZES[-1]
        shown = f"{slopes[0]:8.2f} {slopes[1]:9.2f} {slopes[2]:8.2f} {slopes[3]:9.2f} {each:18.1f}"
        print(f"{function.__name__:24} {shown}")
        names = ("primal time", "gradient time", "primal memory", "gradient memory")
        found[function.__name__] = {**dict(zip(names, slopes, strict=True)), "bytes per element": each}
    return found
