"""What a rule has no derivative for is refused at the user's place, in each way to take a derivative."""

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build.compiled import switch
from srcgrad.errors import MissingRuleError, UnsupportedSyntaxError

SQUARE = np.array([[2.0, 0.3], [-0.4, 1.5]])
TALL = np.array([[1.0, 0.2], [0.3, 2.0], [-0.5, 0.7]])
ROW = np.array([1.0, 3.0, 2.0, 4.0, 2.5])


def completed_svd(x):
    u, s, vh = np.linalg.svd(x[:, :1])
    return np.sum(u * u[0]) + s[0]


def completed_qr(x):
    q, r = np.linalg.qr(x[:, :1], mode="complete")
    return np.sum(q * q[0]) + r[0, 0]


def reflectors(x):
    h, tau = np.linalg.qr(x, mode="raw")
    return np.sum(h)


def cut_off(x):
    return np.sum(np.linalg.pinv(x, rcond=0.9))


def overlapping(x):
    parts = np.split([x[0], x[1], x[2], x[3]], [3, 1])
    return np.sum(parts[0]) + 2.0 * np.sum(parts[2])


def weighted(x):
    return np.quantile(np.stack([x, x]), 0.3, (1, 0), weights=np.ones(5), method="inverted_cdf")


def chosen_bins(x):
    return np.sum(np.histogram(x, bins="auto")[1])


def unwritten_padding(x):
    return np.sum(np.pad(x, 1, mode="empty")[1:-1])


def order_of_a_matrix_norm(p):
    return np.linalg.norm(SQUARE, ord=np.max(p))


CASES = [
    (completed_svd, TALL, "np.linalg.svd(x[:, :1])", "full_matrices=False"),
    (completed_qr, TALL, 'np.linalg.qr(x[:, :1], mode="complete")', "full_matrices=False"),
    (reflectors, TALL, 'np.linalg.qr(x, mode="raw")', "mode='reduced'"),
    (cut_off, TALL, "np.linalg.pinv(x, rcond=0.9)", "smaller rcond"),
    (overlapping, ROW, "np.split([x[0], x[1], x[2], x[3]], [3, 1])", "slices"),
    (
        weighted,
        ROW,
        'np.quantile(np.stack([x, x]), 0.3, (1, 0), weights=np.ones(5), method="inverted_cdf")',
        "shape of a",
    ),
    (chosen_bins, ROW, 'np.histogram(x, bins="auto")', "edges"),
    (unwritten_padding, ROW, 'np.pad(x, 1, mode="empty")', "np.empty"),
    (order_of_a_matrix_norm, np.array([2.0]), "np.linalg.norm(SQUARE, ord=np.max(p))", "ord=2"),
]
IN_REVERSE = {
    "grad": lambda f, x: sg.grad(f)(x),
    "vjp": lambda f, x: sg.vjp(f, x)[1](1.0),
    "gradient of the gradient": lambda f, x: sg.grad(lambda v: np.sum(sg.grad(f)(v)))(x),
}
# Forward, the tangent of what is not unique is NaN: whether anything depends on it is not known yet.
ONLY_IN_REVERSE = {completed_svd, completed_qr, overlapping}


@pytest.fixture(params=["static", "recorded"])
def tier(request, monkeypatch):
    monkeypatch.setattr(switch, "on", request.param == "static")


@pytest.mark.usefixtures("tier")
@pytest.mark.parametrize("transform", IN_REVERSE.values(), ids=IN_REVERSE)
@pytest.mark.parametrize(("f", "x", "expression", "way"), CASES, ids=[case[0].__name__ for case in CASES])
def test_refused_in_reverse(f, x, expression, way, transform):
    with pytest.raises(MissingRuleError) as caught:
        transform(f, x)
    check(caught.value, expression, way)


FORWARD = [case for case in CASES if case[0] not in ONLY_IN_REVERSE]


@pytest.mark.usefixtures("tier")
@pytest.mark.parametrize(("f", "x", "expression", "way"), FORWARD, ids=[case[0].__name__ for case in FORWARD])
def test_refused_forward(f, x, expression, way):
    with pytest.raises(MissingRuleError) as caught:
        sg.jvp(f, (x,), (np.ones_like(x),))
    check(caught.value, expression, way)


def check(error, expression, way):
    assert error.place.filename == __file__
    assert expression == error.place.source_line()[error.place.column : error.place.end_column]
    assert "has no derivative here: " in error.what
    assert any(way in w for w in error.ways)


class Unfinished:
    def energy(self, x):
        raise NotImplementedError("energy of the base class")


def of_the_users_own(x):
    return np.sum(x * x) + Unfinished().energy(x)


def in_a_callback(x):
    return np.sum(np.apply_along_axis(Unfinished().energy, 0, x))


@pytest.mark.usefixtures("tier")
@pytest.mark.parametrize("f", [of_the_users_own, in_a_callback])
def test_the_users_own_passes_unchanged(f):
    with pytest.raises(NotImplementedError, match="energy of the base class") as caught:
        sg.grad(f)(ROW)
    assert type(caught.value) is NotImplementedError
    with pytest.raises(NotImplementedError, match="energy of the base class"):
        sg.jvp(f, (ROW,), (ROW,))


def shown_as_float32(x):
    return (2.0 * x).view(np.float32)


def parts_side_by_side(x):
    return (x * (1 + 2j)).view(float)


@pytest.mark.usefixtures("tier")
@pytest.mark.parametrize("f", [shown_as_float32, parts_side_by_side])
def test_results_in_another_type_than_their_memory(f):
    for derivative in (
        lambda: sg.vjp(f, ROW)[1](np.ones_like(f(ROW))),
        lambda: sg.jvp(f, (ROW,), (ROW,)),
        lambda: sg.jacobian(f)(ROW),
    ):
        with pytest.raises(UnsupportedSyntaxError, match="the result shows memory of type") as caught:
            derivative()
        assert caught.value.place.function == f.__name__
        assert caught.value.ways
