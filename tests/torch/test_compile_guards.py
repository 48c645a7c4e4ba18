"""`torch.compile`: whatever a function asks of the world around it, it asks again; the oracle is Python, which does so too."""

from __future__ import annotations

import copy
import enum
import math
import sys
from collections import OrderedDict, namedtuple
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import srcgrad.torch as torch
from srcgrad.torch import nn

Options = namedtuple("Options", "scale layers")  # noqa: PYI024 - the kind of tuple that people pass
THING: Any = None
SCALE = 0.0
mathstuff = ModuleType("mathstuff")


class Box:
    """An object that answers as what it holds."""

    def __init__(self, held: float) -> None:
        self.held = held

    def __len__(self) -> int:
        return int(self.held)

    def __bool__(self) -> bool:
        return bool(self.held)

    def __eq__(self, other: object) -> bool:
        return bool(self.held == other)

    def __hash__(self) -> int:
        return 1

    def __lt__(self, other: float) -> bool:
        return self.held < other

    def __float__(self) -> float:
        return float(self.held)

    def __index__(self) -> int:
        return int(self.held)

    def __neg__(self) -> float:
        return -self.held

    def __abs__(self) -> float:
        return abs(self.held)

    def __format__(self, spec: str) -> str:
        return str(self.held)

    def __str__(self) -> str:
        return str(self.held)


class Items(list[float]):
    """A list with more than its items."""

    extra = 1.0


class Entries(dict[str, Any]):
    """A dictionary whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Whole(int):
    """A number with more than its value."""

    extra = 1.0


class Mode(enum.Enum):
    FAST = 1
    SLOW = 2


ASKED = {
    "len": lambda x: x * len(THING),
    "if": lambda x: x * 2 if THING else x * 3,
    "not": lambda x: x * (2 if not THING else 3),
    "and": lambda x: x * (2 if THING and True else 3),
    "float": lambda x: x * float(THING),
    "int": lambda x: x * int(THING.__index__()),
    "==": lambda x: x * (2 if THING == 2 else 3),
    "<": lambda x: x * (2 if THING < 3 else 3),
    "in": lambda x: x * (2 if THING in [2] else 3),
    "in list of it": lambda x: x * (2 if 2 in [THING] else 3),
    "list of it": lambda x: x * (2 if [THING] == [2] else 3),
    "-": lambda x: x * -THING,
    "abs": lambda x: x * abs(THING),
    "str": lambda x: x * float(str(THING)),
    "f-string": lambda x: x * float(f"{THING}"),
    "format": lambda x: x * float("{}".format(THING)),  # noqa: UP032 - the method is what is tested
    "%": lambda x: x * float("%s" % (THING,)),  # noqa: UP031 - the operator is what is tested
    "all": lambda x: x * (2 if all([THING]) else 3),
    "any": lambda x: x * (2 if any([THING, 0]) else 3),
    "max": lambda x: x * float(max([1, THING], key=float)),
    "sqrt": lambda x: x * math.sqrt(THING),
    "item": lambda x: x * [1.0, 2.0, 3.0, 4.0, 5.0][THING],
    "range": lambda x: x * range(9)[THING],
    "get": lambda x: x * {2: 5.0}.get(THING, 1.0),
    "slice": lambda x: (x * 2)[: THING.__index__()],
}


@pytest.mark.parametrize("name", ASKED)
def test_an_object_that_answers_otherwise(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(2)
    monkeypatch.setitem(globals(), "THING", box)
    compiled, x = torch.compile(ASKED[name]), torch.ones(4)
    for held in (2, 4, 0, 2):
        box.held = held
        assert torch.equal(compiled(x), ASKED[name](x))


@pytest.mark.parametrize("name", ["if", "float", "-", "all", "sqrt"])
def test_an_array_that_is_written_into(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = np.array(2.0)
    monkeypatch.setitem(globals(), "THING", number)
    compiled, x = torch.compile(lambda x: ASKED[name](x) if name != "-" else x * float(-THING)), torch.ones(4)
    for held in (2.0, 4.0, 0.0):
        number[...] = held
        expected = x * float(-number) if name == "-" else ASKED[name](x)
        assert torch.equal(compiled(x), expected)


def test_an_attribute_that_comes_and_goes() -> None:
    thing = SimpleNamespace()
    compiled, x = torch.compile(lambda x: x * (2 if hasattr(thing, "scale") else 3)), torch.ones(2)
    assert compiled(x)[0] == 3
    thing.scale = 1.0
    assert compiled(x)[0] == 2
    del thing.scale
    assert compiled(x)[0] == 3


def test_the_sign_of_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    given = torch.compile(lambda x, k, several: x * k + x * several[0])
    outside = torch.compile(lambda x: x * SCALE)
    x = torch.ones(1)
    for zero in (0.0, -0.0, 0.0):
        monkeypatch.setitem(globals(), "SCALE", zero)
        assert math.copysign(1, outside(x).item()) == math.copysign(1, zero)
        assert math.copysign(1, given(x, zero, [zero]).item()) == math.copysign(1, zero)


def test_equal_options_of_other_types() -> None:
    compiled, x = torch.compile(lambda x, options: x * options.scale), torch.tensor([1, 2])
    for scale in (1, 1.0, True, 1):
        assert compiled(x, Options(scale, ())).dtype == (x * scale).dtype


def test_containers_with_more_than_their_items() -> None:
    options, items, entries = Options(1.0, [1.0]), Items([1.0]), Entries(scale=1.0)
    ordered, whole, nested = OrderedDict(scale=1.0), Whole(1), {"in": Options(1.0, Items([1.0]))}
    functions: list[Any] = [
        lambda x: x * options.layers[0],
        lambda x: x * len(options.layers),
        lambda x: x * items[0],
        lambda x: x * items.extra,
        lambda x: x * entries.scale,
        lambda x: x * entries["scale"],
        lambda x: x * ordered["scale"],
        lambda x: x * whole.extra,
        lambda x: x * nested["in"].layers[0],
    ]
    compiled, x = [torch.compile(f) for f in functions], torch.ones(1)
    assert [f(x).item() for f in compiled] == [1.0] * len(functions)
    options.layers[0] = 2.0
    options.layers.append(3.0)
    items[0] = items.extra = entries["scale"] = ordered["scale"] = whole.extra = nested["in"].layers[0] = 2.0
    assert [f(x).item() for f in compiled] == [2.0] * len(functions)


def test_a_module_of_the_user_with_a_name_like_math(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mathstuff", mathstuff)
    mathstuff.scale = 1.0  # type: ignore[attr-defined]

    def imports(x: Any) -> Any:
        from mathstuff import scale  # type: ignore[import-not-found]

        return x * scale

    compiled = [torch.compile(lambda x: x * mathstuff.scale), torch.compile(imports)]
    x = torch.ones(1)
    assert [f(x).item() for f in compiled] == [1.0, 1.0]
    mathstuff.scale = 2.0  # type: ignore[attr-defined]
    assert [f(x).item() for f in compiled] == [2.0, 2.0]


def test_what_objects_of_the_facade_hold() -> None:
    w = torch.ones(1, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.5)
    rated = torch.compile(lambda x: x * optimiser.param_groups[0]["lr"])
    normal = torch.distributions.Normal(torch.tensor(1.0), torch.tensor(2.0))
    shifted = torch.compile(lambda x: x + normal.loc)
    x = torch.ones(1)
    assert (rated(x).item(), shifted(x).item()) == (0.5, 2.0)
    optimiser.param_groups[0]["lr"], normal.loc = 0.25, torch.tensor(4.0)
    assert (rated(x).item(), shifted(x).item()) == (0.25, 5.0)


def test_enumerations_and_dtypes_are_compiled() -> None:
    def f(x: Any, mode: Mode) -> Any:
        return x * (2 if mode is Mode.FAST else 3) if x.dtype == torch.float32 and mode in (Mode.FAST, Mode.SLOW) else x

    compiled = torch.compile(f, fullgraph=True)
    assert [compiled(torch.ones(1), mode).item() for mode in Mode] == [2.0, 3.0]


def test_a_property_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scaled(nn.Module):
        @property
        def scale(self) -> float:
            return 2.0

        def forward(self, x: Any) -> Any:
            return x * self.scale

    compiled, x = torch.compile(Scaled(), fullgraph=True), torch.ones(1)
    assert compiled(x).item() == 2.0
    monkeypatch.setattr(Scaled, "scale", property(lambda _: 3.0))
    assert compiled(x).item() == 3.0


def test_a_tensor_from_outside_that_is_an_argument_once() -> None:
    w, x = torch.tensor([2.0], requires_grad=True), torch.tensor([3.0], requires_grad=True)

    product = torch.compile(lambda x: (x * w).sum(), fullgraph=True)
    for given, expected in ((w, (4.0, None)), (x, (3.0, 2.0)), (w, (4.0, None)), (x, (3.0, 2.0))):
        w.grad = x.grad = None
        product(given).backward()
        assert (w.grad.item(), x.grad if x.grad is None else x.grad.item()) == expected


def test_whether_tensors_from_outside_are_the_same() -> None:
    one, other = torch.ones(1), torch.ones(1)
    thing = SimpleNamespace(one=one, other=other)
    compiled = torch.compile(lambda x: x * (2 if thing.one is thing.other else 3))
    x = torch.ones(1)
    for thing.one, thing.other in ((one, other), (one, one), (other, other), (other, one)):
        assert compiled(x).item() == (2 if thing.one is thing.other else 3)


# Tests that the data decide ---------------------------------------------------------------------


def _or(x: Any) -> Any:
    return x * (int(x[0]) or 5)


def _and(x: Any) -> Any:
    return x * (int(x[0]) and 5)


def _binds(x: Any) -> Any:
    y = x
    if x[0] > 0 and (y := x * 2).sum() > -100:
        pass
    return y * 1


def _binds_in_chain(x: Any) -> Any:
    y = x
    if 0 < x[0].item() < (y := x * 2).sum().item() + 100:
        pass
    return y * 1


def _appends(x: Any) -> Any:
    found: list[Any] = []
    if x[0] > 0 and found.append(x) is None:  # type: ignore[func-returns-value]
        pass
    return x * len(found)


def _tests(x: Any) -> Any:
    n = int(x[0])
    return x * 2 if not (n and x.sum() > 0) or (n > 1 and x[1]) else x * 3


@pytest.mark.parametrize("f", [_or, _and, _binds, _binds_in_chain, _appends, _tests])
@pytest.mark.parametrize("first", [0, 1])
def test_and_or_as_python_has_them(f: Any, first: int) -> None:
    compiled = torch.compile(f)
    data = [[2.0, 3.0], [0.0, 1.0], [-1.0, 2.0], [1.0, 0.0]]
    for values in data[first:] + data:
        x, z = (torch.tensor(values, requires_grad=True) for _ in range(2))
        y, expected = compiled(x), f(z)
        y.sum().backward()
        expected.sum().backward()
        assert torch.equal(y, expected)
        assert torch.equal(x.grad, z.grad)


# Gradients with a graph, which are made from what the function reads --------------------------------


def _bent(x: Any, held: list[Any]) -> Any:
    return torch.tanh(x * held[0]).sum() * held[1]


def _written(w: Any, _: list[Any]) -> None:
    with torch.no_grad():
        w.add_(1.0)


def _written_unseen(w: Any, _: list[Any]) -> None:
    w.numpy()[0] = 4.0


def _replaced(_: Any, held: list[Any]) -> None:
    held[0] = torch.tensor([3.0, 4.0])


def _rescaled(_: Any, held: list[Any]) -> None:
    held[1] = 7.0


@pytest.mark.parametrize("change", [_written, _written_unseen, _replaced, _rescaled])
def test_second_derivatives_of_what_has_changed_are_refused(change: Any) -> None:
    x, w = torch.tensor([0.1, 0.2], requires_grad=True), torch.tensor([1.0, 2.0])
    held = [w, 2.0]
    y = torch.compile(_bent, fullgraph=True)(x, held)
    torch.autograd.grad(y, x, create_graph=True)
    change(w, held)
    with pytest.raises(RuntimeError, match="has changed since it ran|modified by an inplace"):
        torch.autograd.grad(y, x, create_graph=True)


def test_the_training_flag_is_that_of_the_module() -> None:
    module = nn.Linear(1, 1)
    compiled = torch.compile(module)
    module.eval()
    assert not compiled.training
    compiled.train()
    assert module.training


def test_a_copy_reads_its_own_parameters() -> None:
    module = nn.Linear(1, 1)
    compiled, x = torch.compile(module, fullgraph=True), torch.ones(1, 1)
    compiled(x)
    other = copy.deepcopy(compiled)
    with torch.no_grad():
        other.weight.fill_(5.0)
        other.bias.fill_(1.0)
    assert other(x).item() == 6.0
    assert torch.equal(compiled(x), module(x))


def test_gradients_have_the_dtype_of_their_inputs_whatever_the_data() -> None:
    product = torch.compile(lambda x: x.prod(), fullgraph=True)
    for values, expected in (([2.0, 3.0], [3.0, 2.0]), ([0.0, 3.0], [3.0, 0.0]), ([0.0, 0.0], [0.0, 0.0])):
        x = torch.tensor(values, requires_grad=True)
        product(x).backward()
        assert x.grad.dtype == torch.float32
        assert x.grad.tolist() == expected
