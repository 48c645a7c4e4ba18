"""Debuggers and tracebacks: they show the generated source, and name the user's line."""

import inspect
import os
import re
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build.compiled import switch
from srcgrad.rules import table

MODEL = """\
import pdb

import numpy as np


def loss(x, w):
    h = np.tanh(w * x)
    return np.sum(h * h)


def by_members(x):
    parts = {"square": x * x}
    total = parts["square"].sum()
    return total


def stops(x):
    y = x * x
    breakpoint()
    return y.sum()


def stops_twice(x):
    y = x * x
    pdb.set_trace()
    z = y + x
    pdb.set_trace(header="once more")
    return z.sum()
"""
SCRIPT = """\
import numpy as np
import srcgrad as sg
import model

x = np.array([0.5, 1.0])
gradient = sg.grad(model.loss)
recorded = sg.grad(model.by_members)
gradient(x, 2.0)
gradient(x, 2.0)
gradient(x, 2.0)
recorded(x)
if "stop" in __file__:
    print(sg.grad(model.stops)(x))
    print(sg.grad(model.stops_twice)(x))
"""


@pytest.fixture
def debug(tmp_path):
    (tmp_path / "model.py").write_text(MODEL)

    def run(*commands, name="script.py", under=("-m", "pdb")):
        (tmp_path / name).write_text(SCRIPT)
        done = subprocess.run(
            [sys.executable, *under, name],
            input="\n".join(commands) + "\n",
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(sg.__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    return run


def test_break_list_and_print_in_generated_source(debug):
    shown = debug("break 9", "continue", "break gradient.function", "continue", "list", "next", "p w + h[0]", "q", "q")
    assert "def loss_grad(x, w):" in shown
    assert "->\t    h = np.tanh(w * x)" in shown
    assert "model.py:7  h = np.tanh(w * x)" in shown
    assert f"{2.0 + np.tanh(1.0)!s}"[:12] in shown


def test_step_reaches_generated_source_and_comes_back(debug):
    shown = debug("break 10", "continue", *["step"] * 60, "q", "q")
    steps = re.findall(r"> (.*)\((\d+)\).*\n-> (.*)", shown)
    own = [text for file, _, text in steps if file.startswith("<srcgrad loss_grad")]
    assert ["def loss_grad(x, w):", "h = np.tanh(w * x)"] == own[:2]
    assert "return x_bar" == own[-1]
    assert any(file.endswith("script.py") and line == "11" for file, line, _ in steps)


def test_up_shows_the_call(debug):
    shown = debug("break 9", "continue", "break gradient.function", "continue", "where", "q", "q")
    assert "script.py(9)<module>()" in shown
    assert "> <srcgrad loss_grad" in shown


def test_recorded_functions_stop_at_lines_of_their_own_file(debug):
    shown = debug("break model.py:13", "continue", "p total", "next", "p total", "list", "q", "q")
    assert "model.py(13)by_members()" in shown
    assert "1.25" in shown
    assert '->\t    total = parts["square"].sum()' in shown or "->\t    return total" in shown


def test_breakpoint_in_the_function(debug):
    shown = debug("p y", "continue", "p y", "continue", "p z", "continue", name="stop.py", under=())
    assert "model.py(20)stops()" in shown
    assert "array([0.25, 1.  ])" in shown
    assert "model.py(26)stops_twice()" in shown
    assert "once more" in shown
    assert "array([0.75, 2.  ])" in shown
    assert "[1. 2.]" in shown
    assert "[2. 3.]" in shown


def mismatched(x):
    y = x * 2.0
    return np.sum(y @ np.ones(3))


def helped(x):
    return helper(x) * 2.0


def helper(x):
    return x[7]


def checked(x):
    if x[0] > 0.0:
        raise ValueError("out of range")
    return x[0]


def told(derivative):
    """The text of an exception's traceback, without the lines of this file's own tests."""
    with pytest.raises((ValueError, IndexError)) as caught:
        derivative()
    return "".join(traceback.format_exception(caught.value))


WAYS = {
    "grad": lambda f: sg.grad(f)(np.ones(2)),
    "value_and_grad": lambda f: sg.value_and_grad(f)(np.ones(2)),
    "vjp": lambda f: sg.vjp(f, np.ones(2)),
    "jvp": lambda f: sg.jvp(f, (np.ones(2),), (np.ones(2),)),
    "jacobian": lambda f: sg.jacobian(f)(np.ones(2)),
    "hessian": lambda f: sg.hessian(f)(np.ones(2)),
}


@pytest.mark.parametrize("static", [True, False])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("f", "function", "text"),
    [
        (mismatched, mismatched, "return np.sum(y @ np.ones(3))"),
        (helped, helper, "return x[7]"),
        (checked, checked, 'raise ValueError("out of range")'),
    ],
)
def test_tracebacks_name_the_users_line(f, function, text, way, static, monkeypatch):
    monkeypatch.setattr(switch, "on", static)
    lines, first = inspect.getsourcelines(function)
    number = first + next(k for k, line in enumerate(lines) if text in line)
    shown = told(lambda: way(f))
    assert f'File "{__file__}", line {number}, in {function.__name__}\n    {text}' in shown


def test_the_second_call_tells_as_well():
    g = sg.grad(mismatched)
    g(np.ones(3))
    for _ in range(2):
        shown = told(lambda: g(np.ones(2)))
        assert "<srcgrad mismatched_grad" in shown
        assert 1 == shown.count("in mismatched\n")


def grown(x):
    return np.sum(x * x)


def fails(y_bar):
    raise ValueError("in the rule")


def test_what_only_the_sweep_raises_names_the_line_too(monkeypatch):
    def f(x):
        y = x * 2.0
        return np.spacing(y) * 3.0

    monkeypatch.setattr(table, "_rules", dict(table._rules))
    monkeypatch.setattr(table, "_zero", set(table._zero))
    sg.register_rule(np.spacing, "x", vjp={"x": "fails(y_bar)"}, jvp={"x": "x_dot"})
    number = f.__code__.co_firstlineno + 2
    for derivative in (lambda: sg.grad(f)(1.0), lambda: sg.vjp(f, 1.0)[1](1.0)):
        assert f'File "{__file__}", line {number}, in f\n    return np.spacing(y) * 3.0' in told(derivative)


def test_source_of_a_gradient():
    g = sg.grad(grown)
    assert inspect.getsource(grown) == inspect.getsource(g)  # as of every function with __wrapped__
    assert inspect.getsource(g.function) in g.source
    assert inspect.getsource(g.function).startswith("def grown_grad(x):")
    g(np.ones(2))
    expected = textwrap.dedent(
        """\
        def grown_grad(x):
            # test_debugging.py:"""
    )
    assert inspect.getsource(g.function).startswith(expected)
    assert [2.0, 2.0] == g.function(np.ones(2)).tolist()


def through_a_dict(x):
    return {"a": x * x}["a"].sum()


def test_recorded_gradients_have_no_function():
    g = sg.grad(through_a_dict)
    g(np.ones(2))
    assert g.function is None
