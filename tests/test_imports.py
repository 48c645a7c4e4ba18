"""What importing srcgrad brings along."""

import os
import subprocess
import sys
from pathlib import Path

import srcgrad

ROOT = Path(srcgrad.__path__[0]).parent

PROGRAM = """
import importlib, pkgutil, sys
import numpy, numpy.fft, numpy.linalg, numpy.polynomial, numpy.random
before = set(sys.modules)
{lines}
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(*sorted(new - set(sys.stdlib_module_names) - {{"srcgrad", "numpy"}}))
"""

EVERY_MODULE = """
for part in ("errors", "runtime", "rules"):
    module = importlib.import_module(f"srcgrad.{part}")
    for entry in pkgutil.iter_modules(getattr(module, "__path__", []), f"srcgrad.{part}."):
        importlib.import_module(entry.name)
"""


def brought_along(lines):
    """The third-party packages other than NumPy that a fresh interpreter loads."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM.format(lines=lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split()


def test_srcgrad_is_imported_without_libcst():
    assert [] == brought_along("import srcgrad")


def test_what_generated_code_may_call_needs_numpy_only():
    assert [] == brought_along(EVERY_MODULE)
