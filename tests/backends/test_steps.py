"""The optimisations of the form for numba, as texts before and after; none of them needs numba."""

from __future__ import annotations

import ast
import textwrap

import pytest

from srcgrad.backends.bounds import checked, summed
from srcgrad.backends.elementwise import in_loops
from srcgrad.backends.kind import INT, Kind, array
from srcgrad.backends.kinds import Module
from srcgrad.backends.memory import Memory
from srcgrad.backends.parameters import apart
from srcgrad.backends.steady import steady
from srcgrad.backends.steps import steps

VECTOR, MATRIX = array(False), array(False, False)


def function_of(text: str) -> tuple[ast.Module, ast.FunctionDef]:
    tree = ast.parse(textwrap.dedent(text))
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    return tree, function


def same(expected: str, tree: ast.AST) -> None:
    assert ast.unparse(ast.parse(textwrap.dedent(expected))) == ast.unparse(tree)


def looped(text: str, *kinds: Kind) -> tuple[ast.Module, Module]:
    tree, function = function_of(text)
    module = Module(tree, function.name, kinds)
    in_loops(tree, module)
    return tree, module


SIDES = """
    def f(s):
        u = np.zeros(s.shape)
        u[:-2] += s[1:-1]
        u[1:-1] -= 2.0 * s[1:-1]
        u[2:] += s[1:-1]
        return u
"""


def test_sums_from_several_sides_are_collected() -> None:
    after = """
        def f(s):
            u = np.zeros(s.shape)
            s_around = np.zeros((max(s.shape[0] - 2, 0) + 4,))
            for i in range(max(s.shape[0] - 2, 0)):
                s_around[2 + i] = s[1 + i]
            hull = max(s.shape[0] - 2, 0) + 2 if max(s.shape[0] - 2, 0) > 0 else 0
            for i in range(hull):
                u[i] = u[i] + s_around[2 + i] - 2.0 * s_around[1 + i] + s_around[i]
            return u
    """
    same(after, looped(SIDES, VECTOR)[0])


def test_what_is_not_zero_around_is_computed_before() -> None:
    text = ast.unparse(looped(SIDES.replace("2.0 * ", "").replace("s[1:-1]", "np.exp(s[1:-1])"), VECTOR)[0])
    assert "s_around[2 + i] = np.exp(s[1 + i])" in text
    assert "u[i] = u[i] + s_around[2 + i] - s_around[1 + i] + s_around[i]" in text


def test_each_side_stays_a_loop_without_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "gather", False)
    tree, _ = looped(SIDES, VECTOR)
    assert len([n for n in ast.walk(tree) if isinstance(n, ast.For)]) == 3


@pytest.mark.parametrize("between", ["s[0] = 3.0", "u[0] = 3.0", "t = u[0]", "g(u)"])
def test_what_stands_between_is_not_passed(between: str) -> None:
    text = f"""
        def f(s):
            u = np.zeros(s.shape)
            s = 2.0 * s
            u[:-2] += s[1:-1]
            u[1:-1] -= s[1:-1]
            {between}
            u[2:] += s[1:-1]
            return u
    """
    assert "around" not in ast.unparse(looped(text, VECTOR)[0])


def test_what_reads_the_array_is_not_collected() -> None:
    text = """
        def f(u):
            u = 2.0 * u
            u[:-2] += u[1:-1]
            u[1:-1] += u[1:-1]
            u[2:] += u[1:-1]
            return u
    """
    assert "around" not in ast.unparse(looped(text, VECTOR)[0])


def test_lengths_and_arrays_for_a_moment_stand_before_the_loop() -> None:
    before = """
        def f(u, sweeps):
            u = u.copy()
            for _ in range(sweeps):
                u[1:-1] = u[:-2] + u[2:]
            return u
    """
    after = """
        def f(u_given, sweeps):
            n = u_given.shape[0]
            m = max(n - 2, 0)
            u = np.empty((n,))
            for i in range(n):
                u[i] = u_given[i]
            whole = np.empty((m,))
            for _ in range(sweeps):
                for i2 in range(m):
                    whole[i2] = u[i2] + u[2 + i2]
                for i3 in range(m):
                    u[1 + i3] = whole[i3]
            return u
    """
    tree, function = function_of(before)
    apart(tree)
    module = Module(tree, "f", (VECTOR, INT))
    made = in_loops(tree, module)
    steady(tree, module, made.bordered)
    same(after, tree)


def test_an_array_that_is_kept_is_made_in_the_loop() -> None:
    before = """
        def f(u, n):
            kept = []
            for _ in range(n):
                v = np.empty((u.shape[0],))
                v[0] = u[0]
                kept.append(v)
            return kept
    """
    tree, function = function_of(before)
    steady(tree, Module(tree, "f", (VECTOR, INT)), ())
    loop = next(s for s in function.body if isinstance(s, ast.For))
    assert "np.empty" in ast.unparse(loop)


COMPARED = [
    (
        "for i in range(n):\n    s += u[i]",
        "if 0 <= n - 1 and n - 1 >= u.shape[0]:\n    raise IndexError\nfor i in range(n):\n    s += u[i]",
    ),
    (
        "for i in range(n - 1, 0, -1):\n    s += u[i - 1] * u[i + 1]",
        (
            "if 1 <= n - 1 and n >= u.shape[0]:\n    raise IndexError\n"
            "for i in range(n - 1, 0, -1):\n    s += u[i - 1] * u[i + 1]"
        ),
    ),
    (
        "s = u[n]",
        "if n < -u.shape[0] or n >= u.shape[0]:\n    raise IndexError\ns = u[n]",
    ),
    (
        "for i in range(n):\n    if s > 0.0:\n        s += u[i + 1]",
        (
            "for i in range(n):\n    if s > 0.0:\n        if i + 1 >= u.shape[0]:\n            raise IndexError\n"
            "        s += u[i + 1]"
        ),
    ),
    (
        "for i in range(n):\n    s += u[k]\n    k = k + 2",
        (
            "for i in range(n):\n    if k < -u.shape[0] or k >= u.shape[0]:\n        raise IndexError\n"
            "    s += u[k]\n    k = k + 2"
        ),
    ),
    (
        "for i in range(0, n, 2):\n    s += u[i + 1]",
        (
            "for i in range(0, n, 2):\n    if i + 1 < -u.shape[0] or i + 1 >= u.shape[0]:\n        raise IndexError\n"
            "    s += u[i + 1]"
        ),
    ),
    (
        "for i in range(n):\n    if s > 9.0:\n        break\n    s += u[i]",
        (
            "for i in range(n):\n    if s > 9.0:\n        break\n    if i >= u.shape[0]:\n        raise IndexError\n"
            "    s += u[i]"
        ),
    ),
    (
        "for i in range(n):\n    s += u[i]\n    u = u[1:]",
        "for i in range(n):\n    if i >= u.shape[0]:\n        raise IndexError\n    s += u[i]\n    u = u[1:]",
    ),
]


@pytest.mark.parametrize(("before", "after"), COMPARED)
def test_indices_are_compared_once(before: str, after: str) -> None:
    def text(body: str) -> str:
        return "def f(u, n, k):\n    s = 0.0\n" + textwrap.indent(body, "    ") + "\n    return s"

    tree, function = function_of(text(before))
    kinds = Module(tree, "f", (VECTOR, INT, INT)).kinds("f")
    assert kinds is not None
    assert checked(function, kinds, {})
    same(text(after), tree)


@pytest.mark.parametrize(
    "line",
    [
        "s = u[n] if n > 0 else 0.0",
        "s = n > 0 and u[n] > 0.0",
        "s = [u[k] for k in range(n)]",
        "n, u[n] = 1, 2.0",
        "s = u[w][n]",
    ],
)
def test_what_is_not_understood_keeps_its_comparisons(line: str) -> None:
    tree, function = function_of(f"def f(u, n, w):\n    {line}\n    return s")
    kinds = Module(tree, "f", (VECTOR, INT, array(False, dtype="i"))).kinds("f")
    assert kinds is not None
    assert not checked(function, kinds, {})
    assert "IndexError" not in ast.unparse(tree)


def test_sums_of_terms() -> None:
    tree = ast.parse("n - (2 * i - 1) + a // 2 - n", mode="eval").body
    assert summed(tree) == {"i": -2, "": 1, "(a // 2)": 1}


def test_a_matrix_times_a_vector_is_added_up_in_a_number() -> None:
    after = """
        def f(a, x):
            if a.shape[1] != x.shape[0]:
                raise Unfit
            sums = np.zeros((a.shape[0],))
            for i in range(a.shape[0]):
                sums_at = sums[i]
                for j in range(a.shape[1]):
                    sums_at = plus(sums_at, a[i, j] * x[j])
                sums[i] = sums_at
            y = sums
            return y
    """
    same(after, looped("def f(a, x):\n    y = a @ x\n    return y", MATRIX, VECTOR)[0])


def test_a_transposed_matrix_is_read_along_its_rows() -> None:
    text = ast.unparse(looped("def f(a, x):\n    y = a.T @ x\n    return y", MATRIX, VECTOR)[0])
    assert "sums[j] = plus(sums[j], x[i] * a[i, j])" in text


MEMORY = """
    def f(x, n):
        saved = []
        for k in range(n):
            u = 2.0 * x
            v = u[1:]
            w = 3.0 * x
            saved.append((u, w))
        p, q = saved.pop()
        z = x
        return p
"""


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("u", "v", True), ("u", "w", False), ("p", "u", True), ("p", "w", False), ("q", "w", True), ("p", "q", False),
        ("x", "z", True), ("x", "u", False),
    ],
)  # fmt: skip
def test_names_that_may_share_memory(a: str, b: str, expected: bool) -> None:
    tree, function = function_of(MEMORY)
    kinds = Module(tree, "f", (VECTOR, INT)).kinds("f")
    assert kinds is not None
    assert Memory(function, kinds).shared(a, b) == expected
