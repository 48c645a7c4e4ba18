"""How time and memory grow with the size of a problem: exponents over three decades, of primal and gradient."""

import numpy as np

import srcgrad as sg
from tools.bench.timing import interleaved, peak

SIZES = (100, 1000, 10000, 100000)
STEPS = (10, 100, 1000, 10000)


def elements(x):
    """Written element by element, each from its neighbour."""
    y = np.zeros(len(x))
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + x[i]
    return y[-1]


def overwritten(x):
    """Elements overwritten that the reverse sweep reads."""
    y = np.array(x)
    for i in range(1, len(x)):
        y[i] = y[i] * np.sin(y[i - 1]) + y[i] * y[i]
    return np.sum(y)


def carried(x):
    """A scalar that is carried along."""
    s = 0.0
    for i in range(len(x)):
        s = s * 0.9 + x[i] * x[i] * s + x[i]
    return s


def whole(x):
    """Whole arrays."""
    return np.sum(np.sin(x) * np.exp(-x * x))


def all_states(x, n):
    """A state of a thousand elements, n times replaced; the reverse sweep has saved them all."""
    for _ in range(n):
        x = x + 0.01 * np.sin(x)
    return np.sum(x)


def eight_states(x, n):
    """The same with eight states kept."""
    for _ in sg.checkpoint(range(n), budget=8):
        x = x + 0.01 * np.sin(x)
    return np.sum(x)


def root_of_states(x, n):
    """The same with as many states as let each step run thrice."""
    for _ in sg.checkpoint(range(n)):
        x = x + 0.01 * np.sin(x)
    return np.sum(x)


@sg.checkpoint(budget=8)
def unknown_steps(x, n):
    """The same where only running the loop tells its length."""
    t = 0
    while t < n:
        x = x + 0.01 * np.sin(x)
        t = t + 1
    return np.sum(x)


@sg.checkpoint(budget=8)
def in_place(x, n):
    """The same, written into one array."""
    x = np.array(x)
    for _ in range(n):
        x[1:] += 0.01 * np.sin(x[:-1]) * x[1:]
    return np.sum(x)


def exponent(sizes, amounts):
    """The slope of a line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(amounts, 1e-9)), 1)[0])


def of_size(n):
    """An argument of n elements."""
    return (0.1 * np.random.default_rng(0).normal(size=n),)


def of_steps(n):
    """A state of a thousand elements and n steps."""
    return (0.1 * np.random.default_rng(0).normal(size=1000), n)


def bench_growth(rounds):
    """Print the fitted exponents."""
    found = {}
    for title, unit, arguments, sizes, functions in (
        ("growth from 1e2 to 1e5", "element", of_size, SIZES, (elements, overwritten, carried, whole)),
        (
            "steps from 1e1 to 1e4",
            "step",
            of_steps,
            STEPS,
            (all_states, eight_states, root_of_states, unknown_steps, in_place),
        ),
    ):
        print(f"{title:24} {'time':>8} {'gradient':>9} {'memory':>8} {'gradient':>9} {f'bytes per {unit}':>18}")
        for function in functions:
            gradient = sg.grad(function)
            rows = []
            for n in sizes:
                given = arguments(n)
                actions = [lambda given=given: function(*given), lambda given=given: gradient(*given)]
                rows.append((*(t.minimum for t in interleaved(actions, min(rounds, 3), 0.002)), *map(peak, actions)))
            slopes = [exponent(sizes, column) for column in zip(*rows, strict=True)]
            each = (rows[-1][3] - rows[-2][3]) / (sizes[-1] - sizes[-2])
            shown = f"{slopes[0]:8.2f} {slopes[1]:9.2f} {slopes[2]:8.2f} {slopes[3]:9.2f} {each:18.1f}"
            print(f"{function.__name__:24} {shown}")
            names = ("primal time", "gradient time", "primal memory", "gradient memory")
            found[function.__name__] = {**dict(zip(names, slopes, strict=True)), f"bytes per {unit}": each}
    return found
