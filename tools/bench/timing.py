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
    """The timing of each action, taken in turn, each round long enough for the clock; what is slow, in fewer rounds."""
    repeats, once = [], []
    for action in actions:
        action()
        action()
        start = time.process_time()
        action()
        once.append(time.process_time() - start)
        repeats.append(max(1, int(seconds / max(once[-1], 1e-9))))
    samples = [[] for _ in actions]
    for number in range(rounds):
        for action, repeat, sample, took in zip(actions, repeats, samples, once, strict=True):
            if number > 2 and took > 0.3:
                continue
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
