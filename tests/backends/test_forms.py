"""The rewritings for numba, as texts before and after; none of them needs numba."""

from __future__ import annotations

import ast
import textwrap

import pytest

from srcgrad.backends.cache import stored
from srcgrad.backends.closures import lifted
from srcgrad.backends.elementwise import in_loops
from srcgrad.backends.kind import FLOAT, INT, SCALAR, Kind, array
from srcgrad.backends.kinds import Module
from srcgrad.backends.ranges import Backwards
from srcgrad.backends.settled import divided, settle

VECTOR, MATRIX = array(False), array(False, False)


def tree_of(text: str) -> ast.Module:
    return ast.parse(textwrap.dedent(text))


def same(expected: str, tree: ast.Module) -> None:
    assert ast.unparse(tree_of(expected)) == ast.unparse(tree)


def looped(text: str, *kinds: Kind) -> ast.Module:
    tree = tree_of(text)
    entry = tree.body[-1]
    assert isinstance(entry, ast.FunctionDef)
    in_loops(tree, Module(tree, entry.name, kinds))
    return tree


@pytest.mark.parametrize(
    "given", [(4,), (0,), (2, 7), (7, 2), (1, 9, 3), (1, 10, 3), (9, 0, -2), (8, 0, -3), (5, 5), (3, 2, 4)]
)
def test_a_range_run_backwards(given: tuple[int, ...]) -> None:
    tree = ast.parse(f"reversed(range({', '.join(map(str, given))}))", mode="eval")
    made = ast.unparse(Backwards().visit(tree))
    assert "reversed" not in made
    assert list(eval(made)) == list(reversed(range(*given)))


def test_a_range_of_names_run_backwards() -> None:
    tree = Backwards().visit(tree_of("for k in reversed(range(1, n)): pass\nfor k in reversed(range(n)[:trips]): pass"))
    same("for k in range(n - 1, 0, -1): pass\nfor k in range(trips - 1, -1, -1): pass", tree)


def test_a_pullback_becomes_a_function_of_the_module() -> None:
    before = """
        def area_vjp(w, h):
            def pullback(y_bar):
                return (y_bar * h,)
            return w * h, pullback
        def grad(x):
            u, area_pullback = area_vjp(x, 2.0)
            (x_bar,) = area_pullback(1.0)
            return x_bar
    """
    after = """
        def area_vjp_pullback(y_bar, kept):
            h = kept[0]
            return (y_bar * h,)
        def area_vjp(w, h):
            return w * h, (h,)
        def grad(x):
            u, area_pullback = area_vjp(x, 2.0)
            (x_bar,) = area_vjp_pullback(1.0, area_pullback)
            return x_bar
    """
    same(after, lifted(tree_of(before)))


def test_a_slice_statement_becomes_a_loop() -> None:
    before = """
        def f(u, v):
            u[1:] += 2 * v[:-1]
    """
    after = """
        def f(u, v):
            whole = np.empty((max(v.shape[0] - 1, 0),))
            for i in range(max(v.shape[0] - 1, 0)):
                whole[i] = 2 * v[i]
            if max(u.shape[0] - 1, 0) != max(v.shape[0] - 1, 0):
                raise Unfit
            for i2 in range(max(u.shape[0] - 1, 0)):
                u[1 + i2] += whole[i2]
    """
    same(after, looped(before, VECTOR, VECTOR))  # the arguments may be one array


def test_arrays_that_are_apart_need_nothing_between() -> None:
    before = """
        def f(v):
            u = np.zeros(v.shape)
            u[1:] += 2 * v[:-1]
            return u
    """
    after = """
        def f(v):
            u = np.zeros(v.shape)
            for i in range(max(v.shape[0] - 1, 0)):
                u[1 + i] += 2 * v[i]
            return u
    """
    same(after, looped(before, VECTOR))


def test_neighbours_are_fused_and_what_is_between_them_is_a_number() -> None:
    before = """
        def f(e):
            u = np.zeros(e.shape)
            v = np.zeros(e.shape)
            s = 0.1 * e[1:-1]
            u[2:] += s
            v[:-2] -= s
            return u, v
    """
    after = """
        def f(e):
            u = np.zeros(e.shape)
            v = np.zeros(e.shape)
            for i in range(max(e.shape[0] - 2, 0)):
                s_at = 0.1 * e[1 + i]
                u[2 + i] += s_at
                v[i] -= s_at
            return (u, v)
    """
    same(after, looped(before, VECTOR))


def test_sums_from_several_sides_stay_apart() -> None:
    tree = looped("def f(s):\n    u = np.zeros(len(s))\n    u[2:] += s[2:]\n    u[:-2] += s[2:]\n    return u", VECTOR)
    assert len([n for n in ast.walk(tree) if isinstance(n, ast.For)]) == 2


def test_a_place_written_before_another_trip_reads_it_is_not_fused() -> None:
    before = """
        def f(u):
            u = u * 1.0
            v = u[1:] * 2.0
            u[:-1] = v
            return u
    """
    tree = looped(before, VECTOR)
    loops = [n for n in ast.walk(tree) if isinstance(n, ast.For)]
    assert len(loops) == 3


def test_an_overlap_goes_through_a_fresh_array() -> None:
    before = """
        def f(u):
            u = np.copy(u)
            u[1:] = u[:-1]
            return u
    """
    assert "whole" in ast.unparse(looped(before, VECTOR))
    in_step = "def f(u):\n    u = np.copy(u)\n    u[1:] = 2.0 * u[1:]\n    return u"
    assert "whole" not in ast.unparse(looped(in_step, VECTOR))


def test_a_number_is_read_before_the_array_is_written() -> None:
    text = ast.unparse(looped("def f(a, i, k):\n    a[i, k:] -= a[i, k] * a[k, k:]", MATRIX, INT, INT))
    assert text.index("t = a[i, k]") < text.index("for ")


def test_a_dot_becomes_a_sum() -> None:
    before = """
        def f(x, y):
            s = x @ y
            return s
    """
    after = """
        def f(x, y):
            if x.shape[0] != y.shape[0]:
                raise Unfit
            total = 0.0
            for i in range(x.shape[0]):
                total = plus(total, x[i] * y[i])
            s = total
            return s
    """
    same(after, looped(before, VECTOR, VECTOR))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("np.array(x)", "x.copy()"),
        ("np.where(s > 0, s, 0.0)", "s if s > 0 else 0.0"),
        ("s if np.ndim(x) == 0 else 2 * s", "2 * s"),
        ("x[x > 0.0]", "taken(x, x > 0.0)"),
        ("s / s", "quotient(s, s)"),
        ("s / 2.0", "s / 2.0"),
        ("x[0] / s", "x[0] / s"),
    ],
)
def test_what_kinds_decide(before: str, after: str) -> None:
    tree = tree_of(f"def f(x, s):\n    return {before}")
    module = Module(tree, "f", (VECTOR, FLOAT))
    settle(tree, module)
    divided(tree, module)
    same(f"def f(x, s):\n    return {after}", tree)


def test_kinds_of_names() -> None:
    text = """
        def f(x, n):
            a = x[0]
            b = 0.0
            for i in range(n):
                b = b + 1.0
            c = x[1:] * b
            return a, b, c, i
    """
    tree = tree_of(text)
    kinds = Module(tree, "f", (VECTOR, INT)).kinds("f")
    assert kinds is not None
    assert [kinds.names[n] for n in "abci"] == [SCALAR, FLOAT, VECTOR, INT]


def test_a_text_is_kept_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path))
    first = stored("f", "x = 1\n", ("1.0",))
    assert first == stored("f", "x = 1\n", ("1.0",))
    assert first != stored("f", "x = 1\n", ("1.1",))
    assert first is not None
    assert len(list(tmp_path.iterdir())) == 2
    with open(first, "w") as file:
        file.write("damaged")
    assert stored("f", "x = 1\n", ("1.0",)) == first
    with open(first) as file:
        assert file.read() == "x = 1\n"


def test_no_directory_is_no_file(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert stored("f", "x = 1\n", ()) is None
