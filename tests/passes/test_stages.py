"""Each stage on its own: the unit before and after, as text."""

from __future__ import annotations

import linecache
import textwrap
import types
from collections.abc import Hashable
from itertools import count
from typing import Any

import numpy as np
import pytest

from srcgrad.passes import NotStatic, generate
from srcgrad.passes.kinds import Dim, array, broadcast, join, kind_of, stretches
from srcgrad.syntax import emit
from srcgrad.syntax.lower import expression_of

_numbers = count(1)


def function(text: str) -> types.FunctionType:
    """The function that a text defines, its source visible to inspect."""
    text = "import numpy as np\n" + textwrap.dedent(text)
    filename = f"<stage {next(_numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {}
    exec(compile(text, filename, "exec"), namespace)
    found: types.FunctionType = namespace["f"]
    return found


STAGES = {
    "one_way_out": (
        """
        def f(x):
            if x < 0:
                return 0.0
            y = x * x
            return y
        """,
        """
        def f(x):
            if x < 0:
                value = 0.0
            else:
                y = x * x
                value = y
            return value
        """,
    ),
    "parallel_writes": (
        """
        def f(x):
            a = x * x
            b = np.zeros(2)
            b[0], b[1] = a, x
            return b[0]
        """,
        """
        def f(x):
            a = x * x
            b = np.zeros(2)
            u = a
            u2 = x
            b[0] = u
            b[1] = u2
            return b[0]
        """,
    ),
    "choices_as_branches": (
        """
        def f(x):
            y = x * x if x > 1 else 2 * x
            return y
        """,
        """
        def f(x):
            if x > 1:
                y = x * x
            else:
                y = 2 * x
            return y
        """,
    ),
    "hoist": (
        """
        def f(x):
            y = x * np.exp(x)
            return y
        """,
        """
        def f(x):
            u = np.exp(x)
            y = x * u
            return y
        """,
    ),
    "name_conditions": (
        """
        def f(x):
            if x > 1:
                x = x * x
            return x
        """,
        """
        def f(x):
            branch = x > 1
            if branch:
                x = x * x
            return x
        """,
    ),
    "rename_overwritten": (
        """
        def f(x):
            y = x * x
            y = np.sin(y)
            return y
        """,
        """
        def f(x):
            y = x * x
            y2 = np.sin(y)
            return y2
        """,
    ),
}


@pytest.mark.parametrize("stage", STAGES)
def test_stage(stage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = STAGES[stage]
    monkeypatch.setenv("SRCGRAD_DUMP", stage)
    generate(function(before), ("float",), (0,), "grad")
    shown = capsys.readouterr().err.rsplit("---", 1)[-1].split("\n", 1)[1]
    assert textwrap.dedent(after).strip() == shown.strip()


REFUSED = {
    "a write through a view": "b = x[1:]\n    b[0] = 2.0\n    return np.sum(x * b[0])",
    "a mutating call": "np.copyto(x, 2 * x)\n    return np.sum(x)",
    "text": "return float(str(x[0]))",
    "a closure": "g = lambda t: t * x\n    return np.sum(g(x))",
    "an unknown function": "return np.sum(np.apply_along_axis(np.sin, 0, x))",
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused_or_right(reason: str) -> None:
    f = function(f"def f(x):\n    {REFUSED[reason]}\n")
    kinds: tuple[Hashable, ...] = (("array", "d", (False,)),)
    try:
        made = generate(f, kinds, (0,), "grad")
    except NotStatic:
        return
    namespace = dict(made.bindings)
    exec(made.source, namespace)
    x = np.array([0.3, 0.7, 1.1])
    gradient = namespace[made.entry](x.copy())
    for k in range(3):
        step = np.eye(3)[k] * 1e-6
        slope = (f(x + step) - f(x - step)) / 2e-6
        np.testing.assert_allclose(gradient[k], slope, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    "text",
    ["x * (y + z)", "-x**2", "(-x)**2", "a[i, 1:n]", "x if c else y", "not (a and b)", "f(x, k=1)[0].T", "a - (b - c)"],
)
def test_expressions_survive(text: str) -> None:
    assert text == emit.text_of(expression_of(text))


def test_kinds() -> None:
    n, one = Dim("x.0", 0, False), Dim("", 0, True)
    assert kind_of(1.5) == "float"
    assert array(n) == broadcast(array(one), array(n))
    assert stretches(array(one), array(n))
    assert not stretches(array(n), array(n))
    assert join(array(n), array(one)).dims != array(n).dims
