"""The text of a tensor, as PyTorch prints it.

All elements of a tensor get one format. Floats are written without a fraction where all are integral, and
in scientific notation where they are far apart, very large or very small; then all are padded to the width
of the widest. Zeros, infinities and NaNs have no say in that choice. Above `threshold` elements the middle of
each long dimension is left out, and only what remains is looked at.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from srcgrad.torch import dtypes

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Options:
    """How tensors are printed."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}
_options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed, first by a profile ("default", "short", "full"), then one by one.

    What is not given stays as it is, except for `sci_mode`, where None stands for "as fits the values".
    """
    global _options
    base = _PROFILES.get(profile or "", _options)
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = replace(base, **changes, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """What `set_printoptions` would set to get the state of now."""
    return asdict(_options)


@contextlib.contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Options for the time of a with statement."""
    global _options
    before = _options
    set_printoptions(**changes)
    try:
        yield
    finally:
        _options = before


def tensor_text(
    array: Array,
    *,
    dtype: dtypes.dtype | None = None,
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    tangent: str | None = None,
    contents: str | None = None,
    kind_name: str = "tensor",
) -> str:
    """What repr() says of a tensor with these elements.

    `dtype` is the array's where not given, `tangent` the text of a dual number's tangent, and `contents`
    what is written in place of the elements. `kind_name` is what stands first, for a subclass its name.
    """
    kind = dtypes.of(array.dtype) if dtype is None else dtype
    default = dtypes.get_default_dtype()
    implied = {default}
    suffixes = []
    if _options.edgeitems == 0 and array.size:
        suffixes.append(f"size={array.shape}")
    if array.size:
        implied |= {dtypes.int64, dtypes.bool_, _default_complex(default)}
    elif array.ndim != 1:
        suffixes.append(f"size={array.shape}")
    if kind not in implied:
        suffixes.append(f"dtype={kind}")
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if tangent is not None:
        suffixes.append(f"tangent={tangent}")
    start = f"{kind_name}("
    body = _elements(array, len(start)) if contents is None else contents
    return _with_suffixes(start + body, suffixes, len(start))


def _default_complex(default: dtypes.dtype) -> dtypes.dtype:
    """The complex dtype that goes without saying; that it is not complex32 is PyTorch's choice."""
    return dtypes.complex128 if default is dtypes.float64 else dtypes.complex64


def _with_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """The text and what follows it, each on the last line where there is room."""
    # PyTorch counts two characters more than there are, where the elements are on one line.
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            text += f",\n{' ' * indent}{suffix}"
            length = indent + len(suffix)
        else:
            text += f", {suffix}"
            length += len(suffix) + 2
    return f"{text})"


def parameter_text(tensor: str) -> str:
    """What repr() says of a Parameter, whose text as a tensor is given."""
    return f"Parameter containing:\n{tensor}"


def transformed_text(kind: str, values: str, **where: int) -> str:
    """What repr() says inside of a function transform: GradTrackingTensor with lvl, BatchedTensor with lvl and bdim."""
    facts = "".join(f"{name}={number}, " for name, number in where.items())
    lines = "\n".join(f"    {line}" for line in values.split("\n"))
    return f"{kind}({facts}value=\n{lines}\n)"


def formatted(tensor: Any, array: Array, spec: str, *, plain: bool = True) -> str:
    """What format() says: of the number where the tensor is one, else its text.

    `plain` is false for subclasses, a Parameter among them, whose numbers are printed as tensors.
    """
    if array.ndim == 0 and plain:
        return format(array.item(), spec)
    return object.__format__(tensor, spec)


def _elements(array: Array, indent: int) -> str:
    """The nested brackets, where the first of them stands in the column `indent`."""
    if array.size == 0:
        return "[]"
    cut = (False,) * array.ndim
    if array.size > _options.threshold and array.ndim:
        edge = _options.edgeitems
        if edge == 0:
            return "[...]"
        cut = tuple(n > 2 * edge for n in array.shape)
        kept = [np.r_[:edge, n - edge : n] if long else np.arange(n) for n, long in zip(array.shape, cut, strict=True)]
        array = array[np.ix_(*kept)]
    show, width = _complex_format(array) if array.dtype.kind == "c" else _format(array)
    return _brackets(array.tolist(), cut, indent, show, width)


def _brackets(values: Any, cut: tuple[bool, ...], indent: int, show: Callable[[Any], str], width: int) -> str:
    """Nested lists, each with dots in its middle where `cut` says so of its dimension."""
    if not cut:
        return show(values)
    if len(cut) == 1:
        parts, dots, per_line = [show(v) for v in values], " ...", max(1, (_options.linewidth - indent) // (width + 2))
    else:
        parts, dots, per_line = [_brackets(v, cut[1:], indent + 1, show, width) for v in values], "...", 1
    if cut[0]:
        parts.insert(_options.edgeitems, dots)
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    between = "," + "\n" * max(1, len(cut) - 1) + " " * (indent + 1)
    return f"[{between.join(lines)}]"


def _format(array: Array) -> tuple[Callable[[Any], str], int]:
    """How to write the elements of a real array, and the width of the widest."""
    if array.dtype.kind != "f":
        width = max(len(str(v)) for v in array.ravel().tolist())
        return lambda v: str(v).rjust(width), width
    values = array.ravel().astype(np.float64)
    values = values[np.isfinite(values) & (values != 0)]
    if not values.size:
        return _float_format(".0f", ".", 1), 1
    low, high = float(np.abs(values).min()), float(np.abs(values).max())
    integral = bool((values == np.ceil(values)).all())
    scientific = high / low > 1000 or high > 1e8 or (low < 1e-4 and not integral)
    if _options.sci_mode is not None:
        scientific = _options.sci_mode
    if scientific:
        spec, point = f".{_options.precision}e", ""
    elif integral:
        spec, point = ".0f", "."
    else:
        spec, point = f".{_options.precision}f", ""
    width = max(len(format(v, spec)) for v in values.tolist()) + len(point)
    return _float_format(spec, point, width), width


def _float_format(spec: str, point: str, width: int) -> Callable[[float], str]:
    def show(value: float) -> str:
        return (format(value, spec) + (point if math.isfinite(value) else "")).rjust(width)

    return show


def _complex_format(array: Array) -> tuple[Callable[[complex], str], int]:
    """The same for complex numbers: the real parts have a format, and the imaginary ones another."""
    (show_real, real_width), (show_imag, imag_width) = _format(array.real), _format(array.imag)

    def show(value: complex) -> str:
        imag = show_imag(value.imag).lstrip()
        return f"{show_real(value.real)}{'' if imag.startswith('-') else '+'}{imag}j"

    return show, real_width + imag_width + 1
