"""How tensors are printed: shapes, dtypes, magnitudes, options, and what is said after the elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

INTEGERS = "bool uint8 int8 int16 uint16 int32 uint32 int64 uint64".split()
FLOATS = "float16 float32 float64".split()
COMPLEX = "complex64 complex128".split()
SHAPES: list[tuple[int, ...]] = [
    *[(), (0,), (0, 3), (2, 0, 3), (1,), (5,), (30,), (50,), (1001,)],
    *[(1, 1), (2, 3), (40, 30), (3, 400), (400, 3), (1, 1001), (2, 60)],
    *[(3, 1, 4), (2, 2, 2), (11, 10, 10), (2, 1, 2, 3), (2, 2, 2, 1, 2)],
]
# Ranges of magnitudes: the lowest and the highest power of ten.
RANGES = [(0, 0), (0, 2), (0, 3), (2, 4), (-2, 0), (-3, 0), (-4, -1), (-5, -3), (-6, 3), (4, 7), (7, 9), (-30, 30)]
OPTIONS: list[dict[str, Any]] = [
    *[{"precision": p} for p in (0, 1, 2, 6, 10, 17)],
    *[{"edgeitems": e, "threshold": t} for e, t in [(0, 5), (1, 5), (2, 5), (5, 50), (3, 0), (0, 1000), (40, 10)]],
    *[{"linewidth": w} for w in (0, 1, 20, 40, 79, 81, 120, 200)],
    *[{"profile": p} for p in ("default", "short", "full", "unknown")],
    *[{"sci_mode": s} for s in (True, False, None)],
    {"sci_mode": True, "precision": 2, "linewidth": 60},
    {"profile": "short", "precision": 7, "threshold": 4},
]


def drawn(seed: int, shape: tuple[int, ...], dtype: str, low: int, high: int, style: str = "") -> Array:
    """An array of numbers between powers of ten; `style` has "integral", "positive", "zeros" or "special"."""
    rng = np.random.RandomState(seed)
    powers = np.array([float(f"1e{p}") for p in range(low, high + 1)])

    def reals() -> Array:
        x = rng.uniform(1, 10, shape) * powers[rng.randint(0, len(powers), shape)]
        x = np.round(x) if "integral" in style else x
        x = x if "positive" in style else np.where(rng.uniform(size=shape) < 0.5, -x, x)
        x = np.where(rng.uniform(size=shape) < 0.3, 0.0, x) if "zeros" in style else x
        special = np.array([np.inf, -np.inf, np.nan])[rng.randint(0, 3, shape)]
        return np.asarray(np.where(rng.uniform(size=shape) < 0.2, special, x) if "special" in style else x)

    with np.errstate(over="ignore"):
        return np.asarray(reals() + 1j * reals() if dtype in COMPLEX else reals()).astype(dtype)


def whole(seed: int, shape: tuple[int, ...], dtype: str) -> Array:
    """An array of integers or bools, small or over the whole range of the dtype."""
    rng = np.random.RandomState(seed)
    if dtype == "bool":
        return np.asarray(rng.randint(0, 2, shape)).astype(bool)
    if seed % 2:
        limits = np.iinfo(dtype)
        return np.asarray(rng.randint(limits.min, limits.max, shape, dtype=dtype))
    return np.asarray(rng.randint(0, 100, shape)).astype(dtype)


def arrays() -> Iterator[tuple[str, Array]]:
    """What is printed with the options that hold at first."""
    for dtype in [*INTEGERS, *FLOATS, *COMPLEX]:
        for i, shape in enumerate(SHAPES):
            array = whole(i, shape, dtype) if dtype in INTEGERS else drawn(i, shape, dtype, 0, 1)
            yield f"{dtype} of shape {shape}", array
    # As many as are printed in full, and one more in four dimensions; once, as the texts are long.
    yield "all of 1000", whole(0, (1000,), "uint8")
    yield "some of 1001", whole(0, (7, 13, 1, 11), "uint8")
    for dtype in [*FLOATS, *COMPLEX]:
        for low, high in RANGES:
            for i, style in enumerate(["", "integral", "positive", "zeros special", "integral zeros special"]):
                for shape in [(), (7,), (3, 4)]:
                    array = drawn(i, shape, dtype, low, high, style)
                    yield f"{dtype} {shape} of 1e{low} to 1e{high} {style}".strip(), array
    for (
        number
    ) in "0 -0 1 -1 0.1 1e-4 9.99e-5 1000 1001 1e8 100000001 1e9 0.99999 1e-45 1e-320 1e300 nan inf -inf".split():
        for dtype in ("float32", "float64"):
            with np.errstate(over="ignore"):
                yield f"{dtype} {number}", np.array(float(number)).astype(dtype)
    for others in [
        "1 1000",
        "1 1001",
        "0.5 500",
        "0.5 500.5",
        "nan 1.5",
        "inf 2",
        "-inf 0",
        "1e-4 1",
        "0 1e-5",
        "1e8 1e8",
    ]:
        yield f"float64 {others}", np.array([float(x) for x in others.split()])


def answers(torch: Any) -> dict[str, Any]:
    found = {name: repr(torch.from_numpy(array)) for name, array in arrays()}
    try:
        found |= with_options(torch)
    finally:
        torch.set_printoptions(profile="default")
    try:
        found |= with_default_dtype(torch)
    finally:
        torch.set_default_dtype(torch.float32)
    return found | with_suffixes(torch) | with_format(torch)


def with_options(torch: Any) -> dict[str, Any]:
    given = {
        "vector": drawn(1, (30,), "float32", 0, 1),
        "wide": drawn(2, (3, 8), "float32", -5, 3, "special"),
        "integral": drawn(3, (4, 15), "float32", 0, 2, "integral"),
        "matrices": drawn(4, (2, 3, 4), "float64", 0, 0, "zeros"),
        "complex": drawn(5, (4, 3), "complex64", -2, 2),
        "integers": whole(6, (12, 9), "int64"),
        "zeros": np.zeros((2, 2), np.float32),
        "number": drawn(7, (), "float32", 0, 0),
        "none": np.zeros((2, 0), np.float32),
        "many": drawn(8, (300, 4), "float32", 0, 0),
    }
    found = {}
    for options in OPTIONS:
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        for name, array in given.items():
            # All of many elements would fill the record.
            if name != "many" or "full" not in options.values():
                found[f"{name} with {options}"] = repr(torch.from_numpy(array))
    torch.set_printoptions(profile="short", sci_mode=True)
    torch.set_printoptions(edgeitems=1)
    found["options stay"] = repr(torch.from_numpy(given["many"]))
    return found


def with_default_dtype(torch: Any) -> dict[str, Any]:
    found = {}
    for default in FLOATS:
        torch.set_default_dtype(getattr(torch, default))
        for dtype in [*INTEGERS, *FLOATS, *COMPLEX]:
            for shape in [(2,), (0,), (0, 2)]:
                array = np.ones(shape, dtype)
                found[f"{dtype} of shape {shape} where the default is {default}"] = repr(torch.from_numpy(array))
    return found


def with_suffixes(torch: Any) -> dict[str, Any]:
    found = {}
    for dtype in ("float32", "float64"):
        for shape in [(), (0,), (0, 3), *[(n,) for n in range(1, 12)], (2, 7), (2, 8), (2, 2, 6), (50, 50)]:
            x = torch.from_numpy(drawn(9, shape, dtype, 0, 0)).requires_grad_()
            found[f"a leaf, {dtype} of shape {shape}"] = repr(x)
            found[f"a clone, {dtype} of shape {shape}"] = repr(x.clone())
            found[f"a parameter, {dtype} of shape {shape}"] = repr(torch.nn.Parameter(x.detach()))
    found["a constant parameter"] = repr(torch.nn.Parameter(torch.from_numpy(np.ones(2)), requires_grad=False))
    return found


def with_format(torch: Any) -> dict[str, Any]:
    found = {}
    numbers = {"float32": 1.23456, "float64": -12345.678, "int64": 42, "bool": True, "complex64": 1 + 2j}
    for dtype, number in numbers.items():
        for spec in ["", ".3f", "8.2e", "g", "d", "5", "s", ">12", "+"]:
            x = torch.from_numpy(np.array(number, dtype))
            for name, y in [(dtype, x), (f"vector of {dtype}", x.reshape(1))]:
                found[f"{name} in the format {spec!r}"] = tried(y, spec)
    p = torch.nn.Parameter(torch.from_numpy(np.array(1.5)))
    return found | {f"parameter in the format {spec!r}": tried(p, spec) for spec in ("", ".2f")}


def tried(x: Any, spec: str) -> str:
    try:
        return format(x, spec)
    except (TypeError, ValueError) as e:
        return f"{type(e).__name__}: {e}"
