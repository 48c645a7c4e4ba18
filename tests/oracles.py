"""What derivatives are compared with: extrapolated central differences of whole argument trees.

An argument is seen as a flat vector of real coordinates (`coordinates`), from which a tree of the
same types can be built again (`rebuild`). Nothing here knows srcgrad.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

# The widest step tried, and how often it is narrowed when the differences do not settle.
WIDEST_STEP = 4e-3
NARROWINGS = 4


class NotSmoothError(AssertionError):
    """The differences do not settle: the function has no derivative at the point."""


def children(tree: Any) -> list[tuple[str, Any]] | None:
    """The labelled parts of a container, or None for a leaf."""
    if isinstance(tree, Mapping):
        return [(f"[{key!r}]", value) for key, value in tree.items()]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(f".{key}", getattr(tree, key)) for key in tree._fields]
    if isinstance(tree, list | tuple | deque):
        return [(f"[{key}]", value) for key, value in enumerate(tree)]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(f".{f.name}", getattr(tree, f.name)) for f in dataclasses.fields(tree)]
    if isinstance(tree, np.ndarray) and tree.dtype == object:
        return [(f"[{key}]", value) for key, value in enumerate(tree.flat)]
    return None


def with_children(tree: Any, parts: list[Any]) -> Any:
    """A container of the same type with other parts."""
    if isinstance(tree, Mapping):
        twin = copy.copy(tree)
        for key, part in zip(tree, parts, strict=True):
            twin[key] = part  # type: ignore[index]
        return twin
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*parts)
    if isinstance(tree, deque):
        return deque(parts, tree.maxlen)
    if isinstance(tree, list | tuple):
        return type(tree)(parts)
    if isinstance(tree, np.ndarray):
        twin = np.empty(tree.shape, dtype=object)
        twin.flat[:] = parts
        return twin
    twin = copy.copy(tree)
    for f, part in zip(dataclasses.fields(tree), parts, strict=True):
        object.__setattr__(twin, f.name, part)
    return twin


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with the path that leads to it."""
    parts = children(tree)
    if parts is None:
        yield path, tree
    else:
        for label, part in parts:
            yield from leaves(part, path + label)


def is_numeric(leaf: Any) -> bool:
    """Whether a leaf has coordinates: a real or complex number, or an array of them."""
    if isinstance(leaf, np.ndarray | np.generic):
        return bool(np.issubdtype(leaf.dtype, np.inexact))
    return isinstance(leaf, float | complex)


def _spread(leaf: Any) -> np.ndarray:
    flat = np.asarray(leaf).reshape(-1)
    if np.iscomplexobj(flat):
        return np.stack([flat.real, flat.imag], axis=1).reshape(-1).astype(np.float64)
    return flat.astype(np.float64)


def _gather(leaf: Any, values: np.ndarray) -> Any:
    if isinstance(leaf, np.ndarray):
        twin = leaf.copy(order="K")
        if np.iscomplexobj(twin):
            values = values[0::2] + 1j * values[1::2]
        twin[...] = values.reshape(leaf.shape)
        return twin
    if np.iscomplexobj(leaf):
        return type(leaf)(complex(values[0], values[1]))
    return type(leaf)(values[0])


def coordinates(tree: Any) -> np.ndarray:
    """The real coordinates of all numeric leaves, a complex number giving two."""
    parts = [_spread(leaf) for _, leaf in leaves(tree) if is_numeric(leaf)]
    return np.concatenate([np.zeros(0), *parts])


def coordinates_at(tree: Any, like: Any) -> np.ndarray:
    """The coordinates of those leaves that are numeric in a tree of the same structure."""
    parts = children(like)
    if parts is None:
        return coordinates(tree) if is_numeric(like) else np.zeros(0)
    others = children(tree) or []
    pairs = zip(others, parts, strict=True)
    return np.concatenate([np.zeros(0), *(coordinates_at(other, part) for (_, other), (_, part) in pairs)])


def rebuild(tree: Any, vector: np.ndarray) -> Any:
    """A tree of the same types whose coordinates are `vector`; other leaves are copied."""
    cursor = 0

    def walk(node: Any) -> Any:
        nonlocal cursor
        parts = children(node)
        if parts is not None:
            return with_children(node, [walk(part) for _, part in parts])
        if not is_numeric(node):
            return copy.deepcopy(node)
        size = int(np.size(node)) * (2 if np.iscomplexobj(node) else 1)
        cursor += size
        return _gather(node, vector[cursor - size : cursor])

    return walk(tree)


def widen(tree: Any) -> Any:
    """The tree with single precision made double, so that differences mean something."""
    wide = {"f": np.float64, "c": np.complex128}
    parts = children(tree)
    if parts is not None:
        return with_children(tree, [widen(part) for _, part in parts])
    if isinstance(tree, np.ndarray | np.generic) and tree.dtype.kind in wide:
        return tree.astype(wide[tree.dtype.kind])
    return tree


def narrow(tree: Any) -> bool:
    """Whether a leaf has less than double precision."""
    return any(
        isinstance(leaf, np.ndarray | np.generic) and leaf.dtype.name in ("float32", "complex64", "float16")
        for _, leaf in leaves(tree)
    )


def same_bits(expected: Any, actual: Any) -> bool:
    """Whether two trees hold the same types and the same bits (NaN equals NaN)."""
    if type(expected) is not type(actual):
        return False
    parts, others = children(expected), children(actual)
    if parts is not None and others is not None:
        return [label for label, _ in parts] == [label for label, _ in others] and all(
            same_bits(a, b) for (_, a), (_, b) in zip(parts, others, strict=True)
        )
    if isinstance(expected, np.ndarray | np.generic):
        return (
            expected.dtype == actual.dtype and expected.shape == actual.shape and expected.tobytes() == actual.tobytes()
        )
    if isinstance(expected, float | complex):
        return repr(expected) == repr(actual)
    return expected is actual or not is_plain(expected) or bool(expected == actual)


def is_plain(value: Any) -> bool:
    """Whether == on the value compares contents (objects without their own __eq__ do not)."""
    return type(value).__eq__ is not object.__eq__


def settle(sample: Callable[[float], np.ndarray]) -> tuple[np.ndarray, float]:
    """Richardson's limit of a central difference, and an estimate of its error.

    `sample(h)` is the function's result a distance h along a line. Three steps h, h/2, h/4 remove
    the terms in h^2 and h^4. When the last two estimates disagree, or the point itself lies off the
    curve through its neighbours (a kink, a jump, a pole), the steps are narrowed; the best of the
    acceptable attempts is kept.
    """
    centre = sample(0.0)
    best: np.ndarray | None = None
    best_error = np.inf
    step = WIDEST_STEP
    for _ in range(NARROWINGS):
        with np.errstate(all="ignore"):
            d1, b1 = _slope_and_bend(sample, centre, step)
            d2, _ = _slope_and_bend(sample, centre, step / 2)
            d4, b4 = _slope_and_bend(sample, centre, step / 4)
            e1, e2 = (4 * d2 - d1) / 3, (4 * d4 - d2) / 3
            limit = (16 * e2 - e1) / 15
            error = float(np.max(np.abs(limit - e2), initial=0.0))
            scale = 1.0 + float(np.max(np.abs(limit), initial=0.0))
        # A smooth function's bend shrinks with the step; at a kink it stays, at a jump it grows.
        smooth = bool(np.all(b4 <= 0.5 * b1 + 1e-6 * scale))
        if smooth and np.isfinite(error) and error < best_error:
            best, best_error = limit, error
        if best is not None and best_error <= 1e-9 * scale:
            break
        step /= 8
    if best is None:
        raise NotSmoothError("no straight line through the point and its neighbours")
    scale = 1.0 + float(np.max(np.abs(best), initial=0.0))
    if best_error > 1e-5 * scale:
        raise NotSmoothError(f"differences do not settle: error {best_error:.1e} of {scale:.1e}")
    return best, best_error


def _slope_and_bend(
    sample: Callable[[float], np.ndarray], centre: np.ndarray, h: float
) -> tuple[np.ndarray, np.ndarray]:
    ahead, behind = sample(h), sample(-h)
    if not ahead.shape == behind.shape == centre.shape:
        raise NotSmoothError("the result changes its shape near the point")
    return (ahead - behind) / (2 * h), np.abs(ahead - 2 * centre + behind) / h


def directional(f: Callable[[Any], Any], point: Any, direction: np.ndarray) -> tuple[np.ndarray, float]:
    """The derivative of f's coordinates along a direction in the argument's coordinates."""
    start = coordinates(point)
    length = float(np.max(np.abs(direction), initial=0.0)) or 1.0
    unit = direction / length
    limit, error = settle(lambda h: coordinates(f(rebuild(point, start + h * unit))))
    return limit * length, error * length


def gradient(f: Callable[[Any], float], point: Any) -> tuple[np.ndarray, float]:
    """All partial derivatives of a scalar function, in the argument's coordinates."""
    size = coordinates(point).size
    partials, worst = np.zeros(size), 0.0
    for k in range(size):
        unit = np.zeros(size)
        unit[k] = 1.0
        column, error = directional(f, point, unit)
        partials[k] = column[0]
        worst = max(worst, error)
    return partials, worst


def weights(result: Any, seed: int = 7) -> Any:
    """A fixed pseudo-random cotangent of the result's structure.

    Leaves that are not real or complex get what a cotangent of theirs can only be: zero.
    """
    rng = np.random.default_rng(seed)

    def walk(node: Any) -> Any:
        parts = children(node)
        if parts is not None:
            return with_children(node, [walk(part) for _, part in parts])
        if is_numeric(node):
            count = int(np.size(node)) * (2 if np.iscomplexobj(node) else 1)
            return _gather(node, rng.uniform(0.5, 1.5, count) * rng.choice([-1.0, 1.0], count))
        if isinstance(node, np.ndarray):
            return np.zeros(node.shape)
        return 0.0 if isinstance(node, int | np.integer | np.bool_) else None

    return walk(result)


def pairing(cotangent: Any, result: Any) -> float:
    """Re(sum(cotangent * result)) over all numeric leaves: the pairing of JAX's convention."""
    total = 0.0
    for (_, w), (_, y) in zip(leaves(cotangent), leaves(result), strict=True):
        if is_numeric(y):
            total += float(np.real(np.sum(np.asarray(w) * np.asarray(y))))
    return total


def conjugate(tree: Any) -> Any:
    """The tree with complex leaves conjugated: d/da - i d/db read as coordinates (d/da, d/db)."""
    parts = children(tree)
    if parts is not None:
        return with_children(tree, [conjugate(part) for _, part in parts])
    return np.conj(tree) if is_numeric(tree) and np.iscomplexobj(tree) else tree


def assert_same_structure(like: Any, tree: Any, path: str = "") -> None:
    """Each container has the type and labels of its counterpart, each leaf its kind and dtype."""
    parts, others = children(like), children(tree)
    if parts is not None:
        assert type(tree) is type(like), f"{path or 'result'}: {type(tree)} for a {type(like)}"
        assert others is not None
        expected, actual = [label for label, _ in parts], [label for label, _ in others]
        assert actual == expected, f"{path or 'result'}: parts {actual} for {expected}"
        for (label, part), (_, other) in zip(parts, others, strict=True):
            assert_same_structure(part, other, path + label)
    elif isinstance(like, np.ndarray) and is_numeric(like):
        assert isinstance(tree, np.ndarray), f"{path or 'result'}: {type(tree)} for an array"
        found, wanted = (tree.shape, tree.dtype), (like.shape, like.dtype)
        assert found == wanted, f"{path or 'result'}: {found} for {wanted}"
    elif isinstance(like, np.generic) and is_numeric(like):
        found = getattr(tree, "dtype", None)
        assert found == like.dtype, f"{path or 'result'}: {type(tree)} for {like.dtype}"
        assert np.ndim(tree) == 0, f"{path or 'result'}: shape {np.shape(tree)} for a scalar"
    elif is_numeric(like):
        base = complex if isinstance(like, complex) else float
        assert isinstance(tree, base), f"{path or 'result'}: {type(tree)} for a {type(like)}"


def assert_close(
    expected: np.ndarray, actual: np.ndarray, tolerance: float, error: float = 0.0, what: str = ""
) -> None:
    """Agreement to a relative tolerance, widened by the error of the differences themselves."""
    assert actual.shape == expected.shape, f"{what}: {actual.shape} for {expected.shape}"
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    allowed = tolerance * scale + 20 * error
    worst = np.abs(actual - expected)
    if not np.all(worst <= allowed):
        raise AssertionError(
            f"{what}: off by {np.max(worst):.3e} (allowed {allowed:.1e})\n"
            f"  expected {np.array2string(expected, threshold=24)}\n"
            f"  actual   {np.array2string(actual, threshold=24)}"
        )
