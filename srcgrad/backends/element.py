"""An array expression as one element of it: how an index of the loops goes through every operand."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Way = tuple[str, ...]


class Whole(Exception):
    """The statement stays as it is."""


@dataclass
class Element:
    """An array expression as one element of it.

    `at` gives the text of the element at an index, one text per dimension; `lengths` the text of each dimension's
    length, None where it is known to be 1; `checks` the lengths that must agree; `reads` the places that are read:
    the array's name and how the index runs through it.
    """

    at: Callable[[Sequence[str]], str]
    lengths: tuple[str | None, ...]
    checks: list[tuple[str, str]]
    reads: Sequence[tuple[str, Way]]


def plus(total: str, term: str, zero: str) -> str:
    """A sum that may be taken in any order, as NumPy takes it in its own."""
    return f"{total} + ({term})" if zero == "0" else f"plus({total}, {term})"


def by(way: str, off: int) -> str:
    k, colon, start = way.partition(":")
    return f"{int(k) + off}:{start}" if colon and k.isdigit() else way


def shifted(k: int, start: str) -> Callable[[Sequence[str]], str]:
    return lambda names: names[k] if start == "0" else f"{start} + {names[k]}"


def fixed(text: str) -> Callable[[Sequence[str]], str]:
    return lambda _: text


def together(parts: Sequence[Element], text: Callable[..., str]) -> Element:
    """An elementwise operation on operands that are broadcast."""
    rank = max((len(p.lengths) for p in parts), default=0)
    lengths: list[str | None] = [None] * rank
    checks = [c for p in parts for c in p.checks]
    for p in parts:
        for k, n in enumerate(p.lengths, rank - len(p.lengths)):
            known = lengths[k]
            if known is None:
                lengths[k] = n
            elif n is not None and n != known:
                checks.append((known, n))

    def at(names: Sequence[str]) -> str:
        found = []
        for p in parts:
            own = list(names[rank - len(p.lengths) :]) if p.lengths else []
            found.append(p.at(["0" if n is None else i for n, i in zip(p.lengths, own, strict=True)]))
        return text(*found)

    reads = []
    for p in parts:
        off = rank - len(p.lengths)
        for name, way in p.reads:
            reads.append((name, tuple(_moved(w, off, p.lengths, lengths) for w in way)))
    return Element(at, tuple(lengths), checks, reads)


def _moved(way: str, off: int, own: Sequence[str | None], lengths: Sequence[str | None]) -> str:
    k, _, start = way.partition(":")
    if not k.isdigit():
        return way
    # A dimension of length 1 that is broadcast is read at one place over and over.
    if own[int(k)] is None and lengths[int(k) + off] is not None:
        return "?"
    return f"{int(k) + off}:{start}"


def turned(e: Element) -> Element:
    reads = [(n, ("?",)) for n, _ in e.reads]
    return Element(lambda names: e.at(list(names)[::-1]), e.lengths[::-1], e.checks, reads)


def outer(a: Element, b: Element) -> Element:
    reads = [(n, ("?",)) for n, _ in [*a.reads, *b.reads]]
    return Element(
        lambda names: f"({a.at(names[:1])} * {b.at(names[1:])})", a.lengths + b.lengths, a.checks + b.checks, reads
    )


def in_step(read: tuple[str, tuple[str, ...]], written: tuple[str, tuple[str, ...]]) -> bool:
    """Whether a loop reads each element of an array no later than it is written, and at no other trip.

    So it is where every dimension that the loop runs through is run through alike; what stays fixed may differ.
    """
    if read[0] != written[0] or len(read[1]) != len(written[1]):
        return False
    pairs = list(zip(read[1], written[1], strict=True))
    return "?" not in read[1] + written[1] and all(p == q for p, q in pairs)


def is_true(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and e.value is True


def is_none(e: ast.expr) -> bool:
    return isinstance(e, ast.Constant) and e.value is None
