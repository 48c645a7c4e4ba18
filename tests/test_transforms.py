"""Every row of the table of transforms, against closed forms, finite differences and what JAX documents."""

import functools
import inspect
import itertools
import math
import operator

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import (
    MissingRuleError,
    NotDifferentiableError,
    SourceUnavailableError,
    UnsupportedSyntaxError,
)
from tests.trees import assert_same

MATRIX = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


def product(x, y):
    return x * x * y


def wave(x):
    return np.sin(x) * x


def cubes(x):
    return np.sum(x**3)


# grad and value_and_grad


@sg.grad
def bare(x):
    return x**3


@sg.grad(argnums=(0, 1))
def both(x, y):
    return x**3 * y


@sg.grad()
def empty(x):
    return x**3


@sg.value_and_grad
def with_value(x):
    return x**3


@sg.value_and_grad(argnums="y")
def by_name(x, y):
    return x**3 * y


@sg.grad
@sg.grad
def twice(x):
    return x**3


def test_as_decorators():
    assert_same(12.0, bare(2.0))
    assert_same((12.0, 8.0), both(2.0, 1.0))
    assert_same(12.0, empty(2.0))
    assert_same((8.0, 12.0), with_value(2.0))
    assert_same((8.0, 8.0), by_name(2.0, 1.0))
    assert_same(12.0, twice(2.0))


def test_value_and_grad_serves_scipy():
    optimize = pytest.importorskip("scipy.optimize")

    def rosenbrock(p):
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    found = optimize.minimize(sg.value_and_grad(rosenbrock), np.array([-1.2, 1.0]), jac=True)
    np.testing.assert_allclose(found.x, [1.0, 1.0], atol=1e-4)


def with_aux(x):
    return x * x, {"half": x / 2, "count": 3, "name": "x"}


def test_has_aux():
    aux = {"half": 1.5, "count": 3, "name": "x"}
    assert_same((6.0, aux), sg.grad(with_aux, has_aux=True)(3.0))
    assert_same(((9.0, aux), 6.0), sg.value_and_grad(with_aux, has_aux=True)(3.0))
    pair = sg.grad(lambda x, y: (x * y, y), argnums=(0, 1), has_aux=True)
    assert_same(((3.0, 2.0), 3.0), pair(2.0, 3.0))


def test_a_derivative_of_aux():
    assert_same(4.0, sg.grad(lambda x: sg.grad(lambda y: (y**3, y * y), has_aux=True)(x)[1])(2.0))


def test_has_aux_needs_a_pair():
    with pytest.raises(NotDifferentiableError, match=r"product\(\) returned no pair"):
        sg.grad(product, has_aux=True)(1.0, 2.0)
    with pytest.raises(NotDifferentiableError, match="returned no pair"):
        sg.grad(functools.partial(product, 1.0), has_aux=True)(2.0)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda x: np.ones(2) * x, r"an array of shape \(2,\)"),
        (lambda x: x * 1j, "complex"),
        (lambda x: None, "of type NoneType"),
        (lambda x: (x, x), "of type tuple"),
        (lambda x: "text", "of type str"),
    ],
)
def test_grad_refuses_what_is_no_real_scalar(result, message):
    with pytest.raises(NotDifferentiableError, match=message):
        sg.grad(result)(2.0)


def test_a_constant_has_derivative_zero():
    assert_same(0.0, sg.grad(lambda x: 3)(2.0))
    assert_same(np.zeros(2), sg.grad(lambda x: 3.0)(np.ones(2)))


# vjp


def pulled(y_bar, function, /, *args, **kwargs):
    """What a pullback returns, the second time too."""
    _, pullback = sg.vjp(function, *args, **kwargs)
    first = pullback(y_bar)
    assert_same(first, pullback(y_bar))
    return first


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [(None, (12.0, 9.0)), (1, 9.0), ("x", 12.0), ((1,), (9.0,)), (("y", "x"), (9.0, 12.0)), ((), ()), (-1, 9.0)],
)
def test_vjp_argnums(argnums, expected):
    assert_same(expected, pulled(1.0, product, 3.0, 2.0, argnums=argnums))


def test_vjp_keywords():
    assert_same((12.0,), pulled(1.0, product, 3.0, y=2.0))
    assert_same(9.0, pulled(1.0, product, 3.0, y=2.0, argnums="y"))
    assert_same((2.0, 3.0), pulled(1.0, lambda x, *, k: x * k, 3.0, k=2.0, argnums=("x", "k")))
    assert_same((4.0,), pulled(1.0, lambda x, f=2.0: x * f, 3.0, f=4.0))


def test_vjp_leaves_out_arguments_without_a_derivative():
    x = np.array([1.0, 2.0])
    assert_same(np.array([1.0, 0.0]), pulled(1.0, lambda x, i: x[i].sum(), x, np.array([0]), argnums=0))
    with pytest.raises(NotDifferentiableError, match="an array of int64 has no derivative"):
        sg.vjp(lambda x, i: x[i].sum(), x, np.array([0]))


def test_vjp_of_containers():
    assert_same((7.0,), pulled((1.0, 1.0), lambda x: (x * x, 3 * x), 2.0))
    assert_same((7.0,), pulled({"b": [1.0], "a": 1.0}, lambda x: {"a": x * x, "b": [3 * x]}, 2.0))
    assert_same((1.0,), pulled((1.0, 0, None, None, 0.0), lambda x: (x, 3, "s", None, 5.0), 2.0))


@pytest.mark.parametrize("y_bar", [[1.0, 0.0], np.array([1, 0]), np.array([1, 0], np.float32)])
def test_a_cotangent_is_converted(y_bar):
    assert_same(
        (np.cos([0.0, 1.0]),), pulled(y_bar, lambda x: np.stack([np.sin(x).sum(), (x * x).sum()]), np.array([0.0, 1.0]))
    )


def test_the_list_of_a_cotangent_keeps_its_own_derivative():
    def f(s):
        _, pullback = sg.vjp(lambda x: x * x, np.array([1.0, 2.0]))
        return np.sum(pullback([s, 2.0 * s])[0])

    assert_same(10.0, sg.grad(f)(1.0))


@pytest.mark.parametrize(
    ("f", "y_bar"),
    [
        (lambda x: x * np.ones(2), np.ones(3)),
        (lambda x: x * np.ones(2), 1.0),
        (lambda x: {"a": x}, {"b": 1.0}),
        (lambda x: {"a": x, "b": x}, {"a": 1.0}),
        (lambda x: (x, x), (1.0, None)),
        (lambda x: (x, x), 1.0),
        (lambda x: x, "text"),
        (lambda x: x, 1.0 + 1.0j),
    ],
)
def test_a_cotangent_that_does_not_fit_is_refused(f, y_bar):
    with pytest.raises(NotDifferentiableError):
        sg.vjp(f, 2.0)[1](y_bar)


def test_a_pullback_keeps_to_itself():
    x, y_bar = np.array([1.0, 2.0]), np.ones(2)
    y, pullback = sg.vjp(lambda x: x * x, x)
    x[:], y[:] = 7.0, 9.0
    (first,) = pullback(y_bar)
    first[:] = 99.0
    assert_same((np.array([2.0, 4.0]),), pullback(y_bar))
    (same,) = sg.vjp(lambda x: x, np.array([1.0, 2.0]))[1](y_bar)
    same[:] = 5.0
    assert_same(np.ones(2), y_bar)


# jvp


@pytest.mark.parametrize(
    ("tangents", "argnums", "expected"),
    [
        ((1.0, 0.0), None, 12.0),
        ([1.0, 1.0], None, 21.0),
        (1.0, 1, 9.0),
        ((1.0,), 1, 9.0),
        ((1.0,), "y", 9.0),
        ((1.0, 1.0), (0, 1), 21.0),
        ((1.0,), (1,), 9.0),
        ((1.0, 0.0), (1, 0), 9.0),
        ((1, 0), None, 12.0),
        ((np.float64(1.0), np.array(0.0)), None, 12.0),
    ],
)
def test_jvp(tangents, argnums, expected):
    assert_same((18.0, expected), sg.jvp(product, (3.0, 2.0), tangents, argnums=argnums))


def test_jvp_keywords():
    assert_same((18.0, 12.0), sg.jvp(product, (3.0,), (1.0,), kwargs={"y": 2.0}))
    assert_same((18.0, 9.0), sg.jvp(product, (3.0,), (1.0,), kwargs={"y": 2.0}, argnums="y"))
    f = lambda x, *, k: x * k
    assert_same((12.0, 10.0), sg.jvp(f, (3.0,), (1.0, 2.0), argnums=("x", "k"), kwargs={"k": 4.0}))


@pytest.mark.parametrize("zero", [0, 0.0, None, np.zeros(1)])
def test_an_argument_without_a_derivative_takes_the_tangent_zero(zero):
    f = lambda x, n: x[n].sum()
    assert_same(
        (np.float64(2.0), np.float64(1.0)), sg.jvp(f, (np.array([1.0, 2.0]), np.array([1])), (np.ones(2), zero))
    )
    with pytest.raises(NotDifferentiableError):
        sg.jvp(f, (np.array([1.0, 2.0]), np.array([1])), (np.ones(2), np.ones(1)))


def test_jvp_of_counts_and_functions():
    assert_same((9.0, 6.0), sg.jvp(lambda x, n: x**n, (3.0, 2), (1.0, 0)))
    assert_same((9.0, 6.0), sg.jvp(lambda x: x * x, (3,), (1,)))
    assert_same((np.float64(0.0), np.float64(1.0)), sg.jvp(lambda g, x: g(x), (np.sin, 0.0), (0, 1.0)))


def test_jvp_of_containers():
    f = lambda p: {"y": p["a"] * p["b"]}
    assert_same(({"y": 6.0}, {"y": 5.0}), sg.jvp(f, ({"a": 2.0, "b": 3.0},), ({"b": 1.0, "a": 1.0},)))
    assert_same((6.0, 2.0), sg.jvp(lambda p, x: p["a"] * x, ({"a": 2.0}, 3.0), (0, 1.0)))
    mixed = lambda x: (x, 3.0, 2, "s", np.array([1, 2]))
    expected = ((2.0, 3.0, 2, "s", np.array([1, 2])), (1.0, 0.0, 0.0, 0.0, np.zeros(2)))
    assert_same(expected, sg.jvp(mixed, (2.0,), (1.0,)))


@pytest.mark.parametrize(
    ("f", "primals", "tangents"),
    [
        (product, (3.0, 2.0), (1.0,)),
        (np.sin, (np.zeros(2),), (1.0,)),
        (np.sin, (0.0,), ("text",)),
        (np.sin, (0.0,), (1j,)),
        (np.sin, 0.0, 1.0),
        (lambda p: p["a"], ({"a": 2.0},), ({"b": 1.0},)),
    ],
)
def test_tangents_that_do_not_fit_are_refused(f, primals, tangents):
    with pytest.raises(TypeError):
        sg.jvp(f, primals, tangents)


def test_jvp_keeps_single_precision():
    x = np.array([1.0, 1.0], np.float32)
    assert_same((x, 2 * np.array([1.0, 2.0], np.float32)), sg.jvp(lambda x: x * x, (x,), (np.array([1.0, 2.0]),)))


# jacobian, jacrev, jacfwd, hessian, hvp, elementwise_grad

JACOBIANS = (sg.jacobian, sg.jacrev, sg.jacfwd)


@pytest.mark.parametrize("jac", JACOBIANS)
def test_jacobian(jac):
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert_same(MATRIX, jac(lambda x: MATRIX @ x)(x))
    assert_same(6.0, jac(lambda x: x * x)(3.0))
    assert_same(6.0, jac(lambda x: x * x)(3))
    assert_same(np.array([1.0, 6.0]), jac(lambda x: np.array([x, x * x]))(3.0))
    assert_same(np.array([2.0, 4.0]), jac(lambda x: np.sum(x * x))(x))
    assert (3, 2, 2, 3) == jac(np.transpose)(np.ones((2, 3))).shape
    assert_same((np.diag(y), np.diag(x)), jac(lambda x, y: x * y, (0, 1))(x, y))
    assert_same(np.diag(x), jac(lambda x, y: x * y, "y")(x, y=y))
    assert_same(np.array([[2 + 2j]]), jac(lambda z: z * z)(np.array([1 + 1j])))


@pytest.mark.parametrize("jac", JACOBIANS)
def test_jacobian_of_trees(jac):
    x = np.array([1.0, 2.0])
    assert_same({"a": 3 * np.eye(2), "b": x}, jac(lambda p: p["a"] * p["b"])({"a": x, "b": 3.0}))
    assert_same({"s": np.ones(2), "t": (np.eye(2),)}, jac(lambda x: {"s": np.sum(x), "t": (x,)})(x))
    expected = [{"a": 2.0, "b": np.zeros(2)}, {"a": np.zeros(2), "b": np.eye(2)}]
    assert_same(expected, jac(lambda p: [p["a"] * 2, p["b"]])({"a": 1.0, "b": x}))


@pytest.mark.parametrize("jac", JACOBIANS)
def test_jacobian_of_nothing(jac):
    assert_same(np.zeros((3, 2)), jac(lambda x: np.ones(3))(np.ones(2)))
    assert_same(np.zeros((3, 0)), jac(lambda x: np.ones(3))(np.zeros(0)))
    assert_same(np.zeros((0, 2)), jac(lambda x: x[:0])(np.ones(2)))
    assert_same(np.diag([2.0, 4.0]).astype(np.float32), jac(lambda x: x * x)(np.array([1.0, 2.0], np.float32)))
    with pytest.raises(NotDifferentiableError, match="has no derivative"):
        jac(lambda x: "text")(2.0)


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product(JACOBIANS, repeat=2)))
def test_jacobian_of_a_jacobian(outer, inner):
    assert_same(np.array([[4.0, 2.0], [2.0, 0.0]]), outer(inner(lambda x: x[0] ** 2 * x[1]))(np.array([1.0, 2.0])))


def test_hessian():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    assert_same(np.array([[4.0, 2.0], [2.0, 0.0]]), sg.hessian(lambda x: x[0] ** 2 * x[1])(x))
    assert_same(12.0, sg.hessian(lambda x: x**3)(2.0))
    assert (2, 2, 2, 2) == sg.hessian(cubes)(np.ones((2, 2))).shape
    blocks = sg.hessian(lambda x, y: np.sum(x * x * y), (0, 1))(x, y)
    assert_same(((np.diag(2 * y), np.diag(2 * x)), (np.diag(2 * x), np.zeros((2, 2)))), blocks)
    assert_same(np.diag(2 * x), sg.hessian(lambda x, y: np.sum(x * y**2), "y")(x, y=y))
    tree = sg.hessian(lambda p: p["a"] ** 2 * p["b"])({"a": 2.0, "b": 3.0})
    assert_same({"a": {"a": 6.0, "b": 4.0}, "b": {"a": 4.0, "b": 0.0}}, tree)
    assert_same(np.zeros((2, 2)), sg.hessian(np.sum)(x))
    assert_same(2 * np.eye(2, dtype=np.float32), sg.hessian(lambda x: np.sum(x**2))(x.astype(np.float32)))


def test_hvp():
    x, v = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    weighted = lambda x, y: np.sum(x * y**3)
    assert_same(6 * x, sg.hvp(cubes)(x, v))
    for argnums in (1, "y", -1):
        assert_same(6 * x, sg.hvp(weighted, argnums)(v, x, v))
    assert_same(12 * x, sg.hvp(lambda x, c: c * np.sum(x**3))(x, v, 2.0))
    assert_same(12 * x, sg.hvp(lambda x, c: c * np.sum(x**3))(x, v, c=2.0))
    assert_same(36.0, sg.hvp(lambda x: x**3)(2.0, 3.0))
    tree = sg.hvp(lambda p: p["a"] ** 2 * p["b"])({"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 0.0})
    assert_same({"a": 6.0, "b": 4.0}, tree)
    assert_same(6 * v, sg.grad(lambda x: np.sum(sg.hvp(cubes)(x, v)))(x))


def test_hvp_refuses():
    with pytest.raises(TypeError, match="takes the vector by position"):
        sg.hvp(cubes)(np.ones(2))
    with pytest.raises(TypeError, match="one position or name"):
        sg.hvp(product, (0, 1))
    with pytest.raises(NotDifferentiableError, match="the tangent has shape"):
        sg.hvp(cubes)(np.ones(2), np.ones(3))


def test_elementwise_grad():
    x = np.array([1.0, 2.0])
    assert_same(2 * x, sg.elementwise_grad(lambda x: x**2)(x))
    assert_same((2 * x * x, x**2), sg.elementwise_grad(lambda x, y: x**2 * y, (0, 1))(x, x))
    assert_same(6.0, sg.elementwise_grad(lambda x: x**2)(3.0))
    third = sg.elementwise_grad(sg.elementwise_grad(sg.elementwise_grad(np.sin)))
    assert_same(-np.ones(2), third(np.zeros(2)))


# Compositions

AS_SCALAR_DERIVATIVE = {
    "grad": sg.grad,
    "value_and_grad": lambda f: lambda x: sg.value_and_grad(f)(x)[1],
    "vjp": lambda f: lambda x: sg.vjp(f, x)[1](1.0)[0],
    "jvp": lambda f: lambda x: sg.jvp(f, (x,), (1.0,))[1],
    "jacrev": sg.jacrev,
    "jacfwd": sg.jacfwd,
    "elementwise_grad": sg.elementwise_grad,
}


@pytest.mark.parametrize(("first", "second"), list(itertools.product(AS_SCALAR_DERIVATIVE, repeat=2)))
def test_second_derivatives_by_any_two_transforms(first, second):
    transform = AS_SCALAR_DERIVATIVE[first](AS_SCALAR_DERIVATIVE[second](wave))
    assert math.isclose(2 * math.cos(0.7) - 0.7 * math.sin(0.7), transform(0.7), rel_tol=1e-12)


@pytest.mark.parametrize("names", list(itertools.product(["grad", "jvp", "jacfwd"], repeat=3)))
def test_third_derivatives(names):
    f = wave
    for name in names:
        f = AS_SCALAR_DERIVATIVE[name](f)
    assert math.isclose(-3 * math.sin(0.7) - 0.7 * math.cos(0.7), f(0.7), rel_tol=1e-12)


@pytest.mark.parametrize("transform", AS_SCALAR_DERIVATIVE.values(), ids=AS_SCALAR_DERIVATIVE)
def test_nested_perturbations_are_not_confused(transform):
    assert 1.0 == transform(lambda x: x * transform(lambda y: x + y)(1.0))(1.0)


def test_transforms_inside_a_differentiated_function():
    x = np.array([1.0, 2.0])
    assert_same(12.0, sg.grad(lambda x: sg.vjp(lambda y: y**3, x)[1](1.0)[0])(2.0))
    assert_same(12.0, sg.grad(lambda x: sg.vjp(lambda y: y**3, 2.0)[1](x)[0])(5.0))
    assert_same(12.0, sg.grad(lambda x: sg.jvp(lambda y: y**3, (2.0,), (x,))[1])(5.0))
    assert_same(5 * 3 * 2.0**4, sg.grad(lambda x: operator.mul(*sg.value_and_grad(lambda y: y**3)(x)))(2.0))
    assert_same(np.array([6.0, 6.0]), sg.grad(lambda x: np.sum(sg.hessian(cubes)(x)))(x))
    assert_same(6 * x, sg.grad(lambda x: np.sum(sg.jacobian(lambda y: y**3)(x)))(x))


@sg.grad
def slope(z):
    return (z * z - 2) ** 2


def descend(x):
    for _ in range(3):
        x = x - 0.1 * slope(x)
    return x


def test_a_decorated_gradient_inside_of_a_loop():
    h = 1e-6
    assert math.isclose((descend(1.2 + h) - descend(1.2 - h)) / (2 * h), sg.grad(descend)(1.2), rel_tol=1e-6)


# What may be differentiated


class Spring:
    stiffness = 2.0

    @sg.grad(argnums=1)
    def slope(self, x):
        return self.stiffness * x * x

    def energy(self, x):
        return self.stiffness * x * x

    @classmethod
    def of_class(cls, x):
        return cls.stiffness * x * x

    @staticmethod
    def square(x):
        return x * x

    def __call__(self, x):
        return self.stiffness * x * x

    @property
    def at_three(self):
        return sg.grad(self.energy)(3.0)


def doubled(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return 2 * f(*args, **kwargs)

    return wrapper


@doubled
def decorated(x):
    return x * x


@pytest.mark.parametrize(
    ("gradient", "args", "expected"),
    [
        (Spring().slope, (3.0,), 12.0),
        (sg.grad(Spring().energy), (3.0,), 12.0),
        (sg.grad(Spring.energy, 1), (Spring(), 3.0), 12.0),
        (sg.grad(Spring.of_class), (3.0,), 12.0),
        (sg.grad(Spring.square), (3.0,), 6.0),
        (sg.grad(Spring()), (3.0,), 12.0),
        (sg.grad(functools.partial(product, y=5.0)), (3.0,), 30.0),
        (sg.grad(functools.partial(product, 5.0)), (3.0,), 25.0),
        (sg.grad(decorated), (3.0,), 12.0),
        (sg.grad(decorated, "x"), (3.0,), 12.0),
        (sg.grad(functools.lru_cache(Spring.square)), (3.0,), 6.0),
        (sg.grad(np.sin), (0.0,), 1.0),
        (sg.grad(math.sin), (0.0,), 1.0),
        (sg.grad(abs), (-2.0,), -1.0),
        (sg.grad(max), (2.0, 1.0), 1.0),
        (sg.grad(sum), ([2.0, 1.0],), [1.0, 1.0]),
        (sg.grad(pow), (2.0, 3.0), 12.0),
        (sg.grad(float), (2.0,), 1.0),
        (sg.grad(np.sum), (np.ones(2),), np.ones(2)),
        (
            sg.grad(np.dot, (0, 1)),
            (np.array([1.0, 2.0]), np.array([3.0, 4.0])),
            (np.array([3.0, 4.0]), np.array([1.0, 2.0])),
        ),
        (sg.grad(np.linalg.det), (np.eye(2),), np.eye(2)),
        (sg.grad(np.ndarray.sum), (np.ones(2),), np.ones(2)),
        (sg.grad(operator.mul), (2.0, 3.0), 3.0),
        (sg.grad(operator.itemgetter(0)), ([1.0, 2.0],), [1.0, 0.0]),
        (sg.grad(operator.methodcaller("sum")), (np.ones(2),), np.ones(2)),
    ],
)
def test_callables_of_every_kind(gradient, args, expected):
    assert_same(expected, gradient(*args))


def test_a_gradient_as_a_property():
    assert_same(12.0, Spring().at_three)


def from_text(text):
    namespace = {}
    exec(text, namespace)
    return namespace["f"]


def generator(x):
    yield x


async def coroutine(x):
    return x


def test_what_cannot_be_differentiated_is_refused():
    no_source = from_text("def f(x): return x * x")
    with pytest.raises(SourceUnavailableError, match="source of f"):
        sg.grad(no_source)(3.0)
    with pytest.raises(SourceUnavailableError, match="source of f"):
        sg.grad(lambda x: no_source(x))(3.0)
    special = pytest.importorskip("scipy.special")
    with pytest.raises(MissingRuleError, match="no derivative rule for"):
        sg.grad(special.itmodstruve0)(3.0)
    with pytest.raises(UnsupportedSyntaxError, match="is a generator"):
        sg.grad(generator)
    with pytest.raises(UnsupportedSyntaxError, match="is async"):
        sg.jacobian(coroutine)
    with pytest.raises(TypeError, match="expected a function, not int"):
        sg.hessian(3)


# stop_gradient


def test_stop_gradient():
    assert_same(3.0, sg.grad(lambda x: x * sg.stop_gradient(x))(3.0))
    assert_same((9.0, 3.0), sg.jvp(lambda x: x * sg.stop_gradient(x), (3.0,), (1.0,)))
    assert_same({"a": 3.0}, sg.grad(lambda p: p["a"] * sg.stop_gradient(p)["a"])({"a": 3.0}))
    assert_same({"a": np.ones(2), "b": 3}, sg.stop_gradient({"a": np.ones(2), "b": 3}))
    assert "text" == sg.stop_gradient("text")


# What a gradient function carries


def described(x, /, y=2.0, *, k=1.0):
    """A product."""
    return x * y * k


@pytest.mark.parametrize(
    "transform",
    [sg.grad, sg.value_and_grad, sg.jacobian, sg.jacrev, sg.jacfwd, sg.hessian, sg.hvp, sg.elementwise_grad],
)
def test_what_a_derivative_carries(transform):
    made = transform(described)
    assert described is made.primal
    assert described is made.__wrapped__
    assert ("described", "described", __name__, "A product.") == (
        made.__name__, made.__qualname__, made.__module__, made.__doc__,
    )  # fmt: skip
    assert inspect.signature(described) == inspect.signature(made) == made.__signature__
    assert "def described" in inspect.getsource(made)
    assert "described" in repr(made)
    assert isinstance(made.source, str)


def test_a_derivative_without_a_name():
    made = sg.grad(functools.partial(product, 2.0))
    assert "partial" == made.__name__
    assert "grad of" in repr(made)


def specialised(x):
    return np.sum(x * x)


def test_the_source_is_that_of_the_latest_kinds():
    gradient = sg.grad(specialised)
    generic = gradient.source
    assert "def specialised_grad(x):" in generic
    gradient(np.ones(3))
    assert gradient.source != generic
    assert "x_bar = 2 * x" in gradient.source
    namespace = {}
    exec(gradient.source, namespace)
    assert_same(np.full(3, 2.0), namespace["specialised_grad"](np.ones(3)))


def test_the_source_of_a_method():
    assert "x_bar" in Spring.slope.source or "rec." in Spring.slope.source
    assert Spring.slope.source == Spring().slope.source
    assert "(x)" == str(inspect.signature(Spring().slope))
