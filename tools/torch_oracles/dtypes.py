"""What is said of dtypes, their promotion and limits, of sizes, devices, layouts and memory formats."""

from __future__ import annotations

import copy
import itertools
import operator
import pickle
from typing import Any

import numpy as np

from tools.torch_oracles import raised

REAL = "bool uint8 int8 int16 int32 int64 uint16 uint32 uint64 float16 float32 float64".split()
COMPLEX = "complex64 complex128".split()
NOT_IN_NUMPY = "bfloat16 complex32".split()
ALL = [*REAL, *COMPLEX, *NOT_IN_NUMPY]
ALIASES = "half float double short int long chalf cfloat cdouble".split()
NUMBERS = {"True": True, "3": 3, "2.5": 2.5, "2j": 2j, "np.float64": np.float64(2), "np.int8": np.int8(2)}


def answers(torch: Any) -> dict[str, Any]:
    return {
        **attributes(torch),
        **promotion(torch),
        **limits(torch),
        **sizes(torch),
        **devices(torch),
        **defaults(torch),
    }


def attributes(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ALL:
        d = getattr(torch, name)
        found[name] = [repr(d), str(d), d.itemsize, d.is_floating_point, d.is_complex, d.is_signed, d.abbr]
        found[f"{name} real"] = repr(d.to_real())
        found[f"{name} complex"] = raised(lambda d: repr(d.to_complex()), d)
        found[f"{name} kept"] = [pickle.loads(pickle.dumps(d)) is d, copy.deepcopy(d) is d, d == name]
    found |= {f"alias {name}": repr(getattr(torch, name)) for name in ALIASES}
    for name in ("strided", "contiguous_format", "channels_last", "channels_last_3d", "preserve_format"):
        found[name] = repr(getattr(torch, name))
    found["made"] = raised(torch.dtype)
    return found


def promotion(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for a, b in itertools.product(ALL, ALL):
        pair = getattr(torch, a), getattr(torch, b)
        found[f"promote {a} {b}"] = raised(lambda pair: repr(torch.promote_types(*pair)), pair)
        found[f"cast {a} {b}"] = torch.can_cast(*pair)
    for args in [(1, torch.int8), (torch.int8, "int8")]:
        found[f"promote {args}"] = raised(torch.promote_types, *args)
        found[f"cast {args}"] = raised(torch.can_cast, *args)
    operands: dict[str, Any] = {}
    for name in [*REAL, *COMPLEX]:
        operands[name] = torch.from_numpy(np.ones(2, name))
        operands[f"0-d {name}"] = torch.from_numpy(np.ones((), name))
    pairs = [(a, b) for a in operands for b in operands] + [(a, n) for a in [*operands, *NUMBERS] for n in NUMBERS]
    operands |= NUMBERS
    for a, b in pairs:
        both = operands[a], operands[b]
        found[f"result {a} {b}"] = raised(lambda both: repr(torch.result_type(*both)), both)
    return found


def limits(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    shown = {"finfo": "bits eps max min tiny smallest_normal resolution dtype", "iinfo": "bits max min dtype"}
    for kind, names in shown.items():
        info = getattr(torch, kind)
        for name in ALL:

            def told(name: str) -> Any:
                made = info(getattr(torch, name))
                return [repr(made), *(getattr(made, a) for a in names.split())]

            found[f"{kind} {name}"] = raised(told, name)
        found[f"{kind} of a number"] = raised(info, 3)
        one, other = (torch.float16, torch.float32) if kind == "finfo" else (torch.int8, torch.int16)
        found[f"{kind} compared"] = [info(one) == info(one), info(one) == info(other), info(one) != info(other)]
    found["finfo of the default"] = repr(torch.finfo())
    return found


def sizes(torch: Any) -> dict[str, Any]:
    size = torch.Size
    tried = {
        "of a list": lambda: size([2, 3]),
        "empty": size,
        "of a range": lambda: size(range(3)),
        "of bools": lambda: size([True, False]),
        "of NumPy's": lambda: size([np.int64(2)]),
        "of texts": lambda: size(["a"]),
        "of floats": lambda: size([1, 2.5]),
        "of nothing": lambda: size([2, None]),
        "of a number": lambda: size(3),
        "slice": lambda: size([2, 3, 4])[1:],
        "item": lambda: size([2, 3, 4])[-1],
        "sum": lambda: operator.add(size([2, 3]), (4,)),
        "sum of sizes": lambda: size([2, 3]) + size([4]),
        "sum with a list": lambda: operator.add(size([2]), [3]),
        "sum with a number": lambda: size([2]) + 3,
        "sum with floats": lambda: operator.add(size([2]), (2.5,)),
        "right sum": lambda: operator.add((1,), size([2])),
        "times": lambda: size([2, 3]) * 2,
        "right times": lambda: 2 * size([2, 3]),
        "times a float": lambda: size([2, 3]) * 2.5,
        "numel": lambda: [size([2, 3]).numel(), size([]).numel(), size([0, 3]).numel()],
        "equal": lambda: [size([2, 3]) == (2, 3), hash(size([2])) == hash((2,)), size([2]) == [2]],
        "count": lambda: [size([2, 2]).count(2), size([2, 3]).index(3), len(size([1, 2])), 2 in size([2])],
        "unpacked": lambda: [*size([2, 3])],
        "pickled": lambda: pickle.loads(pickle.dumps(size([2, 3]))),
    }

    def told(name: str) -> list[str]:
        found = tried[name]()
        return [repr(found), type(found).__name__]

    return {f"size {name}": raised(told, name) for name in tried}


def devices(torch: Any) -> dict[str, Any]:
    given: list[tuple[Any, ...]] = [
        ("cpu",),
        ("cpu:0",),
        ("cpu", 0),
        ("cpu:1",),
        ("cuda:1",),
        ("cuda",),
        ("meta",),
        ("mps",),
    ]
    given += [
        ("foo",),
        ("",),
        ("cpu:-1",),
        ("cpu:x",),
        ("cpu:",),
        ("cpu:01",),
        ("cpu ",),
        ("CPU",),
        ("cpu:0", 1),
        ("cpu", -1),
        (0,),
    ]

    def told(args: tuple[Any, ...]) -> Any:
        d = torch.device(*args)
        assert torch.device(d) == d
        return [
            repr(d),
            str(d),
            d.type,
            d.index,
            d == torch.device("cpu"),
            pickle.loads(pickle.dumps(d)) == d,
            d == args[0],
        ]

    return {f"device{args}": raised(told, args) for args in given}


def defaults(torch: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"default": repr(torch.get_default_dtype())}
    x, number = torch.from_numpy(np.ones(2, np.int64)), torch.from_numpy(np.ones((), np.int64))
    try:
        for name in [*REAL, *COMPLEX]:
            d = getattr(torch, name)
            found[f"default {name}"] = raised(torch.set_default_dtype, d)
            found[f"default {name} then"] = repr(torch.get_default_dtype())
            found[f"default {name} gives"] = [repr(torch.result_type(t, n)) for t in (x, number) for n in (2.5, 2j)]
        found["default of a text"] = raised(torch.set_default_dtype, "float32")
    finally:
        torch.set_default_dtype(torch.float32)
    return found
