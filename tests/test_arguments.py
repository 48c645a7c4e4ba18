"""Which argument is differentiated, how it is passed, and in what structure its gradient comes back."""

import collections
import dataclasses

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import NotDifferentiableError
from tests.trees import assert_same


def product(x, y):
    return x * x * y


def defaults(x, y=4.0, z=2.0):
    return x * y * y * z


def keyword_only(x, *, k=2.0):
    return x * k * k


def variadic(x, *args, **kwargs):
    return x * sum(args) + kwargs.get("k", 0.0) * x


def positional_only(x, /, y):
    return x * y


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 12.0),
        (1, 9.0),
        ("y", 9.0),
        (-1, 9.0),
        (np.int64(1), 9.0),
        ((0, 1), (12.0, 9.0)),
        ((1, 0), (9.0, 12.0)),
        ((1,), (9.0,)),
        (("x", 1), (12.0, 9.0)),
        ([0, 1], (12.0, 9.0)),
        ((), ()),
    ],
)
def test_argnums(argnums, expected):
    gradient = sg.grad(product, argnums)
    for _ in range(2):
        assert_same(expected, gradient(3.0, 2.0))
    assert_same(expected, gradient(x=3.0, y=2.0))
    assert_same(expected, gradient(3.0, y=2.0))
    assert_same((18.0, expected), sg.value_and_grad(product, argnums)(3.0, 2.0))


@pytest.mark.parametrize(
    ("f", "argnums", "message"),
    [
        (product, "z", r"has no parameter 'z'; it has x, y"),
        (product, 2, "argnums has 2, but product.. has 2 positional parameters"),
        (product, -3, "argnums has -3"),
        (product, (0, 0), "twice"),
        (product, True, "not True"),
        (product, 1.0, "not 1.0"),
        (keyword_only, 1, "name keyword-only ones"),
    ],
)
def test_argnums_that_name_nothing_are_refused_at_decoration(f, argnums, message):
    with pytest.raises(TypeError, match=message):
        sg.grad(f, argnums)


def test_arguments_that_a_call_does_not_give():
    with pytest.raises(TypeError, match="missing"):
        sg.grad(product)(1.0)
    with pytest.raises(TypeError, match="multiple values"):
        sg.grad(product)(1.0, 2.0, y=3.0)
    with pytest.raises(TypeError, match="called with 1 positional"):
        sg.grad(variadic, 2)(1.0)
    with pytest.raises(TypeError, match="twice"):
        sg.grad(product, ("x", 0))(1.0, 2.0)
    with pytest.raises(TypeError, match="twice"):
        sg.grad(variadic, (0, -1))(1.0)


def test_defaults_and_keywords():
    assert_same(32.0, sg.grad(defaults)(3.0))
    assert_same(48.0, sg.grad(defaults, 1)(3.0))
    assert_same(48.0, sg.grad(defaults, "z")(3.0))
    assert_same(72.0, sg.grad(defaults, "y")(3.0, z=3.0))
    assert_same(12.0, sg.grad(keyword_only, "k")(3.0))
    assert_same((9.0, 18.0), sg.grad(keyword_only, ("x", "k"))(3.0, k=3.0))
    assert_same(3.0, sg.grad(variadic, 1)(3.0, 1.0, 2.0))
    assert_same(3.0, sg.grad(variadic, -1)(3.0, 1.0, 2.0))
    assert_same((3.0, 3.0), sg.grad(variadic, (0, 2))(3.0, 1.0, 2.0))
    assert_same(3.0, sg.grad(variadic, "k")(3.0, k=5.0))
    assert_same(3.0, sg.grad(positional_only, "y")(3.0, y=5.0))
    assert_same(5.0, sg.grad(positional_only, "x")(3.0, y=5.0))


def scaled_by(default):
    def f(x, k=default):
        return x * k

    return f


def test_functions_of_one_code_keep_their_defaults():
    gradients = [sg.grad(scaled_by(k)) for k in (2.0, 3.0, 4)]
    for _ in range(2):
        assert_same([2.0, 3.0, 4.0], [g(1.0) for g in gradients])
        assert_same([5.0, 5.0, 5.0], [g(1.0, 5.0) for g in gradients])


# The kinds of numbers


def squares(x):
    return np.sum(x**2)


def power(x, n):
    return x**n


def test_a_gradient_is_of_the_kind_of_its_argument():
    gradient = sg.grad(squares)
    pairs = [
        (2.0, 4.0),
        (2, 4.0),
        (np.float64(2.0), np.float64(4.0)),
        (np.float32(2.0), np.float32(4.0)),
        (np.array(3.0), np.array(6.0)),
        (np.array(3.0, np.float32), np.array(6.0, np.float32)),
        (np.array([1.0, 2.0]), np.array([2.0, 4.0])),
        (np.array([1.0, 2.0], np.float32), np.array([2.0, 4.0], np.float32)),
        (np.array([1.0, 2.0], np.float16), np.array([2.0, 4.0], np.float16)),
        (np.array([[1.0], [2.0]]), np.array([[2.0], [4.0]])),
        (np.ones((1, 1)), np.full((1, 1), 2.0)),
        (np.ones((0, 3)), np.ones((0, 3))),
        (np.array([1.0, 2.0], ">f8"), np.array([2.0, 4.0], ">f8")),
        (np.array([1.0, 2.0], ">f4"), np.array([2.0, 4.0], ">f4")),
    ]
    for _ in range(2):
        for x, expected in pairs:
            assert_same(expected, gradient(x), rtol=1e-3)


def test_an_integer_counts_as_a_float_only_where_it_is_differentiated():
    gradient = sg.grad(power)
    for _ in range(2):
        assert_same(
            [12.0, 12.0, 12.0, 1.0],
            [gradient(2, 3), gradient(2.0, 3.0), gradient(2.0, np.int64(3)), gradient(2.0, True)],
        )
    counted = sg.grad(lambda x, n: sum([x for _ in range(n)]))
    assert_same(3.0, counted(2, 3))


def test_complex_arguments_follow_the_convention_of_jax():
    assert_same(6 - 8j, sg.grad(lambda z: abs(z) ** 2)(3 + 4j))
    assert_same(np.array([6 - 8j]), sg.grad(lambda z: np.sum(np.abs(z) ** 2))(np.array([3 + 4j])))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([1, 2]), "an array of int64 has no derivative\n\n  cast it: x.astype\\(float\\)"),
        (np.array([True]), "an array of bool has no derivative"),
        (np.int64(2), "a NumPy int64 has no derivative\n\n  cast it: float\\(x\\)"),
        ({"w": 1.0, "i": np.array([1])}, "an array of int64"),
        (np.array([1.0, None]), "dtype object"),
        (True, "bool has no derivative"),
        ("text", "str has no derivative"),
        (None, "NoneType has no derivative"),
        ({1.0, 2.0}, "set has no derivative"),
        (["text"], "list has no derivative"),
    ],
)
def test_arguments_without_a_derivative_are_refused(x, message):
    for transform in (sg.grad, sg.value_and_grad, sg.jacrev, sg.jacfwd, sg.hessian, sg.elementwise_grad):
        with pytest.raises(NotDifferentiableError, match=message) as caught:
            transform(squares)(x)
        assert isinstance(caught.value, TypeError)
        assert "argument 'x' of squares()" in str(caught.value)


# Structures

Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass
class Parameters:
    a: float
    b: object


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: float
    b: object = "name"


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: float
    b: object = None


@pytest.mark.parametrize(
    ("f", "argument", "expected"),
    [
        (lambda p: p["a"] * p["b"], {"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 2.0}),
        (lambda p: p[0] * p[1], [2.0, 3.0], [3.0, 2.0]),
        (lambda p: p[0] * p[1], (2.0, 3.0), (3.0, 2.0)),
        (lambda p: p.a * p.b, Pair(2.0, 3.0), Pair(3.0, 2.0)),
        (lambda p: p.a * p.b, Parameters(2.0, 3.0), Parameters(3.0, 2.0)),
        (lambda p: p.a**2, Frozen(2.0), Frozen(4.0)),
        (lambda p: p.a**2, Slotted(2.0), Slotted(4.0)),
        (lambda p: p[0] * p[1], collections.deque([2.0, 3.0], 5), collections.deque([3.0, 2.0], 5)),
        (lambda p: p["a"] * 2, collections.OrderedDict(a=1.0), collections.OrderedDict(a=2.0)),
        (lambda p: p["a"] * 2, collections.defaultdict(float, a=1.0), collections.defaultdict(float, a=2.0)),
        (lambda p: 3.0, [], []),
        (lambda p: 3.0, {"a": (), "b": {}}, {"a": (), "b": {}}),
        (lambda p: p[0] * p[1], [2, 3], [3.0, 2.0]),
        (lambda p: p["a"] if p["flag"] else 0.0, {"a": 2.0, "flag": True}, {"a": 1.0, "flag": True}),
        (
            lambda p: np.sum(p["w"][0]) * p["b"].a,
            {"w": [np.ones(2), "s", None], "b": Pair(3.0, ())},
            {"w": [np.full(2, 3.0), "s", None], "b": Pair(2.0, ())},
        ),
        (
            lambda p: p["x"] * 1.0 + np.sum(p["y"]),
            {"x": np.float64(2.0), "y": np.zeros(2, np.float32), "z": 1.0},
            {"x": np.float64(1.0), "y": np.ones(2, np.float32), "z": 0.0},
        ),
    ],
)
def test_a_gradient_has_the_structure_of_its_argument(f, argument, expected):
    assert_same(expected, sg.grad(f)(argument))
    assert_same(expected, sg.vjp(f, argument)[1](f(argument) * 0 + 1)[0])


def test_an_integer_in_a_container_is_a_float_and_says_so_in_range():
    repeated = lambda p: sum([p["a"] for _ in range(p["n"])])
    with pytest.raises(TypeError, match="float"):
        sg.grad(repeated)({"a": 2.0, "n": 3})


def test_one_array_in_two_places_has_two_gradients():
    w = np.array([1.0, 2.0])
    assert_same([w, w], sg.grad(lambda p: np.sum(p[0] * p[1]))([w, w]))
    first, second = sg.grad(lambda x, y: np.sum(x * y), (0, 1))(w, w)
    first[:] = 9.0
    assert_same(np.array([1.0, 2.0]), second)
    assert_same(np.array([1.0, 2.0]), w)


# The caller's values


def plus(x, z):
    return np.sum(x + z)


def dot(x, z):
    return np.dot(x, z)


@pytest.mark.parametrize("f", [plus, dot, lambda x, z: np.dot(x, z), lambda x, z: np.sum(x + z)])
def test_gradients_share_no_memory(f):
    x, z = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    first, second = sg.grad(f, (0, 1))(x, z)
    first[:], second[:] = 99.0, 77.0
    assert_same((np.array([1.0, 2.0]), np.array([3.0, 4.0])), (x, z))
    assert_same(np.full(2, 99.0), first)


WEIGHTS = np.array([1.0, 2.0, 3.0])


def weighted(x):
    return np.sum(x * WEIGHTS)


def test_a_gradient_is_not_a_global_array():
    gradient = sg.grad(weighted)(np.ones(3))
    gradient[:] = 9.0
    assert_same(np.array([1.0, 2.0, 3.0]), WEIGHTS)


def writes(x):
    x[0] = 5.0
    return np.sum(x * x)


def appends(p):
    p.append(1.0)
    p[0] = 2 * p[0]
    return p[0] * p[1]


def assigns(o):
    o.a = o.a * 2
    return o.a * o.b


def test_arguments_are_never_changed():
    x, p, o = np.array([1.0, 2.0]), [1.0, 2.0], Parameters(1.0, 2.0)
    assert_same(np.array([0.0, 4.0]), sg.grad(writes)(x))
    assert_same([4.0, 2.0], sg.grad(appends)(p))
    assert_same(Parameters(4.0, 2.0), sg.grad(assigns)(o))
    assert_same((np.array([1.0, 2.0]), [1.0, 2.0], Parameters(1.0, 2.0)), (x, p, o))
