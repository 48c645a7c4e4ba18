"""The kernels: milliseconds of the primal, of our gradients, of one by hand and of other programs, side by side."""

import math
import statistics
import time

import numpy as np

import srcgrad as sg
from tools.bench import peers
from tools.bench.kernels import KERNELS
from tools.bench.timing import interleaved, peak

TOLERANCE = 1e-8
OURS = ("primal", "srcgrad", "by hand")


def candidates(kernel, arguments, others, *, numba):
    """Every way to the kernel's gradient, by the name of its column, and what its first call took."""
    found = {"srcgrad": sg.grad(kernel.function, kernel.argnums)}
    if numba:
        found["numba"] = sg.grad(kernel.function, kernel.argnums, backend="numba")
    if kernel.by_hand:
        found["by hand"] = kernel.by_hand
    actions = {name: lambda f=f: f(*arguments) for name, f in found.items()}
    for peer in others:
        action = peer.gradient(kernel, arguments)
        if action is not None:
            actions[peer.name] = action
    first = {}
    for name, action in [*actions.items()]:
        start = time.perf_counter()
        try:
            action()
        except sg.errors.SrcgradError:
            del actions[name]  # numba does not take it
        else:
            first[name] = time.perf_counter() - start
    return actions, first


def check(kernel, actions):
    """Refuse to time gradients that are not the same."""
    expected = _listed(actions["srcgrad"](), kernel)
    for name, action in actions.items():
        for one, other in zip(expected, _listed(action(), kernel), strict=True):
            scale = np.max(np.abs(one))
            np.testing.assert_allclose(
                other, one, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=f"{kernel.name}, {name}"
            )


def _listed(gradients, kernel):
    several = isinstance(kernel.argnums, tuple) or isinstance(gradients, tuple)
    return [np.asarray(g) for g in (gradients if several else (gradients,))]


def measured(kernel, others, rounds, *, numba):
    """One row: seconds by column, those of the first call, and bytes of memory."""
    arguments = kernel.arguments(np.random.default_rng(0))
    actions, first = candidates(kernel, arguments, others, numba=numba)
    check(kernel, actions)
    actions = {"primal": lambda: kernel.function(*arguments), **actions}
    timings = interleaved([*actions.values()], rounds)
    return {
        "kernel": kernel.name,
        "median": {name: t.median for name, t in zip(actions, timings, strict=True)},
        "minimum": {name: t.minimum for name, t in zip(actions, timings, strict=True)},
        "first call": first,
        "peak bytes": {name: peak(actions[name]) for name in OURS if name in actions},
    }


def bench_kernels(rounds, names, *, alone=False, numba=False):
    """Print a row for each kernel, and the ratios with their geometric means."""
    others = [] if alone else peers.installed()
    columns = ["primal", "srcgrad", *(["numba"] if numba else []), "by hand", *(p.name for p in others)]
    head = "".join([f"{c:>10}" for c in columns])
    print(
        f"{'median ms per gradient':23}{head} | {'/primal':>7} {'/hand':>6} | {'least/hand':>10} | {'first':>7} {'peak MB':>8} {'hand MB':>8}"
    )
    rows = []
    for kernel in KERNELS:
        if names and kernel.name not in names:
            continue
        row = measured(kernel, others, rounds, numba=numba)
        rows.append(row)
        times = row["median"]
        shown = "".join([f"{1e3 * times[c]:10.3f}" if c in times else f"{'-':>10}" for c in columns])
        least = row["minimum"]["srcgrad"] / row["minimum"].get("by hand", math.nan)
        memory = [row["peak bytes"].get(c, math.nan) / 1e6 for c in ("srcgrad", "by hand")]
        print(
            f"{kernel.name:23}{shown} | {times['srcgrad'] / times['primal']:7.2f} "
            f"{times['srcgrad'] / times.get('by hand', math.nan):6.2f} | {least:10.2f} | "
            f"{row['first call']['srcgrad']:5.2f} s {memory[0]:8.2f} {memory[1]:8.2f}"
        )
    print_means(rows, columns)
    return rows


def print_means(rows, columns):
    """The geometric means of the ratios, over the kernels that have both."""
    pairs = [("srcgrad", "primal"), ("srcgrad", "by hand"), ("numba", "primal"), ("by hand", "primal")]
    pairs += [(c, ours) for c in columns if c not in (*OURS, "numba") for ours in ("srcgrad", "numba")]
    for one, other in pairs:
        ratios = [t[one] / t[other] for t in (row["median"] for row in rows) if one in t and other in t]
        if ratios:
            mean = statistics.geometric_mean(ratios)
            print(
                f"{one} / {other}: geometric mean {mean:.2f}, {min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} kernels"
            )
