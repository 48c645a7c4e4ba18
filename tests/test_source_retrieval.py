"""Where sources come from, and that neither an old text nor an old meaning is used for a new function."""

import doctest
import functools
import importlib
import linecache
import math
import os
import subprocess
import sys
import traceback
import types

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build import compiled
from srcgrad.errors import MissingRuleError, SourceUnavailableError
from srcgrad.syntax import instrument
from tests import stale_helpers as helpers
from tests.trees import assert_same


def cell(text, filename):
    """Run a text as a notebook does: compiled under a made-up name that linecache knows."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = {"__name__": "__main__", "np": np}
    exec(compile(text, filename, "exec"), namespace)
    return namespace


@pytest.mark.parametrize("filename", ["<ipython-input-1-abcdef>", "/tmp/ipykernel_99/12.py", "<cell 1>"])
def test_a_notebook(filename):
    names = cell("def f(x):\n    return np.sum(x * x)\n\ng = lambda x: x**3\n", filename)
    assert_same(6.0, float(sg.grad(names["f"])(3.0)))
    assert_same(3.0, sg.grad(names["g"])(1.0))


def test_a_cell_that_is_run_again_under_its_name():
    old = cell("def f(x):\n    return x * x\n", "<again>")["f"]
    called = sg.grad(old)
    called(1.0)
    new = cell("def f(x):\n    return x * 5.0\n", "<again>")["f"]
    assert_same(5.0, sg.grad(new)(3.0))
    assert_same(6.0, called(3.0))
    older = cell("def h(x):\n    return x * x\n", "<once more>")["h"]
    cell("def h(x):\n    return x * 5.0\n", "<once more>")
    with pytest.raises(SourceUnavailableError, match="no longer holds the source"):
        sg.grad(older)(3.0)


def test_doctest():
    text = """
    >>> import srcgrad as sg
    >>> def f(x):
    ...     return x * x
    >>> sg.grad(f)(3.0)
    6.0
    >>> sg.grad(lambda x: x**3)(1.0)
    3.0
    """
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(text, {}, "text", "text.py", 0))
    assert (4, 0) == (runner.tries, runner.failures)


PROGRAM = """
import srcgrad as sg

def f(x):
    return x * x

try:
    sg.grad(f)(1.0)
except sg.errors.SourceUnavailableError as error:
    print(str(error).splitlines()[0])
"""


@pytest.mark.parametrize("how", [["-c", PROGRAM], ["-"]])
def test_a_program_without_a_file(how):
    if sys.version_info >= (3, 13):
        pytest.skip("these Pythons keep the text") if how[0] == "-c" else None
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, *how]
    done = subprocess.run(
        command, input=PROGRAM, capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert "the source of f() is not available\n" == done.stdout


# Lambdas

FIRST, SECOND, THIRD = lambda x: x, lambda x: x * x, lambda x: x * x * x
LISTED = [lambda x: x * 2, lambda x: x * 3]
OF_DICT = {"a": (lambda x: x + x), "b": (lambda x: x * x)}
TERNARY = (lambda x: x if x > 0 else -x), (lambda x: x if x < 0 else -x)
CONSTANT = (lambda x: 1.0), (lambda x: 2.0 * x)
UNICODE = [lambda x: (x * 2, "αβγ")[0], lambda x: (x * 3, "αβγ")[0]]
LONG = (lambda x:
            x * x +
            3 * x)  # fmt: skip
NESTED = lambda x: (lambda y: y * y)(x) * x
INNER = (lambda x: lambda y: x * y * y)(3.0)
DEFAULT = lambda x, h=lambda z: z * z: h(x) * 2


@pytest.mark.parametrize(
    ("functions", "expected"),
    [
        ((FIRST, SECOND, THIRD), [1.0, 4.0, 12.0]),
        (LISTED, [2.0, 3.0]),
        (OF_DICT.values(), [2.0, 4.0]),
        (TERNARY, [1.0, -1.0]),
        (CONSTANT, [0.0, 2.0]),
        (UNICODE, [2.0, 3.0]),
        ((LONG, NESTED, INNER, DEFAULT), [7.0, 12.0, 12.0, 8.0]),
    ],
)
def test_lambdas(functions, expected):
    assert_same(expected, [sg.grad(f)(2.0) for f in functions])


def doubled(f):
    @functools.wraps(f)
    def wrapper(*args):
        return f(*args) * 2

    return wrapper


@doubled
@doubled
def decorated(x):
    return x * x


class Holder:
    lambda_method = lambda self, x: x * x * x

    def __private(self, x):
        return x * 3

    def public(self, x):
        return self.__private(x)

    class Inner:
        @staticmethod
        def square(x):
            return x * x


def outer(k):
    def first(x):
        return x * k

    def second(x):
        return x * k * k  # noqa: E704

    return first, second, lambda x: x * k * k * k


def test_functions_in_every_place():
    assert_same([3.0, 9.0, 27.0], [sg.grad(f)(1.0) for f in outer(3.0)])
    assert_same(8.0, sg.grad(decorated)(1.0))
    assert_same(3.0, sg.grad(Holder().lambda_method)(1.0))
    assert_same(3.0, sg.grad(Holder().public)(1.0))
    assert_same(4.0, sg.grad(Holder.Inner.square)(2.0))
    renamed = helpers.helper
    assert_same(helpers.FACTOR, sg.grad(renamed)(1.0))


# Files that change


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module in a file of its own: `write(text)` changes it, `load()` runs what it holds now."""
    path = tmp_path / "edited.py"
    changes = [0]

    def write(text):
        path.write_text(text)
        changes[0] += 10
        os.utime(path, (changes[0], changes[0]))

    def load():
        spec = importlib.util.spec_from_file_location("edited", path)
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    # What another test had derived from equal code would be right here too, without any source.
    monkeypatch.setattr(compiled, "_answers", {})
    monkeypatch.setattr(instrument, "_made", {})
    return types.SimpleNamespace(write=write, load=load, path=path)


ORIGINAL = "def f(x):\n    return x * x\n\n\ndef h(x):\n    return x * 2.0\n"


@pytest.mark.parametrize(
    "edit",
    [
        ORIGINAL.replace("x * x", "x * x * x").replace("2.0", "3.0"),
        "\n\n" + ORIGINAL,
        ORIGINAL.replace("def f", "def g").replace("def h", "def i"),
        "",
        "def (",
    ],
)
def test_an_edited_file_is_not_read_for_the_old_function(module, edit):
    module.write(ORIGINAL)
    old = module.load()
    module.write(edit)
    for f in (old.f, old.h):
        with pytest.raises(SourceUnavailableError):
            sg.grad(f)(2.0)


def test_an_edit_that_changes_no_code_is_none(module):
    module.write(ORIGINAL)
    old = module.load()
    module.write(ORIGINAL.replace("x * x", "x * x  # the square"))
    assert_same(4.0, sg.grad(old.f)(2.0))


def test_a_module_that_is_loaded_again(module):
    module.write(ORIGINAL)
    assert_same(4.0, sg.grad(module.load().f)(2.0))
    module.write(ORIGINAL.replace("x * x", "x * 7.0"))
    assert_same(7.0, sg.grad(module.load().f)(2.0))


def test_a_file_that_is_gone(module):
    module.write(ORIGINAL.replace("x * x", "x * 11.0"))
    old = module.load()
    module.path.unlink()
    linecache.checkcache()
    with pytest.raises(SourceUnavailableError):
        sg.grad(old.f)(2.0)


# Tracebacks


def divides(x):
    y = x * x
    return y / np.zeros(3)[5]


def test_a_traceback_shows_the_generated_line():
    with pytest.raises(IndexError) as caught:
        sg.grad(divides)(1.0)
    lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "np.zeros(3)[5]" in lines[-1]


# Names that come to mean something else

CONSTANT_RATE = 2.0
TABLE = np.array([1.0, 2.0])
NUMBERS = [1.0, 2.0]
FLAG = True
POWER = 2
alias = np.tanh


def constant(x):
    return x * x * CONSTANT_RATE


def helper(x):
    return x * 2.0


def calls_helper(x):
    return helper(x) * x


def calls_deeper(x):
    return calls_helper(x) * 1.0


def with_default(x, k=2.0):
    return x * x * k


def calls_with_default(x):
    return with_default(x) * x


def with_keyword(x, *, k=2.0):
    return x * x * k


def calls_with_keyword(x):
    return with_keyword(x) * x


def calls_module(x):
    return helpers.helper(x) * x


def reads_module(x):
    return x * x * helpers.FACTOR


def calls_alias(x):
    return alias(x)


def calls_numpy(x):
    return math.sin(x) * 2


def calls_builtin(x):
    return abs(x) * 2.0


def sums_table(x):
    return np.sum(x * TABLE)


def sums_numbers(x):
    total = 0.0
    for number in NUMBERS:
        total = total + number * x
    return total


def branches(x):
    if FLAG:
        return x * x
    return x * 3.0


def powers(x):
    return x**POWER


def cubes(x):
    return x * x * x


HERE = sys.modules[__name__]
CHANGES = [
    (constant, HERE, "CONSTANT_RATE", 5.0),
    (constant, HERE, "CONSTANT_RATE", 5),
    (constant, HERE, "CONSTANT_RATE", np.float64(5.0)),
    (calls_helper, HERE, "helper", cubes),
    (calls_deeper, HERE, "helper", cubes),
    (calls_deeper, HERE, "helper", lambda x: x * 7.0),
    (with_default, with_default, "__defaults__", (5.0,)),
    (calls_with_default, with_default, "__defaults__", (5.0,)),
    (with_keyword, with_keyword, "__kwdefaults__", {"k": 5.0}),
    (calls_with_keyword, with_keyword, "__kwdefaults__", {"k": 5.0}),
    (constant, constant, "__code__", cubes.__code__),
    (calls_helper, helper, "__code__", cubes.__code__),
    (calls_module, helpers, "helper", cubes),
    (calls_module, helpers, "FACTOR", 9.0),
    (reads_module, helpers, "FACTOR", 9.0),
    (calls_alias, HERE, "alias", np.sin),
    (calls_alias, HERE, "alias", cubes),
    (calls_numpy, math, "sin", cubes),
    (calls_builtin, HERE, "abs", cubes),
    (sums_table, HERE, "TABLE", np.array([[1.0], [2.0], [4.0]])),
    (sums_numbers, HERE, "NUMBERS", [1.0, 2.0, 5.0]),
    (branches, HERE, "FLAG", False),
    (powers, HERE, "POWER", 3),
    (powers, HERE, "POWER", 1.5),
]


@pytest.mark.parametrize(("f", "owner", "name", "value"), CHANGES, ids=[f"{c[0].__name__} {c[2]}" for c in CHANGES])
def test_a_change_of_meaning_is_seen(f, owner, name, value, monkeypatch):
    def by_differences():
        return (f(0.7 + 1e-6) - f(0.7 - 1e-6)) / 2e-6

    gradient, second = sg.grad(f), sg.grad(sg.grad(f))
    for change in (False, True, None):
        if change:
            monkeypatch.setattr(owner, name, value, raising=False)
        elif change is None:
            monkeypatch.undo()
        for _ in range(2):
            np.testing.assert_allclose(by_differences(), gradient(0.7), rtol=1e-6)
        slope = (gradient(0.7 + 1e-6) - gradient(0.7 - 1e-6)) / 2e-6
        np.testing.assert_allclose(slope, second(0.7), rtol=1e-5, atol=1e-8)


def test_data_that_is_changed_in_place(monkeypatch):
    gradients = [sg.grad(sums_table), sg.grad(sums_numbers)]
    assert [3.0, 3.0] == [float(g(1.0)) for g in gradients]
    monkeypatch.setattr(HERE, "TABLE", np.array([1.0, 2.0]))
    monkeypatch.setattr(HERE, "NUMBERS", [1.0, 2.0])
    assert [3.0, 3.0] == [float(g(1.0)) for g in gradients]
    TABLE[0] = 5.0
    NUMBERS.append(4.0)
    assert [7.0, 7.0] == [float(g(1.0)) for g in gradients]
    with_keyword.__kwdefaults__["k"] = 2.0
    gradient = sg.grad(calls_with_keyword)
    assert 6.0 == gradient(1.0)
    with_keyword.__kwdefaults__["k"] = 3.0
    assert 9.0 == gradient(1.0)
    with_keyword.__kwdefaults__["k"] = 2.0


def settable(c):
    def inner(x):
        return x * x * c

    def change(value):
        nonlocal c
        c = value

    return inner, change


def test_closures_of_one_code():
    (first, change_first), (second, change_second) = settable(2.0), settable(7.0)
    gradients = sg.grad(first), sg.grad(second)
    for values in ((2.0, 7.0), (3.0, 7.0), (3, 1.0), (np.float64(5.0), 2), (2.0, 7.0)):
        change_first(values[0])
        change_second(values[1])
        assert_same([float(2 * v) for v in values], [float(g(1.0)) for g in gradients])


def calls_later(x):
    return later(x) * x  # noqa: F821 - defined by the test


def test_a_function_that_is_defined_later(monkeypatch):
    gradient = sg.grad(calls_later)
    with pytest.raises(NameError):
        gradient(1.0)
    monkeypatch.setattr(HERE, "later", cubes, raising=False)
    assert_same(4.0, gradient(1.0))
    monkeypatch.undo()
    with pytest.raises(NameError):
        gradient(1.0)


def test_a_module_that_is_reloaded(monkeypatch):
    gradient = sg.grad(calls_module)
    monkeypatch.setattr(helpers, "FACTOR", 9.0)
    assert_same(18.0, gradient(1.0))
    importlib.reload(helpers)
    assert_same(4.0, gradient(1.0))


def test_a_function_without_a_rule_stays_refused():
    unknown = np.frompyfunc(lambda x: x, 1, 1)
    gradient = sg.grad(lambda x: unknown(x) * 1.0)
    for _ in range(2):
        with pytest.raises(MissingRuleError):
            gradient(1.0)


def one_line_blocks(x, n):
    for _ in range(n): x = x * x  # fmt: skip
    if x > 0: return x  # fmt: skip
    return -x


def test_blocks_on_the_line_of_their_header():
    assert_same(32.0, sg.grad(one_line_blocks)(2.0, 2))
    assert "one_line_blocks" in sg.grad(one_line_blocks).source


class Doubler:
    def __call__(self, x):
        return 2 * x


def scaled_by(x, k=2.0):
    return k * x


@pytest.mark.parametrize(
    ("f", "line"),
    [
        (functools.partial(scaled_by, k=3.0), "rec.mul(k, x)"),
        (functools.partial(functools.partial(scaled_by), k=3.0), "rec.mul(k, x)"),
        (Doubler(), "rec.mul(2, x)"),
        (functools.lru_cache(scaled_by), "rec.mul(k, x)"),
        (np.sin, "x_bar = y_bar * (np.cos(x))"),
    ],
)
def test_whatever_can_be_called_shows_a_source(f, line):
    gradient = sg.grad(f)
    gradient(1.0)
    assert line in gradient.source
