"""The page of functions with a derivative is up to date."""

import subprocess
import sys
from pathlib import Path

from tools import coverage_table


def test_the_page_is_up_to_date():
    # In a process of its own: other tests enter rules of theirs into the table.
    program = "from tools import coverage_table; print(coverage_table.text(), end='')"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    written = coverage_table.PATH.read_text(encoding="utf-8")
    hint = "run python -m tools.coverage_table"
    if done.stdout.splitlines()[2] == written.splitlines()[2]:
        assert done.stdout == written, hint
        return
    # Other versions of NumPy and SciPy know other functions, and some by other names.
    expected, actual = coverage_table.rows(written), coverage_table.rows(done.stdout)
    shared = [key for key in expected if key in actual]
    assert len(shared) > 0.9 * len(expected)
    assert [expected[key].split(" | ")[1:] for key in shared] == [actual[key].split(" | ")[1:] for key in shared], hint
