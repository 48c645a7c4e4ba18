"""What it costs to begin: importing srcgrad, and the first call of a gradient."""

import linecache
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import srcgrad as sg

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
    numpy_cost, srcgrad_cost = statistics.median(numpy_cost), statistics.median(srcgrad_cost)
    print(f"import numpy            {1e3 * numpy_cost:8.1f} ms")
    print(f"import srcgrad after it {1e3 * srcgrad_cost:8.1f} ms")
    return {"numpy": numpy_cost, "srcgrad": srcgrad_cost}


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
    return {"first": taken[0], "other": statistics.median(taken[1:])}
