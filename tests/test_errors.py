"""How a refusal reads."""

import copy
import pickle

import pytest

from srcgrad import errors
from srcgrad.errors import (
    AnomalyError,
    MissingRuleError,
    NotDifferentiableError,
    Place,
    SourceUnavailableError,
    SrcgradError,
    UnsupportedSyntaxError,
)

LINE = "    k = np.i0e(kappa * r)"
PLACE = Place("model.py", 12, 8, 25, LINE, "likelihood")


def excerpt(text, column, end_column):
    return Place("model.py", 12, column, end_column, text).excerpt()


def test_an_error_is_a_conversation():
    error = MissingRuleError(
        "no derivative rule for numpy.i0e",
        PLACE,
        calls=[Place("model.py", 30, function="loss")],
        ways=[
            'give it one:  srcgrad.register_rule(np.i0e, elementwise("..."))',
            "if it is constant in the argument:  srcgrad.stop_gradient(np.i0e(kappa * r))",
        ],
    )
    expected = """\
model.py:12:9: no derivative rule for numpy.i0e

   12 |     k = np.i0e(kappa * r)
      |         ^^^^^^^^^^^^^^^^^
  in likelihood(), called from loss() at model.py:30

  give it one:  srcgrad.register_rule(np.i0e, elementwise("..."))
  or, if it is constant in the argument:  srcgrad.stop_gradient(np.i0e(kappa * r))"""
    assert expected == str(error)


def test_without_a_place():
    error = SourceUnavailableError("the source of f is not available", ways=["define f in a file"])
    assert "the source of f is not available\n\n  define f in a file" == str(error)
    assert "only this" == str(SrcgradError("only this"))


def test_a_longer_way_through_calls():
    calls = [Place("a.py", 3, function="g"), Place("b.py", 4, function="h"), Place("c.py", 5)]
    expected = "  in likelihood(), called from g() at a.py:3,\n  called from h() at b.py:4,\n  called from c.py:5"
    assert str(UnsupportedSyntaxError("no", PLACE, calls=calls)).endswith(expected)


def test_calls_without_the_name_of_the_function():
    place = Place("m.py", 1, text="x")
    assert "m.py:1:1: no\n\n    1 | x\n      | ^\n  called from g() at a.py:3" == str(
        UnsupportedSyntaxError("no", place, calls=[Place("a.py", 3, function="g")])
    )


def test_a_way_out_of_several_lines_is_indented():
    assert "no\n\n  write\n      a = 1\n  or, write\n      b = 2" == str(
        SrcgradError("no", ways=["write\n    a = 1", "write\n    b = 2"])
    )


def test_tabs_move_the_caret_as_they_move_the_text():
    assert "   12 |     k = g(1,    x)\n      |         ^^^^^^^^^^" == excerpt("\tk =\tg(1,\tx)", 5, 12)


def test_wide_characters_take_two_columns():
    assert "   12 | s = '温度' + g(x)\n      |              ^^^^" == excerpt("s = '温度' + g(x)", 11, 15)


def test_a_long_line_is_cut_around_the_caret():
    text = "total = " + " + ".join(f"term{k}" for k in range(60)) + " + bad(x)" + " + last" * 30
    column = text.index("bad")
    shown, carets = excerpt(text, column, column + 6).splitlines()
    assert len(shown) <= errors.WIDEST + len("   12 | ")
    assert "bad(x)" == shown[carets.index("^") : carets.rindex("^") + 1]
    assert shown.startswith("   12 | …")
    assert shown.endswith("…")


def test_a_long_span_is_cut_at_its_end():
    shown, carets = excerpt("y = f(" + "a, " * 100 + ")", 4, 307).splitlines()
    assert shown.endswith("…")
    assert len(shown) == len(carets)


def test_a_span_that_goes_on_in_later_lines_is_underlined_to_the_end_of_the_first():
    assert "   12 | y = f(a,\n      |     ^^^^" == excerpt("y = f(a,   ", 4, None)


def test_a_place_on_a_continuation_line():
    assert "   12 |       b + g(c)) * 2\n      |           ^^^^" == excerpt("      b + g(c)) * 2", 10, 14)


def test_a_span_beyond_the_line_still_shows_one_caret():
    assert "   12 | x = 1\n      |      ^" == excerpt("x = 1", 40, 44)


@pytest.mark.parametrize("name", ["gone.py", "<string>", "<ipython-input-1-abc>"])
def test_without_source_the_place_is_still_named(name):
    error = MissingRuleError("no derivative rule for numpy.i0e", Place(name, 12, 8, function="likelihood"))
    assert f"{name}:12:9: no derivative rule for numpy.i0e\n\n  in likelihood()" == str(error)


def test_the_line_is_read_from_the_file(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("def f(x):\n    return g(x)\n")
    assert "    2 |     return g(x)\n      |            ^^^^" == Place(str(path), 2, 11, 15).excerpt()


def test_files_below_the_working_directory_are_named_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "models/a.py:1:1" == str(Place(str(tmp_path / "models" / "a.py"), 1))
    assert "/elsewhere/a.py:1:1" == str(Place("/elsewhere/a.py", 1))


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_travel(way):
    error = AnomalyError("NaN", PLACE, calls=[Place("a.py", 3)], ways=["look"])
    error.add_note("third epoch")
    again = way(error)
    assert type(error) is type(again)
    assert (str(error), error.calls, error.ways) == (str(again), again.calls, again.ways)
    assert ["third epoch"] == again.__notes__


def test_places_are_values():
    assert Place("a.py", 1) == Place("a.py", 1)
    with pytest.raises(AttributeError):
        PLACE.line = 13


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (UnsupportedSyntaxError, SrcgradError),
        (MissingRuleError, SrcgradError),
        (SourceUnavailableError, SrcgradError),
        (NotDifferentiableError, TypeError),
        (AnomalyError, FloatingPointError),
    ],
)
def test_what_catches_them(kind, base):
    with pytest.raises(base):
        raise kind("no")
    assert issubclass(kind, SrcgradError)
