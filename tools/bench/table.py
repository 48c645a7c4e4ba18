"""The kernels: milliseconds of the primal, of our gradients, of one by hand and of other programs, side by side."""

import math
import os
import statistics
import tempfile
import time
from importlib.util import find_spec

import numpy as np

import srcgrad as sg
from tools.bench import peers
from tools.bench.kernels import KERNELS
from tools.bench.timing import interleaved, peak

TOLERANCE = 1e-8
# Programs whose memory Python's own account covers.
OURS = ("primal", "srcgrad", "by hand")


def candidates(kernel, arguments, others, *, numba):
    """Every way to the kernel's gradient by the name of its column, what its first call took, and why one is missing."""
    ways = {"srcgrad": lambda: _plainly(sg.grad(kernel.function, kernel.argnums), arguments)}
    if numba:
        ways["numba"] = lambda: _plainly(sg.grad(kernel.function, kernel.argnums, backend="numba"), arguments)
    if kernel.by_hand:
        ways["by hand"] = lambda: _plainly(kernel.by_hand, arguments)
    ways |= {peer.name: lambda peer=peer: peer.gradient(kernel, arguments) for peer in others}
    actions, first, missing = {}, {}, {}
    for name, way in ways.items():
        start = time.perf_counter()
        try:
            action = way()
            action()
        except Exception as error:
            if name in OURS:
                raise
            missing[name] = peers.reason(error)
        else:
            actions[name], first[name] = action, time.perf_counter() - start
    return actions, first, missing


def _plainly(function, arguments):
    return lambda: function(*arguments)


def check(kernel, actions):
    """Refuse to time gradients of ours that are not the same; what others compute otherwise is named."""
    expected = _listed(actions["srcgrad"](), kernel)
    wrong = {}
    for name, action in actions.items():
        try:
            for one, other in zip(expected, _listed(action(), kernel), strict=True):
                scale = np.max(np.abs(one))
                np.testing.assert_allclose(
                    other, one, rtol=TOLERANCE, atol=TOLERANCE * scale, err_msg=f"{kernel.name}, {name}"
                )
        except (AssertionError, ValueError):
            if name in (*OURS, "numba"):
                raise
            wrong[name] = "another gradient than the one by hand"
    return wrong


def _listed(gradients, kernel):
    several = isinstance(kernel.argnums, tuple) or isinstance(gradients, (tuple, list))
    return [np.asarray(g) for g in (gradients if several else (gradients,))]


def measured(kernel, others, rounds, *, numba):
    """One row: seconds by column, those of the first call, bytes of memory, and what is missing."""
    arguments = kernel.arguments(np.random.default_rng(0))
    actions, first, missing = candidates(kernel, arguments, others, numba=numba)
    missing |= check(kernel, actions)
    actions = {name: action for name, action in actions.items() if name not in missing}
    actions = {"primal": lambda: kernel.function(*arguments), **actions}
    timings = interleaved([*actions.values()], rounds)
    return {
        "kernel": kernel.name,
        "family": kernel.family,
        "median": {name: t.median for name, t in zip(actions, timings, strict=True)},
        "minimum": {name: t.minimum for name, t in zip(actions, timings, strict=True)},
        "first call": first,
        "peak bytes": {name: peak(actions[name]) for name in OURS if name in actions},
        "missing": missing,
    }


def bench_kernels(rounds, names, *, alone=False, numba=True):
    """Print a row for each kernel, the ratios with their geometric means, first calls and memory."""
    others, absent = ([], {}) if alone else peers.installed()
    numba = numba and not alone
    if numba and find_spec("numba") is None:
        numba, absent["numba"] = False, "not installed"
    programs = [] if alone else ["numba"]
    columns = ["primal", "srcgrad", *programs, "by hand", *(() if alone else peers.NAMES)]
    head = "".join([f"{c:>10}" for c in columns])
    print(f"{'median ms per gradient':23}{head} | {'/primal':>7} {'/hand':>6} {'least':>6}")
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        os.environ["SRCGRAD_CACHE_DIR"] = cache  # first calls compile
        for kernel in KERNELS:
            if not names or kernel.name in names:
                rows.append(measured(kernel, others, rounds, numba=numba))
                print_row(rows[-1], columns)
    print_means(rows, columns)
    print_first_calls(rows, [c for c in columns if c != "primal"])
    for name, why in absent.items():
        print(f"- {name}: {why}")
    for row in rows:
        for name, why in row["missing"].items():
            print(f"- {row['kernel']}, {name}: {why}")
    return rows


def print_row(row, columns):
    """The medians, and ours over the primal's and over that by hand; the last is of minima."""
    times, least = row["median"], row["minimum"]
    shown = "".join([f"{1e3 * times[c]:10.3f}" if c in times else f"{'-':>10}" for c in columns])
    over = times["srcgrad"] / times["primal"], times["srcgrad"] / times.get("by hand", math.nan)
    print(
        f"{row['kernel']:23}{shown} | {over[0]:7.2f} {over[1]:6.2f} "
        f"{least['srcgrad'] / least.get('by hand', math.nan):6.2f}",
        flush=True,
    )


def print_means(rows, columns):
    """The geometric means of the ratios of medians, over the kernels that have both; of others, by family too."""
    pairs = [("srcgrad", "primal"), ("srcgrad", "by hand"), ("numba", "primal"), ("by hand", "primal")]
    for one, other in pairs:
        _print_mean(rows, one, other)
    for one in columns:
        if one in peers.NAMES:
            for other in ("srcgrad", "numba"):
                _print_mean(rows, one, other)
            for family in dict.fromkeys(row["family"] for row in rows):
                _print_mean([row for row in rows if row["family"] == family], one, "srcgrad", f", {family}")


def _print_mean(rows, one, other, of=""):
    ratios = [t[one] / t[other] for t in (row["median"] for row in rows) if one in t and other in t]
    if ratios:
        mean = statistics.geometric_mean(ratios)
        span = f"{min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} kernels"
        print(f"{one} / {other}{of}: geometric mean {mean:.2f}, {span}")


def print_first_calls(rows, columns):
    """Seconds of the first call, with all that is compiled for it, and megabytes at the peak of a later one."""
    head = "".join([f"{c:>10}" for c in columns]) + " |" + "".join([f"{c:>10}" for c in OURS])
    print(f"\n{'first call, s; peak, MB':23}{head}")
    for row in rows:
        first, held = row["first call"], row["peak bytes"]
        shown = "".join([f"{first[c]:10.2f}" if c in first else f"{'-':>10}" for c in columns])
        memory = "".join([f"{held[c] / 1e6:10.2f}" if c in held else f"{'-':>10}" for c in OURS])
        print(f"{row['kernel']:23}{shown} |{memory}")
