"""Sums into an array from several sides, as the reverse of a stencil has them, as one loop that collects them.

    for i in range(m):                       s_around = np.zeros((m + 4,))
        u_bar[i] += s[i]                     for i in range(m):
    for i in range(m):                           s_around[2 + i] = s[i]
        u_bar[1 + i] -= 2.0 * s[i]    ->     for i in range(m + 2 if m > 0 else 0):
    for i in range(m):                           u_bar[i] = u_bar[i] + s_around[2 + i] - 2.0 * s_around[1 + i] + s_around[i]
        u_bar[2 + i] += s[i]

The zeros around what is added make the border like the inside. The terms are added in the order that they had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from srcgrad.backends.fusion import Access, Item, Nest, Shared, movable, passes

_SUM = re.compile(r"(\w+)\[[^\[\]]*\] ([+-])= (.*)")
FEWEST = 3  # of two sides, each loop reads and writes no more than the collecting one does


@dataclass(frozen=True)
class _Term:
    nest: Nest
    target: str
    starts: tuple[int, ...]
    sign: str
    text: str  # what is added
    part: str  # the one element in it, or all of it
    reads: tuple[Access, ...]  # the accesses of the part


def gathered(items: Sequence[Item], shared: Shared, fresh: Callable[[str, int], str]) -> list[Item]:
    """Statements in order, with such loops made one; `fresh` gives the name of a new array of a rank."""
    made = list(items)
    k = 0
    while k < len(made):
        first = _term(made[k], shared)
        if first is not None:
            terms = [(k, first)]
            for n in range(k + 1, len(made)):
                term = _term(made[n], shared)
                if term and term.target == first.target and term.nest.lengths == first.nest.lengths:
                    terms.append((n, term))
                elif not all(_commute(made[n], t.nest, shared) for _, t in terms):
                    break
            collected = _collected(terms)
            if len(collected) >= FEWEST:
                made = _replaced(made, collected, fresh)
        k += 1
    return made


def _term(item: Item, shared: Shared) -> _Term | None:
    """A loop that adds to each element of an array from constant places on, and reads nothing of that array."""
    if not isinstance(item, Nest) or len(item.body) != 1 or item.sums:
        return None
    match = _SUM.fullmatch(item.body[0])
    written = [a for a in item.accesses if a.written]
    reads = tuple(a for a in item.accesses if not a.written)
    if match is None or len(written) != 1 or any(shared(a.name, match[1]) for a in reads):
        return None
    starts = [w.partition(":") for w in written[0].way]
    if [k for k, _, _ in starts] != [str(k) for k in range(len(item.indices))] or not all(
        s.isdigit() for *_, s in starts
    ):
        return None
    text = match[3]
    for k, name in enumerate(item.indices):
        text = re.sub(rf"\b{name}\b", f"@{k}", text)
    elements = set(re.findall(r"\b\w+\[[^\[\]]*\]", text))
    part = text
    if (
        len(elements) == 1
        and {a.name for a in reads} == {min(elements).partition("[")[0]}
        and _is_multiple(text, min(elements))
    ):
        part = min(elements)
    return _Term(item, match[1], tuple(int(s) for *_, s in starts), match[2], text, part, reads)


def _is_multiple(text: str, part: str) -> bool:
    """Whether what is added is zero wherever the element is, as it is around what is there."""
    factor = r"-?[A-Za-z_\d.]+"
    element = re.escape(part)
    return (
        re.fullmatch(rf"{element}|\(-{element}\)|\({factor} \* {element}\)|\({element} \* {factor}\)", text) is not None
    )


def _commute(item: Item, nest: Nest, shared: Shared) -> bool:
    if not isinstance(item, Nest):
        return movable(item) and passes(item, nest, shared)
    if item.sums & nest.mentioned or nest.sums & item.mentioned:
        return False
    pairs = [(a, b) for a in item.accesses for b in nest.accesses if a.written or b.written]
    return not any(shared(a.name, b.name) for a, b in pairs)


def _collected(terms: Sequence[tuple[int, _Term]]) -> list[tuple[int, _Term]]:
    """The terms of which several add the same element, at different places."""
    parts = [t.part for _, t in terms]
    return [(k, t) for k, t in terms if parts.count(t.part) > 1]


def _replaced(
    items: Sequence[Item], terms: Sequence[tuple[int, _Term]], fresh: Callable[[str, int], str]
) -> list[Item]:
    nest, target = terms[0][1].nest, terms[0][1].target
    dims = range(len(nest.indices))
    least = [min(t.starts[d] for _, t in terms) for d in dims]
    spans = [max(t.starts[d] for _, t in terms) - least[d] for d in dims]
    around: dict[str, str] = {}
    instead: dict[int, list[Item]] = {k: [] for k, _ in terms}
    total = f"{target}[{_places(least, nest.indices)}]"
    accesses = []
    for k, t in terms:
        if t.part not in around:
            name = around[t.part] = fresh(f"{t.reads[0].name if t.reads else 'part'}_around", len(dims))
            shape = ", ".join(f"{n} + {2 * s}" if s else n for n, s in zip(nest.lengths, spans, strict=True))
            part = t.part
            for d in dims:
                part = part.replace(f"@{d}", t.nest.indices[d])
            instead[k] += [
                f"{name} = np.zeros(({shape},))",
                Nest(
                    nest.lengths, t.nest.indices, [f"{name}[{_places(spans, t.nest.indices)}] = {part}"],
                    [Access(name, _ways(spans), True), *t.reads],
                ),
            ]  # fmt: skip
        name = around[t.part]
        back = [s - (c - first) for s, c, first in zip(spans, t.starts, least, strict=True)]
        total += f" {t.sign} {t.text.replace(t.part, f'{name}[{_places(back, nest.indices)}]')}"
        accesses.append(Access(name, _ways(back), False))
    own = Access(target, _ways(least), False)
    hull = [_hull(d, nest.lengths, spans) for d in dims]
    names = [fresh("hull", 0) if h != n else n for h, n in zip(hull, nest.lengths, strict=True)]
    last = terms[-1][0]
    instead[last] += [f"{name} = {h}" for name, h in zip(names, hull, strict=True) if name != h]
    body = [f"{target}[{_places(least, nest.indices)}] = {total}"]
    instead[last].append(Nest(tuple(names), nest.indices, body, [Access(target, own.way, True), own, *accesses]))
    found: list[Item] = []
    for k, item in enumerate(items):
        found += instead.get(k, [item])
    return found


def _hull(d: int, lengths: Sequence[str], spans: Sequence[int]) -> str:
    if not spans[d]:
        return lengths[d]
    return f"{lengths[d]} + {spans[d]} if {' and '.join(f'{n} > 0' for n in lengths)} else 0"


def _places(starts: Sequence[int], names: Sequence[str]) -> str:
    return ", ".join(f"{s} + {name}" if s else name for s, name in zip(starts, names, strict=True))


def _ways(starts: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"{d}:{s}" for d, s in enumerate(starts))
