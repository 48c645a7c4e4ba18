"""Indices compared in front of loops, as texts: only what no trip can change, and no call twice; none needs numba."""

from __future__ import annotations

import ast
import textwrap

import pytest

from srcgrad.backends.bounds import checked
from srcgrad.backends.kind import FLOAT, INT, array
from srcgrad.backends.kinds import Module
from srcgrad.backends.steady import steady

VECTOR, INDICES = array(False), array(False, dtype="i")


def compared(body: str) -> str | None:
    """The body of a function of x, of whole numbers k, and of a number n, with its comparisons; None if it keeps them."""
    tree = ast.parse(f"def f(x, k, n):\n    s = 0.0\n{textwrap.indent(textwrap.dedent(body), '    ')}")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    kinds = Module(tree, "f", (VECTOR, INDICES, INT)).kinds("f")
    assert kinds is not None
    return ast.unparse(function) if checked(function, kinds, {}) else None


def test_an_element_of_an_array_may_have_changed() -> None:
    text = compared("s += x[k[0]]\nk[0] = n\ns += x[k[0]]")
    assert text is not None
    assert text.count("k[0] >= x.shape[0]") == 2


@pytest.mark.parametrize("count", ["k[0]", "len(done)"])
def test_how_often_a_loop_runs_may_change(count: str) -> None:
    text = compared(f"""
        done = []
        for i in range(n):
            for j in range({count}):
                s += x[7]
            k[0] = i
            done.append(i)
    """)
    assert text is not None
    outer, inner = text.index("for i in"), text.index("for j in")
    assert outer < text.index("7 >= x.shape[0]") < inner


def test_the_length_of_an_array_stays() -> None:
    text = compared("for i in range(n):\n    for j in range(len(k)):\n        s += x[3]")
    assert text is not None
    assert text.index("x.shape[0]") < text.index("for i in")


def test_an_index_with_an_effect_is_worked_out_once() -> None:
    assert compared("order = [1, 2]\nfor i in range(n):\n    s += x[order.pop()]") is None


def test_an_array_whose_length_is_an_element_is_made_where_it_is() -> None:
    text = "def f(k, n, s):\n    for i in range(n):\n        t = np.empty(({},))\n        t[0] = s\n        k[0] = i\n"
    for length, made_once in (("k[0]", False), ("n", True), ("k.shape[0]", True)):
        tree = ast.parse(text.format(length))
        steady(tree, Module(tree, "f", (INDICES, INT, FLOAT)), ())
        text_made = ast.unparse(tree)
        assert (text_made.index("np.empty") < text_made.index("for i in")) == made_once
