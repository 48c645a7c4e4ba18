"""The command line, called as a function."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from srcgrad import cli

MODEL = """\
import math

import numpy as np


def cube(x):
    square = x * x  # the second power
    return square * x


def energy(u, k=2.0):
    return np.sum(k * u * u)


def trace(matrix: np.ndarray, n: int):
    return n * np.trace(matrix @ matrix)


def bad(x):
    yield x


class Spring:
    @staticmethod
    def force(x, *, stiffness):
        return -stiffness * x


def picky(x):
    if x.shape != (7,):
        raise ValueError
    return x.sum()


ANSWER = 42
"""


@pytest.fixture(autouse=True)
def at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)
    (tmp_path / "springs.py").write_text(MODEL)
    yield tmp_path
    for name in {"springs", "springs_", "helped", "borrowing", "taken", "random_", "pack", "pack.a", "pack.b"} - before:
        sys.modules.pop(name, None)


def run(capsys, *words):
    status = cli.main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_show_prints_the_gradient(capsys):
    status, out, err = run(capsys, "show", "springs.py:cube", "--args", "2.0")
    assert (0, "") == (status, err)
    assert "def cube_grad(x):" in out
    assert "# the second power" in out
    namespace = {}
    exec(out, namespace)
    assert 12.0 == namespace["cube_grad"](2.0)


def test_show_another_argument(capsys):
    status, out, _ = run(capsys, "show", "springs.py:energy", "--argnums", "k", "--args", "np.ones(3)")
    assert 0 == status
    assert "k_bar" in out


def test_show_colours_on_a_terminal_only(capsys, monkeypatch):
    monkeypatch.setattr(cli, "_colorful", lambda: True)
    _, painted, _ = run(capsys, "show", "springs.py:cube", "--args", "2.0")
    monkeypatch.setattr(cli, "_colorful", lambda: False)
    _, plain, _ = run(capsys, "show", "springs.py:cube", "--args", "2.0")
    assert "\x1b[34mdef\x1b[0m cube_grad" in painted
    bare = painted
    for code in ("\x1b[0m", "\x1b[32m", "\x1b[34m", "\x1b[90m"):
        bare = bare.replace(code, "")
    assert plain.splitlines() == bare.splitlines()


def test_check_prints_a_table(capsys):
    status, out, err = run(capsys, "check", "springs.py:energy", "--args", "np.array([1.0, 2.0])")
    expected = """\
argument  value         reverse  forward  second order
u         float64 (2,)  ok       ok       ok
"""
    assert (0, expected, "") == (status, out, err)


def test_check_guesses_arguments(capsys):
    assert 0 == run(capsys, "check", "springs.py:cube")[0]
    status, out, _ = run(capsys, "check", "springs.py:trace", "--order", "1")
    assert 0 == status
    assert ["argument  value           reverse  forward", "matrix    float64 (4, 4)  ok       ok"] == out.splitlines()


def test_check_of_a_keyword_only_argument_of_a_static_method(capsys):
    status, out, _ = run(capsys, "check", "springs.py:Spring.force", "--args", "2.0, stiffness=3.0")
    assert 0 == status
    assert ["argument", "x", "stiffness"] == [line.split()[0] for line in out.splitlines()]


def test_check_fails_where_the_derivative_is_wrong(capsys, monkeypatch):
    def disagree(f, args, order, modes):
        if order == 2:
            raise AssertionError("12.0 against 11.0")

    monkeypatch.setattr(cli.api, "check_grads", disagree)
    status, out, _ = run(capsys, "check", "springs.py:cube")
    assert 1 == status
    assert "x         float  ok       ok       WRONG\n\nx, second order: 12.0 against 11.0\n" in out


def test_build_writes_a_module_that_needs_numpy_only(capsys, at):
    assert (0, "", "") == run(capsys, "build", "springs.py:cube", "springs.py:energy", "-o", "out.py")
    program = "import sys, out, numpy as np; print(out.cube_grad(2.0), out.energy_grad(np.ones(2)).tolist())"
    program += "; assert not any(m.startswith(('srcgrad', 'libcst')) for m in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=at)
    assert "12.0 [4.0, 4.0]\n" == done.stdout


def test_build_specialises_for_arguments(capsys, at):
    (at / "fit.py").write_text("import numpy as np\n\n\ndef loss(w, x):\n    r = x @ w\n    return np.sum(r * r)\n")
    assert (0, "", "") == run(
        capsys, "build", "fit.py:loss", "--args", "np.ones(2), np.ones((3, 2))", "--args", "np.ones(3), np.ones((1, 3))",
        "-o", "out.py",
    )  # fmt: skip
    program = "import out, numpy as np; print(out.loss_grad(np.ones(2), np.ones((3, 2))), out.loss_grad(np.ones(3), np.ones((1, 3))))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=at)
    assert "[12. 12.] [6. 6. 6.]\n" == done.stdout


def test_build_check_says_when_a_file_is_out_of_date(capsys, at):
    words = ("build", "springs.py:cube", "-o", "out.py", "--check")
    assert 1 == run(capsys, *words)[0]
    run(capsys, *words[:-1])
    assert (0, "", "") == run(capsys, *words)
    (at / "out.py").write_text("def cube_grad(x): return 0.0\n")
    status, out, err = run(capsys, *words)
    assert 1 == status
    assert "-def cube_grad(x): return 0.0" in out
    assert "out.py is out of date" in err
    assert "def cube_grad(x): return 0.0\n" == (at / "out.py").read_text()


def test_build_writes_beneath_the_function(capsys, at):
    (at / "springs.py").write_text(MODEL.replace("ANSWER = 42", "ANSWER = 42  # and so on"))
    before = (at / "springs.py").read_text()
    words = ("build", "springs.py:cube", "springs.py:energy", "--into", "springs.py")
    assert 1 == run(capsys, *words, "--check")[0]
    assert before == (at / "springs.py").read_text()
    assert (0, "", "") == run(capsys, *words)
    after = (at / "springs.py").read_text()
    assert (0, "", "") == run(capsys, *words)
    assert (0, "", "") == run(capsys, *words, "--check")
    assert after == (at / "springs.py").read_text()
    assert after.index("def cube(") < after.index("def cube_grad(") < after.index("def energy(")
    block = re.compile(r"\n\n# srcgrad: begin .*?\n# srcgrad: end \w+\n", re.DOTALL)
    assert 2 == len(block.findall(after))
    assert before == block.sub("", after)
    program = (
        "import sys, springs, numpy as np; print(springs.cube_grad(2.0), springs.energy_grad(np.ones(2)).tolist())"
    )
    program += "; assert not any(m.startswith(('srcgrad', 'libcst')) for m in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=at)
    assert "12.0 [4.0, 4.0]\n" == done.stdout
    (at / "springs.py").write_text(after.replace("return square * x", "return square * x * x"))
    status, out, err = run(capsys, *words, "--check")
    assert 1 == status
    assert "springs.py is out of date" in err
    assert "+    return square * x" not in out


def test_build_reads_what_the_file_has_already(capsys, at):
    (at / "helped.py").write_text(
        "import numpy as np\n\nRATE = 0.5\n\n\ndef twice(x):\n    return 2.0 * x\n\n\ndef f(x):\n    return RATE * np.sin(twice(x))\n"
    )
    assert (0, "", "") == run(capsys, "build", "helped.py:f", "--into", "helped.py", "--args", "1.0")
    text = (at / "helped.py").read_text()
    assert 1 == text.count("RATE = 0.5") == text.count("import numpy as np") == text.count("def twice(")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["springs.py:cube", "--into", "other.py"], "--into other.py: springs.py:cube is not defined there"),
        (["borrowing.py:cube", "--into", "borrowing.py"], "borrowing.py:cube is not defined there"),
        (["springs.py:twin", "--into", "springs.py"], "there is no def of springs.py:twin"),
    ],
)
def test_build_writes_beneath_nothing_else(capsys, at, words, message):
    (at / "borrowing.py").write_text("from springs import cube\n")
    (at / "springs.py").write_text(MODEL + "\n\nglobals()['twin'] = lambda x: x\n")
    status, _, err = run(capsys, "build", *words)
    assert status in (1, 2)
    assert message in err or "cannot be written" in err
    assert not (at / "other.py").exists()


def test_build_replaces_nothing_of_the_users(capsys, at):
    (at / "taken.py").write_text("def f(x):\n    return x * x\n\n\ndef f_grad(x):\n    return 2\n")
    status, _, err = run(capsys, "build", "taken.py:f", "--into", "taken.py", "--args", "1.0")
    assert 1 == status
    assert "another f_grad is in the module already" in err


def test_a_refusal_is_printed_without_a_traceback(capsys):
    status, out, err = run(capsys, "show", "springs.py:bad")
    assert (1, "") == (status, out)
    assert "UnsupportedSyntaxError: springs.py:20:5: " in err
    assert "   20 |     yield x\n      |     ^^^^^^^" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "springs.py"], "'springs.py' is not of the form FILE.py:FUNC"),
        (["show", "none.py:f"], "there is no file none.py"),
        (["show", "no_such_module:f"], "there is no file and no module no_such_module"),
        (["show", "springs.py:cub"], "springs.py defines no cub; did you mean cube?"),
        (["show", "springs.py:ANSWER"], "ANSWER in springs.py is no function"),
        (["show", "springs.py:cube", "--args", "1.0 2.0"], "--args '1.0 2.0' are not arguments of a call"),
        (["show", "springs.py:cube", "--args", "1.0, 2.0"], "--args '1.0, 2.0': too many positional arguments"),
        (["check", "springs.py:cube", "--args", "1"], "no argument of springs.py:cube is a float"),
        (["check", "springs.py:picky"], "found no arguments with which picky runs"),
    ],
)
def test_a_wrong_command_line(capsys, words, message):
    status, out, err = run(capsys, *words)
    assert (2, "") == (status, out)
    assert f"srcgrad {words[0]}: {message}" in err


@pytest.mark.parametrize(
    ("text", "argnums"), [("0", 0), ("-1", -1), ("x", "x"), ("0,1", (0, 1)), ("x, y", ("x", "y")), ("x,", ("x",))]
)
def test_argnums(text, argnums):
    assert argnums == cli._argnums(text)


def test_a_file_in_a_package_is_imported_as_part_of_it(capsys, at):
    (at / "pack").mkdir()
    (at / "pack" / "__init__.py").write_text("")
    (at / "pack" / "a.py").write_text("def twice(x):\n    return 2.0 * x\n")
    (at / "pack" / "b.py").write_text("from .a import twice\n\n\ndef f(x):\n    return twice(x) * x\n")
    assert 0 == run(capsys, "check", "pack/b.py:f", "--args", "3.0")[0]
    assert 0 == run(capsys, "check", "pack.b:f", "--args", "3.0")[0]


def test_a_file_may_be_called_like_a_module_of_the_standard_library(capsys, at):
    (at / "random.py").write_text("def f(x):\n    return x * x\n")
    assert 0 == run(capsys, "check", "random.py:f", "--args", "3.0")[0]


def test_python_m_srcgrad(at):
    command = [sys.executable, "-m", "srcgrad", "show", "springs.py:cube"]
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=at, env=environment)
    assert "def cube_grad(x):" in done.stdout


def test_build_of_what_holds_for_floats_only(capsys, at):
    (at / "roots.py").write_text(
        "def root(x):\n    y = x\n    while abs(y * y - x) > 1e-10:\n        y = 0.5 * (y + x / y)\n    return y\n"
    )
    assert (0, "", "") == run(capsys, "build", "roots.py:root", "-o", "out.py")
    program = "import out; print(round(out.root_grad(4.0), 9))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=at)
    assert "0.25\n" == done.stdout


def test_build_refuses_what_cannot_be_written(capsys, at):
    (at / "refused.py").write_text("def f(p):\n    return p['a'] * p['b']\n")
    status, _, err = run(capsys, "build", "refused.py:f", "-o", "out.py")
    assert 1 == status
    assert "grad of f() cannot be written as one module" in err
    assert not (at / "out.py").exists()


def test_profile_prints_a_table(capsys):
    status, out, err = run(capsys, "profile", "springs.py:energy", "--argnums", "k", "--args", "np.ones(3)")
    assert (0, "") == (status, err)
    assert "backward" in out.splitlines()[0]
    assert "in all" in out.splitlines()[-1]


def test_explain_writes_a_page(capsys, at):
    assert (0, "", "") == run(capsys, "explain", "springs.py:cube", "-o", "out.html", "--args", "2.0")
    page = (at / "out.html").read_text()
    assert "cube and its derivative" in page
    assert "def cube_grad(x):" in page
    assert "# the second power" in page
