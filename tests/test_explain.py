"""A function beside its derivative."""

import re

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import SourceUnavailableError


def root(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)  # Heron's <step>
    return y


def origins(text):
    """The lines of an explanation's right side, with the numbers of the primal's lines that they belong to."""
    rows = [line.partition("  |  ")[2] for line in str(text).splitlines()]
    return {row[6:].strip(): row[:4].strip() for row in rows if row.strip()}


def test_lines_that_belong_together():
    gradient = sg.grad(root)
    gradient(2.0)
    explanation = gradient.explain()
    first = root.__code__.co_firstlineno
    text = str(explanation)
    assert text == repr(explanation)
    assert f"{first + 3:4d}          y = 0.5 * (y + x / y)  # Heron's <step>" in text
    found = origins(explanation)
    assert str(first + 3) == found["y = 0.5 * (y + x / y)  # Heron's <step>"]
    marked = [line for line in gradient.source.splitlines() if re.search(rf":{first + 3}  ", line)]
    assert marked
    assert str(first + 3) == found[marked[0].strip()]


def test_a_page_is_self_contained():
    page = sg.value_and_grad(root).explain().page()
    assert page.startswith("<!doctype html>")
    assert "root and its derivative" in page
    assert "Heron&#x27;s &lt;step&gt;" in page
    assert "<step>" not in page
    assert not re.search(r"(src|href)=|https?:|@import|url\(", page)
    assert page.count("<pre>") == page.count("</pre>") == 2


def test_in_a_notebook():
    shown = sg.grad(root).explain()._repr_html_()
    assert "<style>" in shown
    assert f'data-o="{root.__code__.co_firstlineno + 3}"' in shown


class Spring:
    @sg.grad(argnums=1)
    def slope(self, x):
        return 2.0 * x * x


def test_methods_and_every_other_transform():
    assert "2.0 * x * x" in str(Spring().slope.explain())
    for transform in (sg.jacobian, sg.hessian, sg.hvp, sg.elementwise_grad):
        assert "def root(x):" in str(transform(root).explain())


def test_what_has_no_source():
    with pytest.raises(SourceUnavailableError, match="is not there to be shown"):
        sg.grad(np.sin).explain()
