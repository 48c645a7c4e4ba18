"""What cannot be differentiated: refused at the user's place, with the reason; and run where nothing is active."""

import asyncio
import codecs
import collections
import json
import statistics
import traceback
import zlib

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import (
    MissingRuleError,
    NotDifferentiableError,
    SourceUnavailableError,
    SrcgradError,
    UnsupportedSyntaxError,
)


def refusal(f, *args):
    with pytest.raises(SrcgradError) as caught:
        sg.grad(f)(*args)
    return caught.value


def shown(error):
    """The line of the user's file and what stands over the carets."""
    line = error.place.source_line()
    return line[error.place.column : error.place.end_column]


def generator(x):
    yield x * x


async def coroutine(x):
    return x * x


def awaited(x):
    return asyncio.run(coroutine(x)) * x


def evaluated(x):
    return eval("x * x") + x


def executed(x):
    scope = {"x": x}
    exec("y = x * x", scope)
    return scope["y"]


def unknown_function_of_c(x):
    return np.sum(np.frombuffer(codecs.decode(zlib.compress(x.tobytes()), "latin1").encode(), dtype=np.uint8)) * 1.0


def inside_a_library(x):
    return 2.0 * statistics.stdev([x, 2.0 * x])


def objects(x):
    return np.array([x, 2.0 * x], dtype=object).sum()


def matrix(x):
    return (np.matrix([[x, 1.0]]) * 2.0)[0, 0]


def masked(x):
    return np.ma.array([x, 1.0], mask=[False, True]).sum()


def text(x):
    return float(f"{x * x:.12f}")


def through_json(x):
    return json.loads(json.dumps([x]))[0]


def drawn(x):
    return np.random.default_rng(0).normal(x)


class Celsius(float):
    pass


def subclass_of_float(x):
    return Celsius(x) * 2.0


made_from_text = {}
exec("def sourceless(x):\n    return x * x\n", made_from_text)


def calls_sourceless(x):
    return made_from_text["sourceless"](x) + 1.0


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize(
    ("f", "kind", "expression"),
    [
        (generator, UnsupportedSyntaxError, "yield x * x"),
        (awaited, UnsupportedSyntaxError, "async def coroutine(x):"),
        (evaluated, UnsupportedSyntaxError, 'eval("x * x")'),
        (executed, UnsupportedSyntaxError, 'exec("y = x * x", scope)'),
        (inside_a_library, MissingRuleError, "statistics.stdev([x, 2.0 * x])"),
        (objects, UnsupportedSyntaxError, "np.array([x, 2.0 * x], dtype=object)"),
        (matrix, UnsupportedSyntaxError, "np.matrix([[x, 1.0]])"),
        (masked, UnsupportedSyntaxError, "np.ma.array([x, 1.0], mask=[False, True])"),
        (text, UnsupportedSyntaxError, 'float(f"{x * x:.12f}")'),
        (through_json, UnsupportedSyntaxError, "json.loads(json.dumps([x]))"),
        (drawn, MissingRuleError, "np.random.default_rng(0).normal(x)"),
        (subclass_of_float, MissingRuleError, "Celsius(x)"),
        (calls_sourceless, SourceUnavailableError, 'made_from_text["sourceless"](x)'),
    ],
)
def test_refused_at_the_users_place(f, kind, expression):
    error = refusal(f, 0.7)
    assert type(error) is kind
    assert error.place.filename == __file__
    assert shown(error).startswith(expression)
    assert error.ways
    assert "^^^" in str(error)


def test_the_function_and_its_callers_are_named():
    def inner(y):
        return float(f"{y}")

    def outer(x):
        return inner(x * 2.0)

    message = str(refusal(outer, 0.7))
    assert "in inner(), called from outer() at" in message


def test_what_happened_inside_of_a_library_is_named():
    error = refusal(inside_a_library, 0.7)
    assert "as_integer_ratio" in error.what
    assert "inside statistics.stdev()" in error.what


def test_bytes_of_an_active_array():
    error = refusal(unknown_function_of_c, np.ones(2))
    assert "tobytes" in error.what


def test_sourceless_function_itself():
    error = refusal(made_from_text["sourceless"], 0.7)
    assert type(error) is SourceUnavailableError


@pytest.mark.parametrize(
    ("argument", "what"),
    [
        (np.array([1, 2]), "int64"),
        (np.array([True]), "bool"),
        (np.int64(3), "int64"),
        (np.array([1.0, None]), "object"),
        ("text", "str"),
        (None, "NoneType"),
    ],
)
def test_arguments_without_a_derivative(argument, what):
    def f(x):
        return 1.0

    error = refusal(f, argument)
    assert isinstance(error, NotDifferentiableError)
    assert isinstance(error, TypeError)
    assert what in str(error)
    assert "'x'" in str(error)


def test_integer_arrays_say_how_to_cast():
    assert "astype(float)" in str(refusal(np.sum, np.array([1, 2])))


# Where nothing active is handed over, the same code runs.


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_refused_code_runs_on_constants():
    async def later(v):
        return v + 1

    def f(x):
        scale = eval("3.0 * k", {"k": 2.0})
        scale += zlib.crc32(b"srcgrad") % 7 + statistics.stdev([1.0, 3.0])
        scale += float(json.loads(json.dumps([4.0]))[0]) + float("2.5") + len(f"{scale:.3f}")
        scale += np.random.default_rng(0).normal(1.0) + np.matrix([[2.0]])[0, 0] + made_from_text["sourceless"](3.0)
        return x * x * float(scale)

    def plain(x):
        return f(x)

    step = 1e-6
    expected = (f(0.7 + step) - f(0.7 - step)) / (2 * step)
    assert sg.grad(plain)(0.7) == pytest.approx(expected, rel=1e-6)


def test_callbacks_of_unknown_code_may_use_constants_only():
    counts = collections.Counter()

    def f(x):
        words = ["b", "aa", "c"]
        words.sort(key=len)
        counts.update(words)
        return x * len(words[0])

    assert 1.0 == sg.grad(f)(2.0)


# The user's own exceptions


class ModelError(Exception):
    def __init__(self, value, note):
        super().__init__(value)
        self.note = note


def fails_half_way(x):
    y = x * x
    if y > 1.0:
        raise ModelError(y, note="diverged")
    return y


def test_user_exceptions_pass_unchanged():
    with pytest.raises(ModelError) as caught:
        sg.grad(fails_half_way)(2.0)
    assert (4.0,) == caught.value.args
    assert "diverged" == caught.value.note
    # The last frame runs the user's statement: in the user's file, or in the generated source that holds it.
    last = traceback.extract_tb(caught.tb)[-1]
    assert 'raise ModelError(y, note="diverged")' == last.line


def test_state_is_clean_after_an_exception():
    with pytest.raises(ModelError):
        sg.grad(fails_half_way)(2.0)
    assert 1.0 == sg.grad(fails_half_way)(0.5)


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda x: x["a"], TypeError),
        (lambda x: [x][3], IndexError),  # noqa: PLE0643
        (lambda x: {"a": x}["b"], KeyError),
        (lambda x: x / 0.0, ZeroDivisionError),
        (lambda x: x.nothing, AttributeError),
        (lambda x: (np.ones(3) * x) @ np.ones(2), ValueError),
        (lambda x: np.ones(3)[5] * x, IndexError),  # noqa: PLE0643
        (lambda x: unbound_name * x, NameError),  # noqa: F821
        (lambda x: fails_half_way(x, 3), TypeError),
        (lambda x: x.fails(), AttributeError),
    ],
)
def test_pythons_own_errors_stay_what_they_are(f, kind):
    with pytest.raises(kind) as expected:
        f(2.0)
    with pytest.raises(kind) as actual:
        sg.grad(f)(2.0)
    assert not isinstance(actual.value, SrcgradError)
    assert expected.value.args == actual.value.args
