"""Every line of srcgrad/rules/CONVENTIONS.md holds, in both modes and however the derivative is computed."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.build.compiled import switch

PAGE = Path(sg.__file__).parent / "rules" / "CONVENTIONS.md"
ROWS = re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \| .*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """A function for each expression, in a file as a user's would be."""
    path = tmp_path_factory.mktemp("conventions") / "conventions.py"
    body = "".join(f"def f{k}(x):\n    return {expression}\n\n\n" for k, (expression, _, _) in enumerate(ROWS))
    path.write_text(f"import numpy as np\n\n\n{body}")
    spec = importlib.util.spec_from_file_location("conventions", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def number(text):
    value = eval(text, {"np": np})
    return np.array(value) if isinstance(value, list) else value


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("static", [True, False], ids=["static", "recorded"])
@pytest.mark.parametrize("k", range(len(ROWS)), ids=[f"{expression} at {x}" for expression, x, _ in ROWS])
def test_convention(k, static, functions, monkeypatch):
    monkeypatch.setattr(switch, "on", static)
    f = getattr(functions, f"f{k}")
    x, expected = number(ROWS[k][1]), number(ROWS[k][2])
    for _ in range(2):
        np.testing.assert_allclose(sg.grad(f)(x), expected, rtol=1e-12)
    if not np.iscomplexobj(x):
        np.testing.assert_allclose(sg.jacfwd(f)(x), expected, rtol=1e-12)
        return
    # The tangent along the real axis is ∂f/∂a, along the imaginary one ∂f/∂b.
    along = [sg.jvp(f, (x,), (step,))[1] for step in (1.0 + 0j, 1j)]
    np.testing.assert_allclose(along[0] - 1j * along[1], expected, rtol=1e-12)


def test_all_lines_of_the_tables_are_read():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(lines) == len(ROWS) > 50


def masked_root(x):
    return np.sqrt(x) * (x > 0.5)


def weighted_roots(x):
    return np.dot(np.array([0.0, 1.0]), np.sqrt(x))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("static", [True, False], ids=["static", "recorded"])
def test_forward_and_reverse_at_a_product_with_zero(static, monkeypatch):
    monkeypatch.setattr(switch, "on", static)
    assert 0.0 == sg.grad(masked_root)(0.0)
    assert np.isnan(sg.jvp(masked_root, (0.0,), (1.0,))[1])
    x = np.array([0.0, 1.0])
    np.testing.assert_array_equal(sg.grad(weighted_roots)(x), [0.0, 0.5])
    np.testing.assert_array_equal(sg.vjp(weighted_roots, x)[1](1.0)[0], [0.0, 0.5])
    np.testing.assert_array_equal(sg.hessian(weighted_roots)(x), [[0.0, 0.0], [0.0, -0.25]])
    assert np.isnan(sg.jvp(weighted_roots, (x,), (x + 1.0,))[1])


def completed(x):
    return np.sum(np.linalg.svd(x)[0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_completions_have_no_tangent():
    x = np.array([[1.0], [2.0], [3.0]])
    assert np.isnan(sg.jvp(completed, (x,), (np.ones((3, 1)),))[1])
