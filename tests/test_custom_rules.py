"""Rules of the user's: custom_vjp, custom_jvp, register_rule, checkpoint, differentiable, and check_grads on them."""

import itertools
import math
import pickle
import runpy
from pathlib import Path

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import MissingRuleError, NotDifferentiableError, UnsupportedSyntaxError
from tests.trees import assert_same


def forward(f):
    return lambda x: sg.jvp(f, (x,), (1.0,))[1]


MODES = {"rev": sg.grad, "fwd": forward}


@sg.custom_vjp
def cube(x):
    return x * x * x


cube.defvjp(lambda x: (x * x * x, x), lambda x, y_bar: (3 * x * x * y_bar,))


@sg.custom_jvp
def square(x):
    return x * x


@square.defjvp
def square_rule(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return square(x), 2 * x * x_dot


@sg.checkpoint
def layer(x):
    return np.sin(x) * np.exp(-x)


# Each beside a plain function of the same meaning, called so that its argument has other contributions too.
PROGRAMS = {
    "vjp": (lambda x: np.sin(cube(x)) * x, lambda x: np.sin(x * x * x) * x),
    "jvp": (lambda x: np.sin(square(x)) * x, lambda x: np.sin(x * x) * x),
    "checkpoint": (lambda x: layer(layer(x)) * x, lambda x: np.sin(y := np.sin(x) * np.exp(-x)) * np.exp(-y) * x),
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("modes", [m for n in (1, 2, 3) for m in itertools.product(MODES, repeat=n)], ids=">".join)
def test_every_order_in_both_modes(program, modes):
    own, plain = PROGRAMS[program]
    assert math.isclose(own(0.7), plain(0.7))
    for mode in modes:
        own, plain = MODES[mode](own), MODES[mode](plain)
    assert math.isclose(plain(0.7), own(0.7), rel_tol=1e-9)


@pytest.mark.parametrize("f", [cube, square, layer])
def test_arrays(f):
    x = np.array([0.5, 1.5])
    plain = f.primal
    assert_same(sg.jacrev(plain)(x), sg.jacrev(f)(x))
    assert_same(sg.jacfwd(plain)(x), sg.jacfwd(f)(x))
    total = lambda g: lambda x: np.sum(g(x))
    assert_same(sg.hessian(total(plain))(x), sg.hessian(total(f))(x))


@sg.custom_vjp
def skewed(x, y=2.0):
    return x * y


skewed.defvjp(lambda x, y: (x * y, (x, y)), lambda kept, y_bar: (10 * kept[1] * y_bar, 20 * kept[0] * y_bar))


@sg.custom_vjp
def both(x):
    return x * 2, x * 3


both.defvjp(lambda x: ((x * 2, x * 3), None), lambda _, y_bar: (y_bar[0] * 2 + y_bar[1] * 3,))


@sg.custom_vjp
def repeated(x, n):
    return x * n


repeated.defvjp(lambda x, n: (x * n, n), lambda n, y_bar: (y_bar * n, None))


@sg.custom_vjp
def of_dict(p):
    return p["a"] * p["b"]


of_dict.defvjp(lambda p: (p["a"] * p["b"], p), lambda p, y_bar: ({"b": y_bar * p["a"], "a": 100 * y_bar * p["b"]},))


@sg.custom_vjp
def with_keyword(x, *, k=2.0):
    return x * k


with_keyword.defvjp(lambda x, *, k: (x * k, k), lambda k, y_bar: y_bar * k * 10)


def test_how_a_rule_gets_its_arguments():
    assert_same(20.0, sg.grad(skewed)(3.0))
    assert_same(40.0, sg.grad(lambda x: skewed(y=x, x=2.0))(3.0))
    assert_same(12.0, sg.grad(lambda x: math.prod(both(x)))(1.0))
    assert_same(((2.0, 3.0), (2.0, 3.0)), sg.jvp(both, (1.0,), (1.0,)))
    assert_same(3.0, sg.grad(lambda x: repeated(x, 3))(1.0))
    assert_same(0.0, sg.grad(lambda x: repeated(2.0, x))(1.0))
    assert_same({"a": 300.0, "b": 2.0}, sg.grad(of_dict)({"a": 2.0, "b": 3.0}))
    assert_same(20.0, sg.grad(with_keyword)(3.0))
    assert_same(40.0, sg.grad(lambda x: with_keyword(x, k=4.0))(3.0))
    with pytest.raises(NotDifferentiableError, match="keyword-only"):
        sg.grad(lambda x: with_keyword(1.0, k=x))(3.0)


class Spring:
    k = 3.0

    @sg.custom_vjp
    def reverse(self, x):
        return self.k * x * x

    reverse.defvjp(
        lambda self, x: (self.k * x * x, (self, x)), lambda kept, y_bar: (None, 10 * kept[0].k * kept[1] * y_bar)
    )

    @sg.custom_jvp
    def forward(self, x):
        return self.k * x * x

    @forward.defjvp
    def _rule(primals, tangents):
        (self, x), (_, x_dot) = primals, tangents
        return self.k * x * x, 10 * self.k * x * x_dot

    @sg.differentiable
    def energy(self, x):
        return self.k * x * x

    @sg.checkpoint
    def forgotten(self, x):
        return self.k * x * x


def test_methods():
    spring = Spring()
    assert_same(60.0, sg.grad(spring.reverse)(2.0))
    assert_same(60.0, sg.grad(lambda x: spring.reverse(x))(2.0))
    assert_same(60.0, sg.grad(spring.forward)(2.0))
    assert_same((12.0, 60.0), sg.jvp(spring.forward, (2.0,), (1.0,)))
    assert_same(12.0, sg.grad(spring.forgotten)(2.0))
    assert_same((12.0, 12.0, (12.0,)), (spring.energy(2.0), spring.energy.grad(2.0), spring.energy.vjp(2.0)[1](1.0)))


def made(f, fwd, bwd):
    own = sg.custom_vjp(f)
    own.defvjp(fwd, bwd)
    return own


def test_rules_that_do_not_fit_are_refused():
    with pytest.raises(MissingRuleError, match="no rule yet"):
        sg.grad(sg.custom_vjp(lambda x: x))(1.0)
    with pytest.raises(MissingRuleError, match="no rule yet"):
        sg.grad(sg.custom_jvp(lambda x: x))(1.0)
    short = made(lambda x, y: x * y, lambda x, y: (x * y, None), lambda kept, y_bar: (y_bar,))
    with pytest.raises(TypeError, match="returned 1 cotangents for 2 arguments"):
        sg.grad(short)(1.0, 2.0)
    shape = made(lambda x: np.sum(x), lambda x: (np.sum(x), x), lambda kept, y_bar: (np.ones(5),))
    with pytest.raises(TypeError, match=r"has shape \(5,\), its argument 0 \(2,\)"):
        sg.grad(shape)(np.ones(2))
    no_pair = made(lambda x: x, lambda x: x, lambda kept, y_bar: (y_bar,))
    with pytest.raises(TypeError, match="must return"):
        sg.grad(no_pair)(1.0)
    tangent = sg.custom_jvp(lambda x: x)
    tangent.defjvp(lambda primals, tangents: primals[0])
    with pytest.raises(TypeError, match="must return"):
        sg.grad(tangent)(1.0)


def test_a_differentiable_function():
    f = sg.differentiable(lambda x, y=2.0: x * x * y)
    assert_same((18.0, 12.0, (12.0,), (18.0, 12.0)), (f(3.0), f.grad(3.0), f.vjp(3.0)[1](1.0), f.jvp((3.0,), (1.0,))))
    assert_same(54.0, sg.grad(lambda x: f(x) * x)(3.0))


@sg.checkpoint(budget=3)
def decay(x, p):
    for _ in range(5):
        x = x - 0.1 * p["k"] * x
    return x


def overwrite(y):
    y[0] = 2 * y[0]
    y[1] = 0.0


def written(x, f):
    y = x * 1.0
    f(y)
    return np.sum(y * y)


def test_checkpoint():
    assert math.isclose(0.9**5, decay(1.0, {"k": 1.0}))
    assert math.isclose(-0.5 * (1 - 0.03) ** 4, sg.grad(lambda k: decay(1.0, {"k": k}))(0.3))
    assert_same(12.0, sg.grad(lambda k: sg.checkpoint(lambda x: x * k * k)(2.0))(3.0))
    assert_same(np.array([8.0, 0.0]), sg.grad(written)(np.array([1.0, 2.0]), sg.checkpoint(overwrite)))
    with pytest.raises(ValueError, match="at least one"):
        sg.checkpoint(budget=0)(decay)


# register_rule


def in_table(table_form):
    """A function of its own for each test: the table outlives a test."""
    return np.frompyfunc(table_form, 1, 1)


def test_register_an_elementwise_rule():
    softplus = in_table(lambda x: math.log1p(math.exp(x)))
    f = lambda x: softplus(x) * 1.0
    assert not sg.has_rule(softplus)
    with pytest.raises(MissingRuleError):
        sg.grad(f)(0.0)
    sg.register_rule(softplus, "1 / (1 + np.exp(-x))")
    assert sg.has_rule(softplus)
    assert_same((0.5, 0.25, 0.5), (sg.grad(f)(0.0), sg.grad(sg.grad(f))(0.0), sg.jvp(f, (0.0,), (1.0,))[1]))


def called(x):
    return CALLED[0](x) * 1.0


CALLED = [in_table(lambda x: x * x)]


def test_a_second_rule_replaces_the_first():
    gradient = sg.grad(called)
    sg.register_rule(CALLED[0], "2 * x")
    assert_same(6.0, gradient(3.0))
    sg.register_rule(CALLED[0], "3 * x")
    assert_same(9.0, gradient(3.0))


@pytest.mark.parametrize("given", [{"vjp"}, {"jvp"}, {"vjp", "jvp"}])
def test_register_a_general_rule(given):
    def scaled(x, factor=2.0):
        return x * factor

    texts = {"vjp": {"x": "y_bar * factor"}, "jvp": {"x": "x_dot * factor"}}
    sg.register_rule(scaled, "x, factor=2.0", **{name: texts[name] for name in given})
    f = lambda x: np.sum(scaled(x, factor=5.0) ** 2)
    x = np.array([1.0, 2.0])
    assert_same(50 * x, sg.grad(f)(x))
    assert_same(np.float64(150.0), sg.jvp(f, (x,), (np.ones(2),))[1])
    assert_same(50 * np.eye(2), sg.hessian(f)(x))


def test_rules_that_are_none_are_refused():
    f = in_table(lambda x: x)
    for texts, named, error in [
        ((), {}, TypeError),
        ((None,), {}, TypeError),
        (("1 +",), {}, ValueError),
        (("x",), {"vjp": {"z": "y_bar"}}, ValueError),
        (("x, (",), {"vjp": {"x": "y_bar"}}, ValueError),
        ((), {"vjp": {"x": "y_bar"}}, TypeError),
    ]:
        with pytest.raises(error):
            sg.register_rule(f, *texts, **named)
    with pytest.raises(TypeError, match="takes a function first"):
        sg.register_rule("text", "x")
    assert not sg.has_rule(f)


def test_the_example_of_rules_for_another_package(capsys, monkeypatch):
    """Kelvin's functions and a solver of LAPACK, with their own checks."""
    examples = Path(__file__).parents[1] / "examples"
    monkeypatch.syspath_prepend(str(examples))
    runpy.run_path(str(examples / "own_rules.py"), run_name="own_rules")["main"]()
    assert "as differences say" in capsys.readouterr().out


def test_has_rule():
    assert [True, True, False, False, False] == [sg.has_rule(f) for f in (np.sin, np.ndarray.sum, 3, [], lambda x: x)]


# check_grads


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, y: np.sum(np.sin(x) * y), (np.array([0.1, 0.2]), 2.0)),
        (lambda x: {"a": x * x, "b": (np.sin(x), 3)}, (1.5,)),
        (lambda x: np.sum(x * x), (np.array([1.0, 2.0], np.float32),)),
        (lambda z: z * z, (1 + 2j,)),
        (lambda x, s: x * x, (3, "text")),
        (lambda x, i: x[i], (np.array([1.0, 2.0]), np.array([1]))),
        (lambda x: 1e6 * x * x, (1e3,)),
        (cube, (1.5,)),
        (square, (np.array([1.0, 2.0]),)),
    ],
)
def test_check_grads_agrees(f, args):
    sg.check_grads(f, args)
    sg.check_grads(f, args, order=1, modes="rev")


def test_check_grads_takes_constants_by_name():
    sg.check_grads(lambda x, *, k: x**3 * k, (1.5,), order=3, kwargs={"k": 3.0})


def wrong_reverse(scale):
    return made(lambda x: x * x, lambda x: (x * x, x), lambda x, y_bar: (scale * x * y_bar,))


def test_check_grads_says_where():
    partly = wrong_reverse(np.array([2.0, 2.0, 3.0]))
    model = lambda p, c: np.sum(partly(p["w"]) * c)
    with pytest.raises(AssertionError, match=r"order 1 \(rev\) is wrong: the one by p\['w'\]\[2\] it is") as caught:
        sg.check_grads(model, ({"w": np.array([1.0, 2.0, 3.0]), "b": 1.0}, 2.0))
    assert "finite differences give" in str(caught.value)


def test_check_grads_catches_each_mode_and_order():
    with pytest.raises(AssertionError, match=r"order 1 \(fwd\)"):
        sg.check_grads(wrong_reverse(3.0), (2.0,), modes=("fwd",))
    second = sg.custom_jvp(lambda x: x * x)
    second.defjvp(lambda primals, tangents: (primals[0] ** 2, 2 * sg.stop_gradient(primals[0]) * tangents[0]))
    sg.check_grads(second, (2.0,), order=1)
    with pytest.raises(AssertionError, match=r"order 2 \(rev > rev\)"):
        sg.check_grads(second, (2.0,), order=2)


def test_check_grads_does_not_take_nan_for_agreement():
    with np.errstate(all="ignore"), pytest.raises(AssertionError):
        sg.check_grads(lambda x: (x - x) * np.sqrt(x), (0.0,))


def test_check_grads_refuses_to_check_nothing():
    for args, options, error in [
        (("text",), {}, TypeError),
        (1.0, {}, TypeError),
        ((1.0,), {"order": 0}, ValueError),
        ((1.0,), {"modes": ("sideways",)}, ValueError),
    ]:
        with pytest.raises(error):
            sg.check_grads(np.sin, args, **options)


# Arguments that are not differentiated


@sg.custom_vjp(nondiff_argnums=(0, 2))
def applied(f, x, times=1):
    for _ in range(times):
        x = f(x)
    return x


def applied_forward(f, x, times):
    return applied(f, x, times), x


def applied_backward(f, times, x, y_bar):
    for _ in range(times - 1):
        x = f(x)
    assert 2 == times
    inner = sg.grad(lambda v: f(f(v)))
    return (y_bar * inner(x if times == 1 else np.arcsin(x)),)


applied.defvjp(applied_forward, applied_backward)


@sg.custom_jvp(nondiff_argnums=1)
def raised(x, n, scale=1.0):
    return scale * x**n


@raised.defjvp
def raised_rule(n, primals, tangents):
    x, scale = primals
    x_dot, scale_dot = tangents
    return raised(x, n, scale), scale * n * x ** (n - 1) * x_dot + scale_dot * x**n


@pytest.mark.parametrize("mode", MODES)
def test_arguments_without_a_derivative_come_first(mode):
    transform = MODES[mode]
    assert math.isclose(np.cos(np.sin(0.3)) * np.cos(0.3), transform(lambda x: applied(np.sin, x, 2))(0.3))
    assert math.isclose(3 * 0.3**2, transform(lambda x: raised(x, 3))(0.3))
    assert math.isclose(5 * 0.3**4, transform(lambda x: raised(x, 3, x * x))(0.3))
    assert math.isclose(20 * 0.3**3, transform(transform(lambda x: raised(x, 3, x * x)))(0.3))


def test_an_active_argument_among_them_is_refused():
    with pytest.raises(UnsupportedSyntaxError, match="nondiff_argnums") as caught:
        sg.grad(lambda n: raised(2.0, n))(3.0)
    assert "raised(2.0, n)" in str(caught.value)
    assert 12.0 == sg.grad(lambda x: raised(x, sg.stop_gradient(x + 1.0)))(2.0)


def test_positions_that_a_call_does_not_have():
    wrong = sg.custom_vjp(lambda x: x * x, nondiff_argnums=(3,))
    wrong.defvjp(lambda x: (x * x, x), lambda x, y_bar: (2 * x * y_bar,))
    with pytest.raises(TypeError, match="called with 1 arguments"):
        sg.grad(wrong)(2.0)


def test_they_are_pickled():
    again = pickle.loads(pickle.dumps(raised))
    assert again is raised
    assert (1,) == pickle.loads(pickle.dumps(raised_of_a_lambda())).nondiff_argnums


def raised_of_a_lambda():
    return sg.custom_jvp(lambda x, n: x**n, nondiff_argnums=1)


# The cotangent of an inner derivative varies with the arguments


@sg.custom_vjp
def wrong_in_the_cotangent(x):
    return np.sin(x)


# Right for every cotangent, but the derivative by the cotangent is hidden from an outer derivative.
wrong_in_the_cotangent.defvjp(lambda x: (np.sin(x), x), lambda x, y_bar: (np.cos(x) * sg.stop_gradient(y_bar),))


def test_check_grads_varies_the_cotangent():
    sg.check_grads(wrong_in_the_cotangent, (np.array([0.3, 0.4]),), order=1, modes="rev")
    with pytest.raises(AssertionError, match=r"order 2 \(rev > rev\) is wrong"):
        sg.check_grads(wrong_in_the_cotangent, (np.array([0.3, 0.4]),), modes="rev")
    for f in (np.sin, np.linalg.inv, lambda x: {"a": x @ x, "b": [np.sum(x)]}):
        sg.check_grads(f, (np.array([[0.3, 0.4], [-0.5, 0.8]]),), order=3)
