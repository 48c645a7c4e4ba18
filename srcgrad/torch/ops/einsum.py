"""torch.einsum: sums of products in index notation.

What enters: an equation and tensors. What leaves: a tensor. Each operand's dimensions are put in one common order, a
diagonal taken where an index is repeated; then the operands are multiplied one after the other, by one product
of rows of matrices where indices are summed, and every index is summed as soon as no later operand has it.
"""

from __future__ import annotations

from typing import Any

from srcgrad.torch.names import op
from srcgrad.torch.tensor import Tensor

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MISSING = "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list"
DOTS = -1


@op("einsum", method=False)
def einsum(*args: Any) -> Any:
    """The sum of products that an equation like "ij,jk->ik" describes."""
    if len(args) < 2:
        raise ValueError(MISSING)
    if isinstance(args[0], Tensor):
        operands, terms, output = _from_lists(args)
    else:
        given = args[1:]
        operands = list(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else list(given)
        terms, output = _from_text(args[0], operands)
    return _summed(operands, terms, output)


def _from_lists(args: Any) -> tuple[list[Any], list[list[int]], list[int] | None]:
    """The form `einsum(a, [0, 1], b, [1, 2], [0, 2])`."""

    def term(subscripts: Any) -> list[int]:
        found = []
        for s in subscripts:
            if s is Ellipsis:
                found.append(DOTS)
            elif 0 <= s < len(LETTERS):
                found.append(int(s))
            else:
                raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
        return found

    paired = len(args) - len(args) % 2
    output = term(args[-1]) if len(args) % 2 else None
    return list(args[:paired:2]), [term(s) for s in args[1:paired:2]], output


def _from_text(equation: str, operands: list[Any]) -> tuple[list[list[int]], list[int] | None]:
    """The form `einsum("ij,jk->ik", a, b)`."""
    left, arrow, right = equation.partition("->")
    texts = left.split(",")
    if len(texts) > len(operands):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(texts) < len(operands):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    terms = []
    at = 0
    for number, text in enumerate(texts):
        terms.append(_subscripts(text, at, f"operand {number}"))
        at += len(text) + 1
    if not arrow:
        return terms, None
    return terms, _subscripts(right, len(left) + 2, "output")


def _subscripts(text: str, start: int, where: str) -> list[int]:
    """The numbers of the letters of one term; `start` is its place in the equation."""
    found: list[int] = []
    k = 0
    while k < len(text):
        c = text[k]
        if c == ".":
            if DOTS in found:
                raise RuntimeError(
                    "einsum(): found '.' for output but an ellipsis (...) was already found"
                    if where == "output"
                    else f"einsum(): found '.' for {where} for which an ellipsis was already found"
                )
            if text[k : k + 3] != "...":
                raise RuntimeError(
                    f"einsum(): found '.' for {where} that is not part of any ellipsis"
                    + (" (...)" if where == "output" else "")
                )
            found.append(DOTS)
            k += 3
            continue
        if c != " ":
            if c not in LETTERS:
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {start + k} in the equation string, subscripts must be in "
                    "[a-zA-Z]"
                )
            found.append(LETTERS.index(c))
        k += 1
    return found


def _hidden(operands: list[Any], terms: list[list[int]]) -> int:
    """How many dimensions the ellipsis stands for; every operand is checked against its term."""
    most = 0
    for number, (t, term) in enumerate(zip(operands, terms, strict=True)):
        n, m = t._a.ndim, len(term)
        if DOTS in term:
            if n < m - 1:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({m - 1}) is more than the number of dimensions ({n}) "
                    f"for operand {number}"
                )
            most = max(most, n - m + 1)
        elif n != m:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({m}) does not match the number of dimensions ({n}) for "
                f"operand {number} and no ellipsis was given"
            )
    return most


def _order(terms: list[list[int]], output: list[int] | None, hidden: int) -> tuple[dict[Any, int], int]:
    """The place of each index in the common order, the result's first, and how many the result has."""
    counts: dict[int, int] = {}
    for term in terms:
        for s in term:
            counts[s] = counts.get(s, 0) + 1
    if output is None:
        output = ([DOTS] if DOTS in counts else []) + [s for s in sorted(counts) if s != DOTS and counts[s] == 1]
    places: dict[Any, int] = {}
    for s in output:
        if s == DOTS:
            for k in range(hidden):
                places[DOTS, k] = len(places)
            continue
        if s in places:
            raise RuntimeError(f"einsum(): output subscript {LETTERS[s]} appears more than once in the output")
        if s not in counts:
            raise RuntimeError(
                f"einsum(): output subscript {LETTERS[s]} does not appear in the equation for any input operand"
            )
        places[s] = len(places)
    kept = len(places)
    if DOTS not in output:
        for k in range(hidden):
            places[DOTS, k] = len(places)
    for s in sorted(counts):
        if s != DOTS and s not in places:
            places[s] = len(places)
    return places, kept


def _aligned(t: Any, term: list[int], places: dict[Any, int], hidden: int, number: int) -> Any:
    """An operand with its dimensions in the common order, of size 1 where it has none."""
    keys: list[Any] = []
    for s in term:
        if s == DOTS:
            own = t._a.ndim - len(term) + 1
            keys.extend((DOTS, hidden - own + k) for k in range(own))
        else:
            keys.append(s)
    k = 0
    while k < len(keys):
        first = keys.index(keys[k])
        if first == k:
            k += 1
            continue
        n, m = t._a.shape[first], t._a.shape[k]
        if n != m and 1 not in (n, m):
            raise RuntimeError(
                f"einsum(): subscript {LETTERS[keys[k]]} is repeated for operand {number} but the sizes don't match, {m} != {n}"
            )
        t = t.diagonal(0, first, k).movedim(-1, first)
        del keys[k]
    order = sorted(range(len(keys)), key=lambda d: places[keys[d]])
    present = {places[key] for key in keys}
    for _ in range(len(places) - len(keys)):
        t = t.unsqueeze(-1)
    absent = iter(range(len(keys), len(places)))
    mine = iter(order)
    return t.permute([next(mine) if p in present else next(absent) for p in range(len(places))])


def _summed(operands: list[Any], terms: list[list[int]], output: list[int] | None) -> Any:
    hidden = _hidden(operands, terms)
    places, kept = _order(terms, output, hidden)
    aligned = [_aligned(t, term, places, hidden, k) for k, (t, term) in enumerate(zip(operands, terms, strict=True))]
    _check_sizes(aligned, places)
    count = len(places)
    result = aligned[0]
    last = _last_seen(aligned, kept, count)
    alone = [d for d in range(kept, count) if last[d] == 0]
    if alone:
        result = result.sum(alone, keepdim=len(aligned) > 1)
    for number, t in enumerate(aligned[1:], 1):
        over = []
        for d in range(kept, count):
            if last[d] != number:
                continue
            if result._a.shape[d] != 1 and t._a.shape[d] != 1:
                over.append(d)
            elif result._a.shape[d] != 1:
                result = result.sum(d, keepdim=True)
            elif t._a.shape[d] != 1:
                t = t.sum(d, keepdim=True)
        result = result * t if not over else _product(result, t, over)
    if result._a.ndim > kept:
        result = result.view(result._a.shape[:kept])
    return result


def _check_sizes(aligned: list[Any], places: dict[Any, int]) -> None:
    names = {p: key for key, p in places.items()}
    seen = [1] * len(places)
    for number, t in enumerate(aligned):
        for d, n in enumerate(t._a.shape):
            if n == 1 or seen[d] == n:
                continue
            if seen[d] != 1:
                key = names[d]
                what = "dimension of ellipsis" if isinstance(key, tuple) else f"subscript {LETTERS[key]}"
                raise RuntimeError(
                    f"einsum(): {what} has size {n} for operand {number} which does not broadcast with previously seen "
                    f"size {seen[d]}"
                )
            seen[d] = n


def _last_seen(aligned: list[Any], kept: int, count: int) -> list[int]:
    """The number of the last operand in which each dimension is not 1."""
    last = [0] * count
    for number, t in enumerate(aligned):
        for d in range(kept, count):
            if t._a.shape[d] != 1:
                last[d] = number
    return last


def _product(a: Any, b: Any, over: list[int]) -> Any:
    """The sum of a product over dimensions, as one product of rows of matrices; the dimensions stay, of size 1."""
    p, q = a._a.shape, b._a.shape
    both, left, right = [], [], []
    for d in range(len(p)):
        if d in over:
            continue
        if p[d] != 1 and q[d] != 1:
            both.append(d)
        elif p[d] != 1:
            left.append(d)
        else:
            right.append(d)
    sizes = {d: max(p[d], q[d]) if p[d] and q[d] else 0 for d in range(len(p))}

    def count(dims: list[int]) -> int:
        n = 1
        for d in dims:
            n *= sizes[d]
        return n

    rows = a.permute([*both, *left, *over, *right]).reshape(count(both), count(left), count(over))
    columns = b.permute([*both, *over, *right, *left]).reshape(count(both), count(over), count(right))
    order = [*both, *left, *right, *over]
    found = rows.bmm(columns).view([1 if d in over else sizes[d] for d in order])
    return found.permute([order.index(d) for d in range(len(p))])
