"""What of the user's text comes out again, and where."""

from __future__ import annotations

import textwrap

import pytest
from one_line_programs import squares
from test_stages import function

from srcgrad.passes import NotStatic, generate
from srcgrad.syntax import emit, ir
from srcgrad.syntax.expressions import expression_of
from srcgrad.syntax.lower import unit_of

TEXTS = {
    "blocks on the line of their header": (
        """
        def f(x):
            y = x; z = y * y  # two in one
            while z > 10.0: z = z / 2.0  # until it fits
            if z > 1: return z  # large
            else: w = np.sin(z)  # small
            return w + z  # at the end
        """,
        """
        def f_vjp(x):
            y = x
            z = y * y  # two in one
            trips = 0
            while z > 10.0:
                trips += 1
                z = z / 2.0  # until it fits
            if z > 1:
                value = z  # large
            else:
                w = np.sin(z)  # small
                value = w + z  # at the end
        """,
    ),
    "comments between": (
        """
        def f(x):
            # what it is

            # about y
            y = x * x
            if x > 1:  # the large ones
                # inside
                y = y * 2
                # the end of the block
            # elsewhere
            elif x > 0.5:
                y = y * 3

            # about the result
            return y
        """,
        """
        def f_vjp(x):
            # what it is

            # about y
            y = x * x
            if x > 1:  # the large ones
                # inside
                y = y * 2
            # elsewhere
            elif x > 0.5:
                y = y * 3

            # about the result
        """,
    ),
    "what is written over several lines": (
        """
        def f(x, *, rate: float = 0.5):
            '''It has a docstring.'''
            y = (x +  # one
                 rate * np.sin(
                     x)
                 )  # two
            if (y > 1 and
                    y < 3  # the colon: not this one
            ):
                y = y \\
                    * 2
            return y
        """,
        """
        def f_vjp(x, *, rate=0.5):
            y = (x +  # one
                 rate * np.sin(
                     x)
                 )  # two
            branch = y > 1 and y < 3
            if branch:
                y = y \\
                    * 2
        """,
    ),
    "letters that take several bytes": (
        """
        def f(x):
            größe = x * x; β = größe + 1.0  # σ
            return β * größe
        """,
        """
        def f_vjp(x):
            größe = x * x
            β = größe + 1.0  # σ
        """,
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_forward_sweep(name: str) -> None:
    before, after = (textwrap.dedent(text).strip() for text in TEXTS[name])
    f = function(before)
    kinds = ("float",) * len(unit_of(f).params)
    source = generate(f, kinds, (0,), "vjp").source
    assert after == source[source.index("def f_vjp") :].split("\n\n    def pullback")[0].rstrip()


def test_the_comment_of_the_return() -> None:
    f = function("def f(x):\n    return x * x  # squared\n")
    for mode in ("vjp", "jvp", "value_and_grad"):
        assert 1 == generate(f, ("float",), (0,), mode).source.count("  # squared"), mode
    assert "    # squared\n" in generate(f, ("float",), (0,), "grad").source


def test_a_lambda() -> None:
    made = generate(squares, ("float",), (0,), "grad")
    line = squares.__code__.co_firstlineno
    shown = f"""
    def lambda_grad(x):
        # one_line_programs.py:{line}  lambda x: x * x
        x_bar = 2 * x
        return x_bar
    """
    assert "lambda_grad" == made.entry
    assert textwrap.dedent(shown).lstrip() == made.source


EXPRESSIONS = [
    "a and b and c",
    "a or (b or c)",
    "f(x, *rest, key=1, **more)",
    "x[1:, None, ..., ::-1]",
    "x[1,]",
    "-x ** 2",
    "1_000 + 0x1F + 1e-10",
    "a < b <= c is not None",
    "'it' if True else b'no'",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_mean_what_they_did(text: str) -> None:
    again = emit.text_of(expression_of(text))
    assert expression_of(text) == expression_of(again)
    assert ir.names(expression_of(text)) == ir.names(expression_of(again))


REFUSED = {
    "a starred index": "return x[*(0,)]",
    "a string over several lines": 'y = x * len("""a\n    b""")\n    return y',
    "an expression of the form List": "return x * sum([*(1.0, 2.0)])",
    "an expression of the form NamedExpr": "return (y := x) * y",
}


@pytest.mark.parametrize("reason", REFUSED)
def test_refused(reason: str) -> None:
    with pytest.raises(NotStatic, match=reason):
        unit_of(function(f"def f(x):\n    {REFUSED[reason]}\n"))
