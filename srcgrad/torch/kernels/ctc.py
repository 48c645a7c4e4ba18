"""The connectionist temporal classification loss: minus the log probability of all alignments of a target.

The target's labels, with blanks between and around them, are the states that an alignment goes through in order.
`_prefixes` and `_suffixes` hold the log probability of all ways to a state at a time, and from there to the end,
each with that time's own. They are computed step by step in time, for the whole batch at once.
Graves et al. 2006, section 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcgrad.rules.table import rule


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    zero_infinity: bool = False,  # noqa: ARG001 - read by the gradient
) -> Any:
    """The loss of each sequence, from log_probs (times, sequences, classes) and targets (sequences, labels).

    The targets may also follow each other in one vector. A target that cannot be reached has an infinite loss, and
    the gradient NaN, or zero with `zero_infinity`.
    """
    states, ends = _states(targets, target_lengths, blank)
    return _losses(_prefixes(_emissions(log_probs, states), states, blank), input_lengths, ends)


def ctc_loss_bar(
    c: Any,
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    zero_infinity: bool = False,
) -> Any:
    """The cotangent of the log probabilities from that of the losses, as PyTorch has it.

    It is the one that passes through log_softmax unchanged, so that what comes before has the right gradient.
    """
    states, ends = _states(targets, target_lengths, blank)
    lengths = np.asarray(input_lengths)
    emissions = _emissions(log_probs, states)
    with np.errstate(invalid="ignore"):
        to = _prefixes(emissions, states, blank)
        losses = _losses(to, lengths, ends)
        since = _suffixes(emissions, states, blank, lengths, ends)
        visits = np.where(np.isneginf(to) | np.isneginf(since), 0, np.exp(to + since - emissions + losses[:, None]))
    labels = (states[:, :, None] == np.arange(log_probs.shape[2])).astype(log_probs.dtype)
    by_class = np.matmul(visits.transpose(1, 0, 2), labels).transpose(1, 0, 2)
    bar = (np.exp(log_probs) - by_class) * np.asarray(c)[:, None]
    running = (np.arange(len(log_probs))[:, None] < lengths)[:, :, None]
    lost = np.isinf(losses)[:, None]
    bar = np.where(lost, 0 if zero_infinity else np.nan, bar).astype(bar.dtype)
    return np.where(running, bar, np.zeros((), bar.dtype))


# The losses bend with log_probs, but PyTorch has no second derivative of them, and this one would not be that of
# the function itself: without a text it is refused. So are tangents.
rule(
    ctc_loss,
    "log_probs, targets, input_lengths, target_lengths, blank=0, zero_infinity=False",
    vjp={"log_probs": "ctc_loss_bar(y_bar, log_probs, targets, input_lengths, target_lengths, blank, zero_infinity)"},
    jvp={},
)
rule(
    ctc_loss_bar,
    "c, log_probs, targets, input_lengths, target_lengths, blank=0, zero_infinity=False",
    vjp={
        "c": "np.sum(y_bar * ctc_loss_bar(np.ones_like(c), log_probs, targets, input_lengths, target_lengths, "
        "blank, zero_infinity), axis=(0, 2))"
    },
    jvp={"c": "ctc_loss_bar(c_dot, log_probs, targets, input_lengths, target_lengths, blank, zero_infinity)"},
)


def _states(targets: Any, target_lengths: Any, blank: int) -> tuple[Any, Any]:
    """Each sequence's states, as (sequences, 2 * labels + 1) classes, and the number of the last one."""
    lengths = np.asarray(target_lengths)
    longest = int(lengths.max(initial=0))
    states = np.full((len(lengths), 2 * longest + 1), blank)
    if targets.ndim == 1:
        inside = np.arange(longest) < lengths[:, None]
        starts = np.cumsum(lengths) - lengths
        rows = np.where(inside, starts[:, None] + np.arange(longest), 0)
        labels = np.where(inside, targets[rows] if targets.size else 0, blank)
    else:
        labels = targets[:, :longest]
    states[:, 1::2] = labels
    return states, 2 * lengths


def _emissions(log_probs: Any, states: Any) -> Any:
    """The log probability of each state's class at each time: (times, sequences, states)."""
    return np.take_along_axis(log_probs, states[None], 2)


def _jumps(states: Any, blank: int) -> Any:
    """Whether a state may be reached from the one before the last: past a blank between different labels."""
    jumps = np.zeros(states.shape, bool)
    jumps[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    return jumps


def _prefixes(emissions: Any, states: Any, blank: int) -> Any:
    jumps = _jumps(states, blank)
    to = np.full_like(emissions, -np.inf)
    if not len(to):
        return to
    to[0, :, :2] = emissions[0, :, :2]
    for t in range(1, len(to)):
        last, now = to[t - 1], to[t]
        now[...] = last
        now[:, 1:] = np.logaddexp(now[:, 1:], last[:, :-1])
        now[:, 2:] = np.where(jumps[:, 2:], np.logaddexp(now[:, 2:], last[:, :-2]), now[:, 2:])
        now += emissions[t]
    return to


def _suffixes(emissions: Any, states: Any, blank: int, lengths: Any, ends: Any) -> Any:
    jumps = _jumps(states, blank)
    since = np.full_like(emissions, -np.inf)
    number = np.arange(states.shape[1])
    final = (number == ends[:, None]) | (number == ends[:, None] - 1)
    for t in range(len(since) - 1, -1, -1):
        now = since[t]
        if t + 1 < len(since):
            later = since[t + 1]
            now[...] = later
            now[:, :-1] = np.logaddexp(now[:, :-1], later[:, 1:])
            now[:, :-2] = np.where(jumps[:, 2:], np.logaddexp(now[:, :-2], later[:, 2:]), now[:, :-2])
        now[...] = np.where(final & (lengths == t + 1)[:, None], 0, now) + emissions[t]
    return since


def _losses(to: Any, input_lengths: Any, ends: Any) -> Any:
    sequences = np.arange(to.shape[1])
    lengths = np.asarray(input_lengths)
    last = to[np.maximum(lengths - 1, 0), sequences]
    total = np.where(ends > 0, last[sequences, np.maximum(ends - 1, 0)], -np.inf)
    total = np.logaddexp(last[sequences, ends], total.astype(to.dtype))
    # Without any time there is nothing to align but an empty target.
    return np.where(lengths > 0, -total, np.where(ends == 0, 0.0, np.inf)).astype(to.dtype)
