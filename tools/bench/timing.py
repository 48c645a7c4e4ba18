"""Processor times of actions that are compared: taken in interleaved rounds in one process."""

import statistics
import time
import tracemalloc
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds per call."""

    median: float
    minimum: float


def interleaved(actions, rounds, seconds=0.02):
    """The timing of each action, taken in turn, each round long enough for the clock."""
    repeats = []
    for action in actions:
        action()
        action()
        start = time.process_time()
        action()
        repeats.append(max(1, int(seconds / max(time.process_time() - start, 1e-9))))
    samples = [[] for _ in actions]
    for _ in range(rounds):
        for action, repeat, sample in zip(actions, repeats, samples, strict=True):
            start = time.process_time()
            for _ in range(repeat):
                action()
            sample.append((time.process_time() - start) / repeat)
    return [Timing(statistics.median(sample), min(sample)) for sample in samples]


def peak(action):
    """The most bytes that Python and NumPy held at a time during one call, beyond those before it."""
    action()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        action()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
