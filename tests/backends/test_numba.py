"""Derivatives by numba: those of the NumPy form, or an honest refusal."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
import linecache
import os
import pickle
import subprocess
import sys
import textwrap
import warnings

import numba
import numpy as np
import pytest

import srcgrad as sg
from srcgrad.api.arguments import arranged
from srcgrad.backends.steps import steps
from srcgrad.build import derive
from srcgrad.errors import SrcgradError, UnsupportedSyntaxError
from tests import oracles
from tests.backends import programs
from tests.corpus import all_cases

# Programs of which every construct is to be compiled; each takes seconds, so the rest of the corpus is for `--live`.
SUBJECTS = ("arrays_writes", "loops", "control_flow", "simulation_kernels")


def agree(f, args, argnums=0, rtol=1e-12):
    """Check numba's value and gradient against NumPy's, and that the arguments are left alone."""
    expected = sg.value_and_grad(f, argnums)(*copy.deepcopy(args))
    g = sg.value_and_grad(f, argnums, backend="numba")
    given = copy.deepcopy(args)
    for _ in range(3):  # in general, remembered, by the shortcut
        actual = g(*given)
        assert oracles.same_bits(list(args), list(given))
        assert isinstance(actual[0], type(expected[0]))
        pairs = zip(actual[1], expected[1], strict=True) if isinstance(argnums, tuple) else [(actual[1], expected[1])]
        for one, other in pairs:
            assert type(one) is type(other)
            assert np.shape(one) == np.shape(other)
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-13)
        np.testing.assert_allclose(actual[0], expected[0], rtol=rtol, atol=1e-13)


RNG = np.random.default_rng(3)

AGREEING = [
    (programs.root, (7.3,), 0),
    (programs.decay, (0.7, 50), 0),
    (programs.decay, (np.float64(0.7), 50), 0),
    (programs.prefix, (RNG.normal(size=12),), 0),
    (programs.prefix, (RNG.normal(size=24)[::2],), 0),
    (programs.prefix, (np.zeros(0),), 0),
    (programs.diffusion, (RNG.normal(size=(7, 9)), 4), 0),
    (programs.diffusion, (np.asfortranarray(RNG.normal(size=(7, 9))), 4), 0),
    (programs.diffusion, (RNG.normal(size=(2, 2)), 4), 0),
    (programs.overlapping, (RNG.normal(size=8),), 0),
    (programs.network, (RNG.normal(size=(4, 4)), RNG.normal(size=(5, 4))), (0, 1)),
    (programs.softmax_loss, (RNG.normal(size=(3, 5)),), 0),
    (programs.broadcast, (RNG.normal(size=(3, 1)), RNG.normal(size=(1, 4))), (0, 1)),
    (programs.broadcast, (RNG.normal(size=(3, 4)), RNG.normal(size=(4,))), (0, 1)),
    (programs.reciprocal, (0.5, 4), 0),
    (programs.of_a_function, (0.5, 4), 0),
    (programs.limited, (np.array([1.0, 2.0]), 3.0), 0),
    (programs.picked, (RNG.normal(size=4), np.array([0, 2, 2, -1]), 3), 0),
]


@pytest.mark.parametrize(("f", "args", "argnums"), AGREEING, ids=lambda v: getattr(v, "__name__", None))
def test_agrees_with_numpy(f, args, argnums):
    agree(f, args, argnums)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (1, 1), (1, 5), (2, 2), (2, 6), (3, 3), (3, 4), (5, 3)])
def test_grids_of_few_points(shape):
    u = RNG.normal(size=shape)
    np.testing.assert_allclose(
        sg.grad(programs.diffusion, backend="numba")(u, 3), sg.grad(programs.diffusion)(u, 3), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(steps)])
@pytest.mark.parametrize("k", [3, 6, 9, 10], ids=lambda k: AGREEING[k][0].__name__)
def test_without_a_step(name, k, monkeypatch):
    monkeypatch.setattr(steps, name, False)
    f, args, argnums = AGREEING[k]
    agree(written_again(f, f"<{f.__name__} without {name}>"), args, argnums)


def written_again(f, filename):
    """The function from a text of its own: what is derived of it is derived anew."""
    source = textwrap.dedent(inspect.getsource(f))
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    space = {"np": np}
    exec(compile(source, filename, "exec"), space)
    return space[f.__name__]


def pytest_generate_tests(metafunc):
    """Some subjects of the corpus, with `--live` all of it."""
    if "case" in metafunc.fixturenames:
        live = metafunc.config.getoption("--live")
        cases = [c for c in all_cases() if not c.kwargs and not c.aux]
        chosen = [c for c in cases if live or c.name.partition(".")[0] in SUBJECTS]
        metafunc.parametrize("case", chosen, ids=[c.name for c in chosen])


def test_corpus(case):
    args, _ = case.fresh()
    try:
        values, _, places = arranged(case.function, args, {}, case.argnums)
        entry = derive.entry(case.function, values, places, "value_and_grad")
    except SrcgradError:
        return
    if entry is None:
        return
    with contextlib.suppress(UnsupportedSyntaxError):
        agree(case.function, case.args, case.argnums, rtol=1e-11)


def test_an_int_counts_as_a_float():
    assert sg.grad(programs.decay, backend="numba")(1, 5) == pytest.approx(sg.grad(programs.decay)(1.0, 5))


def test_a_function_under_njit():
    fast = numba.njit(programs.root)
    assert sg.grad(fast)(2.0) == sg.grad(programs.root)(2.0)
    assert sg.grad(fast, backend="numba")(2.0) == pytest.approx(sg.grad(programs.root)(2.0))


def test_what_numba_cannot_take_is_refused_at_its_line():
    with pytest.raises(UnsupportedSyntaxError) as caught:
        sg.grad(programs.printing, backend="numba")(1.0, 3)
    assert "print()" in caught.value.what
    assert 'backend="numpy"' in str(caught.value)
    assert caught.value.place.source_line().strip() == "print(k)"


def test_a_recursion_is_refused_and_left_to_numpy():
    with pytest.raises(UnsupportedSyntaxError, match="calls itself"):
        sg.grad(programs.climbed, backend="numba")(0.5, 3)
    g = sg.grad(programs.climbed, backend="auto")
    with pytest.warns(RuntimeWarning, match="calls itself"):
        assert g(0.5, 3) == sg.grad(programs.climbed)(0.5, 3)


def test_auto_falls_back_with_one_warning():
    g = sg.grad(programs.printing, backend="auto")
    with pytest.warns(RuntimeWarning, match="runs as NumPy"):
        assert g(1.0, 3) == 1.5**3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert g(1.0, 3) == 1.5**3
        assert g(1.0, 3) == 1.5**3


def test_auto_leaves_whole_arrays_to_numpy():
    x = RNG.normal(size=5)
    g = sg.grad(programs.whole_arrays, backend="auto")
    np.testing.assert_array_equal(g(x), sg.grad(programs.whole_arrays)(x))
    assert not any(name.startswith("whole_arrays") for name in os.listdir(os.environ["SRCGRAD_CACHE_DIR"]))


def test_exceptions_of_the_program_pass_through():
    with pytest.raises(ValueError, match="4.00 is beyond 3.00"):
        sg.grad(programs.limited, backend="numba")(np.array([1.0, 4.0]), 3.0)
    with pytest.raises(ZeroDivisionError):
        sg.grad(programs.reciprocal, backend="numba")(2.0, 4)


def test_an_index_out_of_bounds_raises():
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        sg.grad(programs.out_of_bounds, backend="numba")(np.ones(3))


def test_pickles():
    g = pickle.loads(pickle.dumps(sg.grad(programs.decay, backend="numba")))
    assert g.backend == "numba"
    assert g(0.7, 5) == pytest.approx(sg.grad(programs.decay)(0.7, 5))


def test_second_order():
    hessian = sg.grad(sg.grad(programs.decay, backend="numba"))
    assert hessian(0.7, 5) == pytest.approx(sg.grad(sg.grad(programs.decay))(0.7, 5))


PROGRAM = textwrap.dedent("""
    import numpy as np
    from numba.core import event
    import srcgrad as sg
    from tests.backends.programs import prefix
    x = np.arange(1.0, 5.0)
    with event.install_recorder("numba:compile") as recorder:
        made = sg.grad(prefix, backend="numba")(x)
    np.testing.assert_allclose(made, sg.grad(prefix)(x), rtol=1e-12)
    print(len(recorder.buffer))
""")


def started(directory):
    environment = {**os.environ, "SRCGRAD_CACHE_DIR": str(directory)}
    return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, text=True, stdout=-1, stderr=-1)


def compilations(process):
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return int(out)


def test_the_next_process_compiles_nothing(tmp_path):
    assert compilations(started(tmp_path)) > 0
    kept = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    assert len(kept) == 3  # the text, numba's index, the machine code
    assert compilations(started(tmp_path)) == 0
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == kept


REWRITING = textwrap.dedent("""
    import sys
    import numpy as np
    import srcgrad as sg
    from tests.backends.programs import prefix
    sg.grad(prefix, backend="numba")(np.arange(1.0, 5.0))
    print("srcgrad.backends.form" in sys.modules, "srcgrad.passes.pipeline" in sys.modules)
""")


def test_the_next_process_rewrites_nothing(tmp_path):
    environment = {**os.environ, "SRCGRAD_CACHE_DIR": str(tmp_path), "SRCGRAD_CACHE": "1"}
    command = [sys.executable, "-c", REWRITING]
    told = []
    for _ in range(2):
        run = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=100, check=False)
        assert run.returncode == 0, run.stderr
        told.append(run.stdout.split())
    assert told == [["True", "True"], ["False", "False"]]


def test_processes_at_the_same_time(tmp_path):
    for process in [started(tmp_path) for _ in range(4)]:
        compilations(process)


def test_a_damaged_cache_is_only_slower(tmp_path):
    compilations(started(tmp_path))
    for path in tmp_path.rglob("*.nb?"):
        path.write_bytes(b"damaged")
    compilations(started(tmp_path))


def test_no_cache_is_only_slower(tmp_path):
    (tmp_path / "file").write_text("")
    compilations(started(tmp_path / "file" / "below"))


def test_a_rebound_constant_is_compiled_anew():
    space = {"np": np}
    source = "RATE = 2.0\ndef f(x):\n    s = 0.0\n    for v in x:\n        s = s + RATE * v\n    return s\n"
    linecache.cache["<rate>"] = (len(source), None, source.splitlines(keepends=True), "<rate>")
    exec(compile(source, "<rate>", "exec"), space)
    g = sg.grad(space["f"], backend="numba")
    np.testing.assert_array_equal(g(np.ones(2)), [2.0, 2.0])
    space["RATE"] = 3.0
    np.testing.assert_array_equal(g(np.ones(2)), [3.0, 3.0])
