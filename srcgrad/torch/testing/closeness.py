"""`assert_close`: whether two values are close, member by member, and where they are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import srcgrad.torch as torch
from srcgrad.torch.tensor import Tensor

# Relative and absolute tolerances by dtype; other dtypes must be equal.
TOLERANCES = {
    "float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7), "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: Any = None,
) -> None:  # fmt: skip
    """Raise an AssertionError unless |actual - expected| <= atol + rtol * |expected| everywhere.

    Compares tensors, arrays, numbers, and sequences and mappings of such. `msg` is a text in place of the
    message, or a function of it.
    """
    del allow_subclasses, check_device, check_layout
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    options = {
        "rtol": rtol, "atol": atol, "equal_nan": equal_nan, "check_dtype": check_dtype, "check_stride": check_stride,
    }  # fmt: skip
    found = _difference(actual, expected, options, ())
    if found is None:
        return
    kind, text, place = found
    if place:
        text = f"{text}\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in place)}"
    raise kind(msg(text) if callable(msg) else text if msg is None else msg)


Found = tuple[type[Exception], str, tuple[Any, ...]]


def _difference(actual: Any, expected: Any, options: dict[str, Any], place: tuple[Any, ...]) -> Found | None:
    """The error, its text and the place where two values first differ."""
    if isinstance(actual, str) or isinstance(expected, str) or actual is None or expected is None:
        return _of_objects(actual, expected, place)
    if isinstance(actual, Sequence) and isinstance(expected, Sequence):
        if len(actual) != len(expected):
            return AssertionError, f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", place
        pairs = [(k, a, b) for k, (a, b) in enumerate(zip(actual, expected, strict=True))]
        return _first(pairs, options, place)
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if set(actual) != set(expected):
            missing, extra = sorted(set(expected) - set(actual)), sorted(set(actual) - set(expected))
            return (
                AssertionError,
                f"The keys of the mappings do not match:\nMissing keys in the actual mapping: {missing}\n"
                + f"Additional keys in the actual mapping: {extra}",
                place,
            )
        return _first([(key, actual[key], expected[key]) for key in sorted(actual)], options, place)
    numbers = (int, float, complex, np.bool_)
    if isinstance(actual, numbers) and isinstance(expected, numbers):
        return _of_numbers(actual, expected, options, place)
    arrays = isinstance(actual, (Tensor, np.ndarray)) == isinstance(expected, (Tensor, np.ndarray))
    if arrays and _like_a_tensor(actual) and _like_a_tensor(expected):
        return _of_tensors(torch.as_tensor(actual), torch.as_tensor(expected), options, place)
    return (
        TypeError,
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.",
        place,
    )


def _like_a_tensor(value: Any) -> bool:
    return isinstance(value, (Tensor, np.ndarray, int, float, complex, np.number))


def _first(pairs: list[tuple[Any, Any, Any]], options: dict[str, Any], place: tuple[Any, ...]) -> Found | None:
    for key, a, b in pairs:
        found = _difference(a, b, options, (*place, key))
        if found is not None:
            return found
    return None


def _of_objects(actual: Any, expected: Any, place: tuple[Any, ...]) -> Found | None:
    if actual is None and expected is None:
        return None
    if actual is None or expected is None:
        return AssertionError, f"None mismatch: {actual} is not {expected}", place
    return (
        TypeError,
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.",
        place,
    )


def _tolerances(options: dict[str, Any], *dtypes: str) -> tuple[float, float]:
    if options["rtol"] is not None:
        return float(options["rtol"]), float(options["atol"])
    pairs = [TOLERANCES.get(name, (0.0, 0.0)) for name in dtypes]
    return max(p[0] for p in pairs), max(p[1] for p in pairs)


def _of_numbers(actual: Any, expected: Any, options: dict[str, Any], place: tuple[Any, ...]) -> Found | None:
    names = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
    kinds = [next(name for kind, name in names.items() if isinstance(v, kind)) for v in (actual, expected)]
    if options["check_dtype"] and kinds[0] != kinds[1]:
        return AssertionError, f"The (d)types do not match: {type(actual)} != {type(expected)}.", place
    if isinstance(actual, bool) and isinstance(expected, bool):
        return None if actual is expected else (AssertionError, f"Booleans mismatch: {actual} is not {expected}", place)
    rtol, atol = _tolerances(options, *kinds)
    if np.isclose(actual, expected, rtol, atol, options["equal_nan"]):
        return None
    return AssertionError, _scalars(actual, expected, rtol, atol), place


def _scalars(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    gap = abs(actual - expected)
    share = float("inf") if expected == 0 else gap / abs(expected)
    if rtol == 0 and atol == 0:
        title = "Scalars are not equal!"
        tail = ["", ""]
    else:
        title = "Scalars are not close!"
        tail = [f" (up to {atol} allowed)", f" (up to {rtol} allowed)"]
    return (
        f"{title}\n\nExpected {expected} but got {actual}.\nAbsolute difference: {gap}{tail[0]}\n"
        f"Relative difference: {share}{tail[1]}"
    )


def _of_tensors(actual: Any, expected: Any, options: dict[str, Any], place: tuple[Any, ...]) -> Found | None:
    for name, wanted in (("shape", True), ("dtype", options["check_dtype"])):
        a, b = getattr(actual, name), getattr(expected, name)
        if wanted and a != b:
            return AssertionError, f"The values for attribute '{name}' do not match: {a} != {b}.", place
    if options["check_stride"] and actual.stride() != expected.stride():
        text = f"The values for attribute 'stride()' do not match: {actual.stride()} != {expected.stride()}."
        return AssertionError, text, place
    rtol, atol = _tolerances(options, actual._a.dtype.name, expected._a.dtype.name)
    a, b = np.asarray(actual._a), np.asarray(expected._a)
    if a.dtype != b.dtype:
        wide = torch.promote_types(actual.dtype, expected.dtype).numpy
        a, b = a.astype(wide), b.astype(wide)
    close = np.isclose(a, b, rtol, atol, options["equal_nan"])
    if close.all():
        return None
    if a.ndim == 0:
        return AssertionError, _scalars(a.item(), b.item(), rtol, atol), place
    return AssertionError, _tensors(a, b, close, rtol, atol), place


def _tensors(a: Any, b: Any, close: Any, rtol: float, atol: float) -> str:
    """What to say of arrays that are not close."""
    wrong, total = int((~close).sum()), a.size
    equal = rtol == 0 and atol == 0
    lines = [
        f"Tensor-likes are not {'equal' if equal else 'close'}!",
        "",
        f"Mismatched elements: {wrong} / {total} ({wrong / total:.1%})",
    ]
    kept = a.astype(np.int64) if a.dtype.kind in "iub" else a, b.astype(np.int64) if b.dtype.kind in "iub" else b
    gap = np.abs(kept[0] - kept[1])
    gap[close] = 0
    with np.errstate(all="ignore"):
        share = np.where(gap == 0, 0, gap / np.abs(kept[1]))
    if a.dtype.kind in "iub":
        share = share.astype(np.float32)
    for name, values, allowed in (("absolute", gap, atol), ("relative", share, rtol)):
        place = _largest(values)
        limit = "" if equal else f" (up to {allowed} allowed)"
        at = tuple(int(k) for k in place)
        lines.append(f"Greatest {name} difference: {values[place].item()} at index {at}{limit}")
    return "\n".join(lines)


def _largest(values: Any) -> tuple[Any, ...]:
    """Where the largest is; NaN counts as the largest."""
    return tuple(np.unravel_index(int(np.argmax(values)), values.shape))


def assert_allclose(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, equal_nan: bool = True,
    msg: str | Callable[[str], str] = "",
) -> None:  # fmt: skip
    """The older form: dtypes may differ."""
    import warnings

    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. Please use "
        "`torch.testing.assert_close()` instead. You can find detailed upgrade instructions in "
        "https://github.com/pytorch/pytorch/issues/61844.",
        FutureWarning,
        stacklevel=2,
    )
    assert_close(
        actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, check_stride=False,
        msg=msg or None,
    )  # fmt: skip
