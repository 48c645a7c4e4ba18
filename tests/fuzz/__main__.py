"""Many random programs: `python -m tests.fuzz --programs 2000 --seed 0`.

Each failing program is printed whole, shrunk to the fewest choices that still fail.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.check import Unusable, check, check_compiled, check_second_order
from tests.fuzz.kernels import kernels
from tests.fuzz.programs import programs

BATCH = 50


@dataclass
class Tally:
    """How many programs ran, how many had no derivative to compare with, which failed."""

    run: int = 0
    unusable: int = 0
    failures: dict[str, str] = field(default_factory=dict)


def symptom(error: BaseException, source: str) -> str:
    """What tells one defect from another: the program for a wrong number, else the error's text."""
    if isinstance(error, AssertionError):
        return source
    text = (str(error).splitlines() or [""])[0]
    return re.sub(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?", "N", f"{type(error).__name__}: {text}")[:160]


def batch(tally: Tally, number: int, size: int, examine: Callable[[str], None], sources: Any) -> None:
    """One batch: until its size is reached or a program fails in a way not seen before."""
    smallest: list[str] = []

    @seed(number)
    @settings(
        max_examples=size,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(sources)
    def run(source: str) -> None:
        if not smallest:
            tally.run += 1
        try:
            examine(source)
        except Unusable:
            tally.unusable += not smallest
        except Exception as error:
            if symptom(error, source) in tally.failures:
                return
            smallest[:] = [source]
            raise

    try:
        run()
    except Exception as error:
        kept = smallest[0] if smallest else "(no program)\n"
        known = symptom(error, kept) in tally.failures
        tally.failures[symptom(error, kept)] = kept
        if known:
            return
        print("\n# " + f"{type(error).__name__}: {error}".rstrip().replace("\n", "\n# ") + "\n")
        print(kept, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--second", action="store_true", help="check second derivatives instead")
    parser.add_argument("--kernels", action="store_true", help="array code and calls, nearly all of it compiled")
    parser.add_argument("--checkpoints", action="store_true", help="the same with checkpointed loops and functions")
    parser.add_argument("--numba", action="store_true", help="check compiled derivatives instead; seconds each")
    parser.add_argument("--show", action="store_true", help="print programs without checking them")
    options = parser.parse_args()

    warnings.simplefilter("ignore")
    tally = Tally()
    examine = check_second_order if options.second else check_compiled if options.numba else check
    if options.show:
        examine = print
    number = options.seed
    arrays = options.kernels or options.checkpoints
    sources = kernels(checkpoints=options.checkpoints) if arrays else programs()
    while tally.run < options.programs:
        batch(tally, number, min(BATCH, options.programs - tally.run), examine, sources)
        number += 1
        print(f"{tally.run} programs so far", file=sys.stderr)
    compared = tally.run - tally.unusable
    print(f"{tally.run} programs, {compared} compared, {len(tally.failures)} ways to fail")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
