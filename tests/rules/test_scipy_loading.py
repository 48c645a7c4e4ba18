"""When the rules for SciPy are loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import srcgrad

ROOT = Path(srcgrad.__path__[0]).parent

ONLY_NUMPY = """
import sys
import numpy as np, srcgrad as sg
sg.grad(lambda x: np.sum(np.linalg.inv(x)))(np.eye(2))
assert not sg.has_rule(len.__call__)
assert not any(name.partition(".")[0] == "scipy" for name in sys.modules), "SciPy was imported"
"""
IMPORTED_LATER = """
import numpy as np, srcgrad as sg
sg.grad(lambda x: np.sin(x))(1.0)
from scipy import special
assert sg.has_rule(special.erf)
assert sg.grad(lambda x: special.erf(x))(0.0) == 2 / np.sqrt(np.pi)
from scipy import linalg
assert sg.has_rule(linalg.expm)
"""
A_RULE_OF_THE_USER = """
import numpy as np, srcgrad as sg
from scipy import special
sg.register_rule(special.erf, "7.0")
assert sg.grad(lambda x: special.erf(x))(0.0) == 7.0
assert sg.grad(lambda x: special.erfc(x))(0.0) == -2 / np.sqrt(np.pi)
"""


@pytest.mark.parametrize("program", [ONLY_NUMPY, IMPORTED_LATER, A_RULE_OF_THE_USER])
def test_rules_follow_the_imports_of_the_program(program: str, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
