"""The transpose of np.einsum, for any number of operands in either of its notations.

Every index is a small integer here, so that the adjoint is one more einsum in the sublist notation.
The cotangent of an operand contracts y_bar with all other operands. Three cases need a further
factor or a sum:

    an index of this operand alone, summed      a vector of ones spreads the cotangent along it
    an index repeated within this operand       an identity matrix puts it on the diagonal
    a dimension of 1 that was broadcast         the index is left out, and so summed
"""

from __future__ import annotations

from typing import Any

import numpy as np


def array_places(operands: Any) -> list[int]:
    """Where among einsum's positional arguments the arrays stand."""
    if isinstance(operands[0], str):
        return list(range(1, len(operands)))
    return list(range(0, len(operands) - 1, 2))


def written_indices(operands: Any) -> tuple[list[list[Any]], list[Any] | None]:
    """The indices of each array and of the result as written (None when implied)."""
    if isinstance(operands[0], str):
        left, arrow, right = operands[0].replace(" ", "").replace("...", ".").partition("->")
        terms = [list(term) for term in left.split(",")]
        return terms, list(right) if arrow else None
    terms = [["." if k is Ellipsis else k for k in s] for s in operands[1::2]]
    if len(operands) % 2 == 0:
        return terms, None
    return terms, ["." if k is Ellipsis else k for k in operands[-1]]


def implied_output(terms: list[list[Any]]) -> list[Any]:
    """The result's indices when none are given: the ellipsis, then what occurs once, in order."""
    everywhere = [k for term in terms for k in term]
    once = sorted(k for k in set(everywhere) - {"."} if everywhere.count(k) == 1)
    return ["."] * ("." in everywhere) + once


def numbered_indices(operands: Any) -> tuple[list[list[int]], list[int]]:
    """The indices of each array and of the result, as integers from 0, the ellipsis written out."""
    terms, output = written_indices(operands)
    if output is None:
        output = implied_output(terms)
    names = sorted({k for term in terms for k in term} - {"."})
    number = {name: k for k, name in enumerate(names)}
    ranks = [np.ndim(operands[k]) for k in array_places(operands)]
    hidden = [rank - len(term) + 1 for term, rank in zip(terms, ranks, strict=True) if "." in term]
    widest = max(hidden, default=0)
    dots = list(range(len(names), len(names) + widest))

    def numbered(term: list[Any], rank: int) -> list[int]:
        shown = dots[widest - (rank - len(term) + 1) :] if "." in term else []
        return [n for k in term for n in (shown if k == "." else [number[k]])]

    rank_of_y = len(output) - 1 + widest if "." in output else len(output)
    terms_numbered = [numbered(term, rank) for term, rank in zip(terms, ranks, strict=True)]
    return terms_numbered, numbered(output, rank_of_y)


def einsum_cotangents(y_bar: Any, operands: Any, optimize: Any) -> list[Any]:
    """The cotangents of all arrays among einsum's arguments; None for each part of the notation."""
    places = array_places(operands)
    terms, output = numbered_indices(operands)
    arrays = [operands[k] for k in places]
    bars = [transposed_einsum(y_bar, output, arrays, terms, k, bool(optimize)) for k in range(len(arrays))]
    notation = [None if isinstance(a, str) else [None] * np.size(a) for a in operands]
    return [bars[places.index(k)] if k in places else notation[k] for k in range(len(operands))]


def transposed_einsum(
    y_bar: Any, output: list[int], arrays: Any, terms: list[list[int]], which: int, optimize: bool
) -> Any:
    """The cotangent of the array `which`."""
    sizes: dict[int, int] = {}
    for array, term in zip(arrays, terms, strict=True):
        for n, size in zip(term, np.shape(array), strict=True):
            sizes[n] = size if sizes.get(n, 1) == 1 else sizes[n]
    shape = np.shape(arrays[which])
    factors: list[Any] = [y_bar, output]
    spanned = set(output)
    for k, (array, term) in enumerate(zip(arrays, terms, strict=True)):
        if k != which:
            factors = [*factors, array, term]
            spanned |= {n for n, size in zip(term, np.shape(array), strict=True) if size == sizes[n]}
    wanted: list[int] = []
    fresh = len(sizes)
    for n, size in zip(terms[which], shape, strict=True):
        if size != sizes[n]:
            continue
        if n in wanted:
            factors = [*factors, np.eye(size), [n, fresh]]
            wanted = [*wanted, fresh]
            fresh += 1
            continue
        if n not in spanned:
            factors = [*factors, np.ones(size), [n]]
        wanted = [*wanted, n]
    return np.reshape(np.einsum(*factors, wanted, optimize=optimize), shape)


def einsum_tangent(operands: Any, operands_dot: Any, optimize: Any) -> Any:
    """The product rule: one array at a time replaced by its tangent."""
    terms = [
        np.einsum(*operands[:k], operands_dot[k], *operands[k + 1 :], optimize=optimize) for k in array_places(operands)
    ]
    return sum(terms[1:], terms[0])
