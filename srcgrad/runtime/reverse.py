"""Reverse mode: what a program did, kept as entries, and the sweep that walks them backwards.

The sweep is itself differentiated, by the same source rewriting, when a derivative is taken of a
derivative: it is plain Python over NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import Rule
from srcgrad.runtime import anomaly, memory, zeros
from srcgrad.runtime.binding import Binding, binding_of
from srcgrad.runtime.cotangents import SCALARS, Cotangents, ZeroMet, present
from srcgrad.runtime.entries import Gather, Operation, Pick, Placed, Put, Reshape, Step, StepOfOne, Watched, Write
from srcgrad.runtime.levels import at, user_place


class ReverseTrace:
    """The entries of one run, and which values in it depend on the inputs."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.known: dict[int, Any] = {}  # by id; holding the value keeps the id its own
        self.held: dict[int, Any] = {}  # the keepers of memory that entries refer to
        self.open = True
        self.careful = False  # whether a sweep has met a zero of which it did not know the reason

    def is_active(self, x: Any) -> bool:
        if isinstance(x, np.ndarray):
            return id(memory.owner(x)) in self.known
        return id(x) in self.known

    def mark(self, x: Any) -> None:
        """From here on x depends on the inputs."""
        if isinstance(x, np.ndarray):
            whole = memory.owner(x)
            self.known[id(whole)] = whole
        else:
            self.known[id(x)] = x

    def hold(self, x: Any) -> None:
        """An entry refers to x: changes of its memory are to be noted."""
        if isinstance(x, np.ndarray):
            kept = x if x.base is None else memory.keeper(x)
            self.held[id(kept)] = kept
        elif isinstance(x, (list, tuple)):
            for part in x:
                self.hold(part)

    def holds(self, x: np.ndarray) -> bool:
        """Whether a change of an array's memory has to be noted."""
        return id(memory.keeper(x)) in self.held

    def append(self, entry: Any, watched: Any = None) -> None:
        self.entries.append(entry if watched is None else Watched(entry, watched))

    def step(self, binding: Binding, y: Any, a: Any, b: Any, active_a: bool, active_b: bool) -> None:
        """Note an operation on two plain numbers."""
        pull_a = binding.pull(0) if active_a else None
        pull_b = binding.pull(1) if active_b else None
        if pull_a is not None or pull_b is not None:
            self.entries.append(Step(y, a, b, pull_a, pull_b, binding.rule.singular))
            self.known[id(y)] = y

    def step_of_one(self, binding: Binding, y: Any, x: Any) -> None:
        """Note an operation on one plain number."""
        pull = binding.pull(0)
        if pull is not None:
            self.entries.append(StepOfOne(y, x, pull, binding.rule.singular))
            self.known[id(y)] = y

    def array_step(self, binding: Binding, y: Any, a: Any, b: Any, active_a: bool, active_b: bool) -> None:
        """Note an operation on two operands of which one is an array, with a new array as result."""
        active = []
        if active_a and binding.pull(0) is not None:
            active.append(0)
        if active_b and binding.pull(1) is not None:
            active.append(1)
        if active:
            self.entries.append(Operation(binding.rule, y, (a, b), active))
            self.hold(a)
            self.hold(b)
            self.known[id(y)] = self.held[id(y)] = y

    def put(self, x: np.ndarray, index: Any, old: Any, v: Any, active: bool) -> None:
        """Note the writing of one element of a real array."""
        whole = x if x.base is None else memory.owner(x)
        self.known[id(whole)] = whole
        kept = whole if whole.base is None else memory.keeper(whole)
        self.held[id(kept)] = kept
        self.entries.append(Put(x, index, old, v, active))

    def pick(self, x: np.ndarray, index: Any, y: Any) -> None:
        """Note the reading of one element of a real array."""
        self.entries.append(Pick(x, index, y))
        kept = x if x.base is None else memory.keeper(x)
        self.held[id(kept)] = kept
        self.known[id(y)] = y

    def operation(
        self, _outer: Any, rule: Rule, y: Any, values: tuple[Any, ...], active: list[int], watched: Any = None
    ) -> None:
        entry: Any = Operation(rule, y, values, active)
        binding = binding_of(rule)
        if any(binding.may_refuse(k) for k in active):
            entry = Placed(entry, user_place())
        self.append(entry, watched)
        for x in values:
            self.hold(x)
        self.born(y)

    def born(self, y: Any) -> None:
        """The result of an entry: active in each part that can be."""
        if isinstance(y, (tuple, list)):
            for part in y:
                self.born(part)
        elif isinstance(y, SCALARS):
            self.known[id(y)] = y
        elif isinstance(y, np.ndarray) and y.dtype.kind in "fc":
            self.mark(y)
            self.hold(y)

    def gather(self, _outer: Any, x: np.ndarray, index: Any, y: Any) -> None:
        watched = anomaly.check_forward(y) if anomaly.watch.on else None
        self.append(Gather(x, index, y), watched)
        self.hold(x)
        self.born(y)

    def prepared(self, outer: Any, x: np.ndarray, index: Any, v: Any, active: bool) -> Any:
        """What is to be noted of a write that is about to happen, or None."""
        active = active and x.dtype.kind in "fc"
        if not active and not self.holds(x):
            return None
        return Write(x, index, at(outer, contents, x, index), v, active)

    def written(self, _outer: Any, entry: Any) -> None:
        """Note a write that has happened."""
        if entry.active:
            self.mark(entry.x)
            self.hold(entry.v)
        self.hold(entry.x)
        self.append(entry, anomaly.here() if anomaly.watch.on else None)


def contents(x: np.ndarray, index: Any) -> Any:
    """What stands at an index, as an array of its own."""
    return np.array(x[index])


def sweep(trace: ReverseTrace, outputs: list[Any], y_bars: list[Any], inputs: list[Any]) -> list[Any]:
    """The cotangents of the inputs, given those of the outputs."""
    if not trace.careful:
        try:
            return walked_back(trace, outputs, y_bars, inputs)
        except ZeroMet:
            trace.careful = True
    return walked_back(trace, outputs, y_bars, inputs)


def walked_back(trace: ReverseTrace, outputs: list[Any], y_bars: list[Any], inputs: list[Any]) -> list[Any]:
    """One walk back over the entries, after which the writes are made again."""
    bars = Cotangents()
    for y, y_bar in zip(outputs, y_bars, strict=True):
        if trace.is_active(y):
            bars.add(y, y_bar)
    outer = present.unused
    try:
        if trace.careful:
            support = zeros.started(trace, outputs, y_bars)
            for entry in trace.entries[::-1]:
                present.unused = zeros.where_unused(support, entry, bars)
                entry.reverse(bars)
        else:
            present.unused = None
            for entry in trace.entries[::-1]:
                entry.reverse(bars)
        return [bars.get(x) for x in inputs]
    finally:
        present.unused = outer
        for entry in trace.entries:
            if isinstance(entry, (Put, Write, Reshape, Watched)):
                entry.again()
