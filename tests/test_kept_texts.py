"""Generated texts in the cache directory: used where everything that they rest on is the same, and only there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import srcgrad as sg
from srcgrad import passes
from srcgrad.build import compiled, kept

TEXT = """
import numpy as np
RATE, OTHER = 2.0, 2.0
WEIGHTS = np.array([1.0, 2.0])

def helper(x):
    return RATE * x * x

def loss(x):
    return helper(x) + OTHER * x + np.sum(WEIGHTS)
"""


@pytest.fixture(autouse=True)
def _directory(tmp_path, monkeypatch):
    monkeypatch.setenv("SRCGRAD_CACHE", "1")
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "cache"))
    # Nothing is kept in a process that has rules of its own, which another test may have given it.
    monkeypatch.setitem(compiled._rules, "own", 0)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Import a text as a new process would; the functions that are generated from now on are counted."""
    generated = []
    generate = passes.generate

    def counted(function, *args, **named):
        generated.append(function.__name__)
        return generate(function, *args, **named)

    monkeypatch.setattr(passes, "generate", counted)

    def load(text=TEXT):
        path = tmp_path / "program.py"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        compiled._answers.clear()
        kept._files.clear()
        generated.clear()
        spec = importlib.util.spec_from_file_location("program", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "program", module)
        spec.loader.exec_module(module)
        return module, generated

    return load


def test_the_next_process_generates_nothing(load):
    first, generated = load()
    expected = sg.grad(first.loss)(3.0)
    assert generated == ["loss"]
    source = sg.grad(first.loss).source
    second, generated = load()
    g = sg.grad(second.loss)
    assert g(3.0) == expected == 14.0
    assert generated == []
    assert g.source == source


def test_what_is_kept_holds_no_values(load):
    module, _ = load()
    assert sg.grad(module.loss)(3.0) == 14.0
    again, generated = load(TEXT)
    again.RATE = 5.0  # and no longer what OTHER is
    assert sg.grad(again.loss)(3.0) == 32.0
    assert generated == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("RATE * x * x", "RATE * x * x * x", 56.0),
        ("RATE, OTHER = 2.0, 2.0", "RATE, OTHER = 2, 2.0", 14.0),
        ("np.sum(WEIGHTS)", "np.sum(WEIGHTS)  # a comment", 14.0),
    ],
)
def test_another_text_is_generated_anew(load, old, new, expected):
    module, _ = load()
    sg.grad(module.loss)(3.0)
    again, generated = load(TEXT.replace(old, new))
    assert sg.grad(again.loss)(3.0) == expected
    assert generated == ["loss"]


def test_other_kinds_are_generated_anew(load):
    module, generated = load()
    sg.grad(module.loss)(3.0)
    sg.grad(module.loss)(np.float64(3.0))
    assert generated == ["loss", "loss"]


def test_a_rebound_helper_is_another_function(load):
    module, _ = load()
    sg.grad(module.loss)(3.0)
    again, generated = load()
    again.helper = lambda x: x
    assert sg.grad(again.loss)(3.0) == 3.0
    assert generated != []


def test_what_cannot_be_named_is_not_kept(load, tmp_path):
    text = "class Thing: pass\nTHING = Thing()\n\ndef loss(x):\n    return x * x if THING is not None else x\n"
    for _ in range(2):
        module, _ = load(text)
        assert sg.grad(module.loss)(3.0) == 6.0
    assert not (tmp_path / "cache").exists()


def test_a_rule_of_the_programs_own_leaves_the_files_alone(load, monkeypatch):
    module, _ = load()
    sg.grad(module.loss)(3.0)
    again, generated = load()
    monkeypatch.setitem(compiled._rules, "own", 1)
    assert sg.grad(again.loss)(3.0) == 14.0
    assert generated == ["loss"]


def test_a_damaged_file_is_only_slower(load, tmp_path):
    module, _ = load()
    sg.grad(module.loss)(3.0)
    for path in (tmp_path / "cache" / "texts").iterdir():
        path.write_bytes(path.read_bytes().replace(b"2 *", b"3 *", 1)[:-3])
    again, generated = load()
    assert sg.grad(again.loss)(3.0) == 14.0
    assert generated == ["loss"]


def test_no_directory_is_only_slower(load, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "file" / "below"))
    module, _ = load()
    assert sg.grad(module.loss)(3.0) == 14.0


def test_old_files_are_removed(load, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 3)
    where = tmp_path / "cache" / "texts"
    where.mkdir(parents=True)
    for k in range(6):
        (where / f"{k}.json").write_text("")
        os.utime(where / f"{k}.json", (k, k))
    kept._counted.clear()
    module, _ = load()
    sg.grad(module.loss)(3.0)
    left = {path.name for path in where.iterdir()}
    assert "5.json" in left
    assert "0.json" not in left


PROGRAM = textwrap.dedent("""
    import sys
    sys.path.insert(0, sys.argv[1])
    import program, srcgrad as sg
    print(sg.grad(program.loss)(3.0), "srcgrad.passes.pipeline" in sys.modules, "libcst" in sys.modules)
""")


def test_processes_at_the_same_time(tmp_path):
    (tmp_path / "program.py").write_text(TEXT)
    environment = {**os.environ, "SRCGRAD_CACHE": "1", "SRCGRAD_CACHE_DIR": str(tmp_path / "cache")}

    def started():
        command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
        return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    for process in [started() for _ in range(4)]:
        out, err = process.communicate(timeout=100)
        assert out.startswith("14.0"), err
    out, err = started().communicate(timeout=100)
    assert out.split() == ["14.0", "False", "False"], err
