"""Which operations ran, how often, and how long they took.

What enters: a `with` block. What leaves: a table with a line for each operation, under PyTorch's names (aten::mul).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, Self

from srcgrad.torch import profiling


class FunctionEvent:
    """One operation that ran: its name, and its start and length in microseconds."""

    def __init__(self, name: str, start: float, length: float) -> None:
        self.name = self.key = name
        self.start = start
        self.cpu_time_total = self.self_cpu_time_total = length
        self.count = 1

    @property
    def cpu_time(self) -> float:
        return self.cpu_time_total / self.count

    def __repr__(self) -> str:
        return f"<FunctionEvent name={self.name} cpu_time={self.cpu_time_total:.3f}us>"


def operation_name(title: str) -> str:
    """aten::mul of MulBackward0; a name of the user's own stays as it is."""
    if not re.search(r"Backward\d*$", title):
        return title
    base = re.sub(r"Backward\d*$", "", title)
    return "aten::" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base).lower()


class EventList(list[Any]):
    """Events, or their averages by name."""

    def key_averages(self, group_by_input_shape: bool = False, **_: Any) -> EventList:
        """One entry for each name."""
        del group_by_input_shape
        found: dict[str, FunctionEvent] = {}
        for event in self:
            if event.name in found:
                known = found[event.name]
                known.count += 1
                known.cpu_time_total += event.cpu_time_total
                known.self_cpu_time_total += event.self_cpu_time_total
            else:
                made = FunctionEvent(event.name, event.start, event.cpu_time_total)
                found[event.name] = made
        return EventList(found.values())

    def total_average(self) -> FunctionEvent:
        """All events as one."""
        total = FunctionEvent("Total", 0.0, sum(e.cpu_time_total for e in self))
        total.count = sum(e.count for e in self)
        return total

    @property
    def self_cpu_time_total(self) -> float:
        return float(sum(e.self_cpu_time_total for e in self))

    def table(self, sort_by: str | None = None, row_limit: int = 100, **_: Any) -> str:
        """The events as text, the largest first by the named column."""
        events = list(self)
        if sort_by is not None:
            events.sort(key=lambda e: getattr(e, sort_by.replace("cuda", "cpu"), 0), reverse=True)
        total = sum(e.self_cpu_time_total for e in self) or 1.0
        header = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg", "# of Calls"]
        rows = [
            [
                e.name, f"{100 * e.self_cpu_time_total / total:.2f}%", _time(e.self_cpu_time_total),
                f"{100 * e.cpu_time_total / total:.2f}%", _time(e.cpu_time_total), _time(e.cpu_time), str(e.count),
            ]
            for e in events[:row_limit]
        ]  # fmt: skip
        widths = [max(len(row[k]) for row in [header, *rows]) + 2 for k in range(len(header))]
        rule = "  ".join("-" * w for w in widths)
        lines = [rule, *("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in [header])]
        lines += [rule, *("  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows), rule]
        return "\n".join(lines) + f"\nSelf CPU time total: {_time(total)}\n"

    def export_chrome_trace(self, path: str) -> None:
        """Write the events in the form of chrome://tracing."""
        events = [
            {
                "name": e.name,
                "ph": "X",
                "ts": e.start,
                "dur": e.cpu_time_total,
                "tid": 1,
                "pid": "CPU functions",
                "args": {},
            }
            for e in self
        ]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(events, file)

    __str__ = table


def _time(us: float) -> str:
    if us >= 1e6:
        return f"{us / 1e6:.3f}s"
    return f"{us / 1e3:.3f}ms" if us >= 1e3 else f"{us:.3f}us"


class profile:  # noqa: N801 - PyTorch's name
    """Listen to the operations of a `with` block."""

    def __init__(self, enabled: bool = True, **_: Any) -> None:
        self.enabled = enabled
        self.function_events = EventList()

    def _listen(self, primitive: Any) -> Callable[[], None]:
        start = time.perf_counter()

        def end() -> None:
            now = time.perf_counter()
            self.function_events.append(FunctionEvent(operation_name(primitive.name), start * 1e6, (now - start) * 1e6))

        return end

    def __enter__(self) -> Self:
        if self.enabled:
            self._before = profiling.watch.listeners
            profiling.watch.listeners = (*self._before, self._listen)
            profiling.watch.on = True
            profiling.LISTENING.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            profiling.watch.listeners = self._before
            profiling.watch.on = bool(self._before)
            profiling.LISTENING[:] = [other for other in profiling.LISTENING if other is not self]

    def key_averages(self, group_by_input_shape: bool = False, **options: Any) -> EventList:
        """One entry for each operation."""
        return self.function_events.key_averages(group_by_input_shape, **options)

    def events(self) -> EventList:
        """Every operation that ran."""
        return self.function_events

    def total_average(self) -> FunctionEvent:
        """All operations as one."""
        return self.function_events.total_average()

    @property
    def self_cpu_time_total(self) -> float:
        return self.function_events.self_cpu_time_total

    def table(self, sort_by: str | None = None, **options: Any) -> str:
        """The operations as text."""
        return self.function_events.table(sort_by, **options)

    def export_chrome_trace(self, path: str) -> None:
        """Write the operations in the form of chrome://tracing."""
        self.function_events.export_chrome_trace(path)

    def __str__(self) -> str:
        return self.function_events.table()


class record_function:  # noqa: N801 - PyTorch's name
    """A name of one's own in the profile, for a `with` block or a decorated function."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args

    def __enter__(self) -> Self:
        class Named:
            name = self.name

        self._ends = [listener(Named) for listener in profiling.watch.listeners]
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._ends:
            end()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with type(self)(self.name, self.args):
                return function(*args, **kwargs)

        return wrapper


class emit_nvtx:  # noqa: N801 - PyTorch's name
    """There is no GPU: does nothing."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        del enabled, record_shapes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
