"""Print how fast srcgrad is: import, generation, small calls, and gradients beside their primals.

`python -m tools.bench` prints all; name sections or kernels to print only those. What is compared is timed
in interleaved rounds in one process, and the median is printed.
"""

import argparse
import linecache
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import srcgrad as sg
from tools.bench.kernels import KERNELS

IMPORT = """
import time
start = time.perf_counter()
import numpy
between = time.perf_counter()
import srcgrad
print(between - start, time.perf_counter() - between)
"""

# A function of thirty lines with loops, branches, writes and a call, to be generated anew each time.
THIRTY_LINES = """
import numpy as np

def smooth(u, c):
    v = u.copy()
    v[1:-1] += c * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return v

def thirty_lines(x, c):
    u = np.tanh(x)
    total = 0.0
    for k in range(5):
        u = smooth(u, c)
        if k % 2 == 0:
            u = u * np.exp(-0.1 * u)
        else:
            u = u + 0.5 * np.sin(u)
        total = total + u[k] * u[k]
    w = np.empty_like(u)
    w[0] = u[0]
    for i in range(1, len(u)):
        w[i] = 0.5 * w[i - 1] + u[i]
    s = 1.0
    while s < 100.0:
        s = s * (1.5 + 0.01 * c)
    energy = np.sum(w**2) / s
    spread = np.sqrt(np.mean((w - np.mean(w)) ** 2))
    if spread > 1.0:
        energy = energy + np.log(spread)
    else:
        energy = energy + spread
    for a in (1.0, 2.0):
        total = total + a * energy
    top = np.max(np.abs(w))
    total = total / (1.0 + top)
    return total + 1e-3 * np.sum(u * w)
"""


def scalar(x, y):
    return x * y + np.sin(x) * np.exp(-y)


def layer(x, a, b):
    z = np.tanh(a @ x + b)
    top = np.max(z)
    return top + np.log(np.sum(np.exp(z - top)))


def medians(actions, rounds, seconds=0.02):
    """The median seconds of each action, timed in turn, each round long enough for the clock."""
    repeats = []
    for action in actions:
        action()
        start = time.perf_counter()
        action()
        repeats.append(max(1, int(seconds / max(time.perf_counter() - start, 1e-9))))
    samples = [[] for _ in actions]
    for _ in range(rounds):
        for action, repeat, sample in zip(actions, repeats, samples, strict=True):
            start = time.perf_counter()
            for _ in range(repeat):
                action()
            sample.append((time.perf_counter() - start) / repeat)
    return [statistics.median(sample) for sample in samples]


def bench_import(rounds):
    """Time imports in fresh interpreters, with bytecode compiled before as after an installation."""
    command = [sys.executable, "-c", IMPORT]
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        runs = [
            subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
            for _ in range(rounds + 1)
        ]
    numpy_cost, srcgrad_cost = zip(*(map(float, run.split()) for run in runs[1:]), strict=True)
    print(f"import numpy            {1e3 * statistics.median(numpy_cost):8.1f} ms")
    print(f"import srcgrad after it {1e3 * statistics.median(srcgrad_cost):8.1f} ms")


def bench_generation(rounds):
    """Time grad(f) and its first call, of a function that has not been seen before."""
    x = np.linspace(-1.0, 1.0, 20)
    taken = []
    for k in range(rounds + 1):
        name = f"<thirty lines {k}>"
        linecache.cache[name] = (len(THIRTY_LINES), None, THIRTY_LINES.splitlines(keepends=True), name)
        namespace = {"__name__": f"thirty_{k}"}
        exec(compile(THIRTY_LINES, name, "exec"), namespace)
        start = time.perf_counter()
        sg.grad(namespace["thirty_lines"])(x, 0.1)
        taken.append(time.perf_counter() - start)
    print(f"grad and call, the first of a process {1e3 * taken[0]:8.1f} ms")
    print(f"grad and call, any other              {1e3 * statistics.median(taken[1:]):8.1f} ms")


def bench_calls(rounds):
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=10), rng.normal(size=(10, 10)), rng.normal(size=10))
    for function, arguments in ((scalar, (1.2, 0.7)), (layer, weights)):
        both = sg.value_and_grad(function)
        primal, derivative = medians(
            [lambda: function(*arguments), lambda: both(*arguments)],
            rounds,
        )
        name = function.__name__
        print(f"{name:8} {1e6 * primal:8.2f} µs, value and gradient {1e6 * derivative:8.2f} µs")


def bench_kernels(rounds, names):
    print(f"{'kernel':24} {'primal':>10} {'gradient':>10} {'/ primal':>9} {'by hand / primal':>17} {'/ by hand':>10}")
    to_primal, to_hand = [], []
    for kernel in KERNELS:
        if names and kernel.name not in names:
            continue
        arguments = kernel.arguments(np.random.default_rng(0))
        gradient = sg.grad(kernel.function, kernel.argnums)
        actions = [lambda: kernel.function(*arguments), lambda: gradient(*arguments)]
        if kernel.by_hand:
            ours, theirs = gradient(*arguments), kernel.by_hand(*arguments)
            pairs = zip(ours, theirs, strict=True) if isinstance(kernel.argnums, tuple) else [(ours, theirs)]
            for one, other in pairs:
                np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-10)
            actions.append(lambda: kernel.by_hand(*arguments))
        primal, derivative, *hand = medians(actions, rounds)
        line = f"{kernel.name:24} {1e3 * primal:7.3f} ms {1e3 * derivative:7.3f} ms {derivative / primal:8.2f}x"
        to_primal.append(derivative / primal)
        for by_hand in hand:
            to_hand.append(derivative / by_hand)
            line += f" {by_hand / primal:16.2f}x {derivative / by_hand:9.2f}x"
        print(line)
    means = [f"{statistics.geometric_mean(ratios):.2f}x" for ratios in (to_primal, to_hand) if ratios]
    print(f"geometric means: {means[0]} the primal" + (f", {means[1]} the gradient by hand" if len(means) > 1 else ""))


def main():
    names = {kernel.name for kernel in KERNELS}
    sections = {"import": bench_import, "generation": bench_generation, "calls": bench_calls}
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"{', '.join(sections)}, kernels, or a kernel's name")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    only = set(options.only)
    if unknown := only - names - {*sections, "kernels"}:
        parser.error(f"no such section or kernel: {', '.join(sorted(unknown))}")

    print(f"Python {sys.version.split()[0]}, NumPy {np.__version__}, {os.cpu_count()} cores, {options.rounds} rounds")
    for name, section in sections.items():
        if not only or name in only:
            section(options.rounds)
    if not only or only & {"kernels", *names}:
        bench_kernels(options.rounds, only & names)


if __name__ == "__main__":
    main()
