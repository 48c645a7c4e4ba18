"""Which states of a loop are kept, and how the others are computed again, for the reverse sweep.

    forward     (u, s), kept = run_keeping(step, range(n), (u, s), budget=3)
    reverse     for t, (u, s) in steps_back(step, kept):
                    …   the reverse of `step(t, u, s)`, from the state in front of it

A loop of n steps can be reversed with k kept states, each step run r times at most before its reverse, where n is
up to `reach(k, r)`, the binomial coefficient of k + r over k. With a known n the kept states stand where the number
of steps run again is least; see `steps_again` for that number. Without one, each time that the loop outgrows
`reach(k, r)` the states inside that stretch become dispensable and give their places to those behind it, so that no
step is run more than once more often than it would have been had n been known.

Known n: Griewank and Walther 2000, Algorithm 799: revolve. Unknown n: Wang, Moin and Iaccarino 2009, Minimal
repetition dynamic checkpointing algorithm for unsteady adjoint calculation.

These are plain functions over lists and tuples, which a saved module takes along and a second derivative records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import comb
from typing import Any

import numpy as np

State = tuple[Any, ...]


def reach(states: int, times: int) -> int:
    """How many steps can be reversed with so many kept states where each is run so many times at most.

    >>> [reach(3, r) for r in range(5)]
    [1, 4, 10, 20, 35]
    """
    return comb(states + times, states)


def repetitions(steps: int, states: int) -> int:
    """How often some step has to be run before its reverse, at the least."""
    times = 0
    while reach(states, times) < steps:
        times += 1
    return times


def steps_again(steps: int, states: int) -> int:
    """How many steps are run before their reverses in all, the first run up to the last step included.

    >>> [steps_again(10, k) for k in (1, 2, 3, 9)]
    [45, 20, 15, 9]
    """
    times = repetitions(steps, states)
    return times * steps - comb(states + times, states + 1) if times else 0


def first_stretch(steps: int, states: int) -> int:
    """How far behind a kept state the next one stands, for so many steps behind it and states including it."""
    times = repetitions(steps, states)
    return min(reach(states, times - 1), steps - reach(states - 1, times - 1))


def states_allowed(budget: int | None, memory: Any, state: State, steps: int | None) -> int:
    """The number of states that may be kept.

    Without a budget as many as let each step be run twice before its reverse, the square root of twice
    the number of steps; 20 where that is not known.
    """
    allowed = [] if budget is None else [budget]
    if memory is not None:
        allowed.append(max(1, bytes_in(memory) // max(1, size_of(state))))
    if allowed:
        return min(allowed)
    if steps is None:
        return 20
    states = 1
    while reach(states, 2) < steps:
        states += 1
    return states


def bytes_in(memory: Any) -> int:
    """An amount of memory in bytes.

    >>> bytes_in("200MB"), bytes_in("1.5 GiB"), bytes_in(4096)
    (200000000, 1610612736, 4096)
    """
    if not isinstance(memory, str):
        return int(memory)
    text = memory.strip()
    number = text.rstrip("kKMGTiBb ")
    unit = text[len(number) :].strip().removesuffix("B").upper()
    powers = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}
    try:
        return int(float(number) * (1024 if unit.endswith("I") else 1000) ** powers[unit.removesuffix("I")])
    except (KeyError, ValueError):
        raise ValueError(f"memory is a number of bytes or text such as '200MB' or '1.5 GiB', not {memory!r}") from None


def size_of(state: State) -> int:
    """About how many bytes a kept state takes."""
    return sum([v.nbytes if isinstance(v, np.ndarray) else 32 for v in state])


def copied_state(state: State) -> State:
    """A state with arrays of its own: steps may write into theirs."""
    return tuple([np.copy(v) if isinstance(v, np.ndarray) else v for v in state])


def run_keeping(
    step: Callable[..., State],
    items: Sequence[Any],
    state: State,
    budget: int | None = None,
    memory: Any = None,
    given: tuple[Any, ...] = (),
) -> tuple[State, list[Any]]:
    """Run `state = step(item, *state, *given)` for each item; the last state, and what `steps_back` needs.

    Kept besides the budget is the state in front of the last step, which is reversed first.
    """
    count = len(items)
    states = states_allowed(budget, memory, state, count)
    saved = [(0, copied_state(state))]
    state = copied_state(state)  # what the arrays held before the loop may be read by the reverse of what made them
    if count:
        state = run_to(step, items, given, saved, states, state, count - 1)
        if saved[-1][0] < count - 1:
            saved.append((count - 1, copied_state(state)))
        state = step(items[count - 1], *state, *given)
    return state, [items, states, saved]


def run_until(
    step: Callable[..., State],
    items: Sequence[Any] | None,
    state: State,
    budget: int | None = None,
    memory: Any = None,
    given: tuple[Any, ...] = (),
    going: Callable[..., bool] | None = None,
    breaks: bool = False,
) -> tuple[State, list[Any]]:
    """As `run_keeping` for a loop of which the number of steps only running it tells.

    It goes on while there are items and `going(*state, *given)` holds; where it `breaks`, the last member of
    the state says whether the step has broken it off. Without items it counts.
    """
    states = states_allowed(budget, memory, state, None)
    saved = [(0, copied_state(state))]
    state = copied_state(state)  # what the arrays held before the loop may be read by the reverse of what made them
    times, slots = 1, states
    due = 1
    done = 0
    while (items is None or done < len(items)) and (going is None or going(*state, *given)):
        if done == due and states > 1:
            if slots == 1:
                times, slots = times + 1, states
                del saved[1:]
            slots -= 1
            saved.append((done, copied_state(state)))
            due = done + (reach(slots, times - 1) if slots > 1 else reach(1, times))
        state = step(done if items is None else items[done], *state, *given)
        done += 1
        if breaks and state[-1]:
            break
    return state, [range(done) if items is None else items[:done], states, saved]


def run_to(
    step: Callable[..., State],
    items: Sequence[Any],
    given: tuple[Any, ...],
    saved: list[tuple[int, State]],
    states: int,
    state: State,
    stop: int,
) -> State:
    """Run from the latest saved state to the one in front of step `stop`, saving states on the way."""
    at = saved[-1][0]
    while at < stop:
        end = stop
        if len(saved) < states:
            end = min(stop, at + first_stretch(stop + 1 - at, states - len(saved) + 1))
        for k in range(at, end):
            state = step(items[k], *state, *given)
        at = end
        if at < stop:
            saved.append((at, copied_state(state)))
    return state


def steps_back(step: Callable[..., State], kept: list[Any], given: tuple[Any, ...] = ()) -> Iterator[tuple[Any, State]]:
    """The items from the last to the first, each with the state in front of its step, arrays of its own.

    The first state stays, from which the walk back may be done again.
    """
    items, states, saved = kept
    kept[2] = saved[:1]
    for k in range(len(items) - 1, -1, -1):
        at, state = saved[-1]
        if at == k and k > 0:
            saved.pop()
        else:
            state = run_to(step, items, given, saved, states, copied_state(state), k)
        yield items[k], state
