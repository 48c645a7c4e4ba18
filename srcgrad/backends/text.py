"""The text for numba as the cache directory keeps it: what it was made of names the file, so nothing is made twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass

from srcgrad.backends.cache import directory, files_of, written
from srcgrad.backends.steps import steps


@dataclass(frozen=True)
class Form:
    """The text for numba, and its entry."""

    text: str
    entry: str
    numpys: bool  # whether a value comes along that is NumPy's number and not Python's
    lines: dict[int, int]  # the line of the generated module for lines of the text
    value: str = ""  # of a vjp, the function of the value alone; the entry takes a cotangent too
    over_arrays: bool = False  # whether its loops work out whole arrays


def form_of(
    source: str,
    entry: str,
    mode: str,
    given: Sequence[Hashable],
    arrays: Mapping[str, Hashable],
    moving: Sequence[int],
    parallel: bool,
) -> Form:
    """What `form.numba_form` makes of a module, from a file where one has been made before. Raises Untranslatable."""
    own = files_of(("backends", "rules")), asdict(steps)
    made_of = (source, entry, mode, given, sorted(arrays.items()), moving, parallel, own)
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]
    path = os.path.join(directory(), "forms", f"{key}.json")
    keeping = os.environ.get("SRCGRAD_CACHE") != "0" and not os.environ.get("SRCGRAD_DUMP")
    try:
        with open(path if keeping else os.devnull, "rb") as file:
            digest, _, data = file.read().partition(b"\n")
        if hashlib.sha256(data).hexdigest().encode() == digest:
            held = json.loads(data)
            return Form(**{**held, "lines": {int(k): v for k, v in held["lines"].items()}})
    except OSError:
        pass  # none has been made, or none can be read
    from srcgrad.backends.form import numba_form

    form = numba_form(source, entry, mode, given, arrays, moving=moving, parallel=parallel)
    if keeping:
        data = json.dumps(asdict(form)).encode()
        written(path, hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    return form
