"""What needs numba is collected where numba is installed: the extra is no part of the test command."""

from __future__ import annotations

import importlib.util

collect_ignore = [] if importlib.util.find_spec("numba") else ["test_numba.py"]
