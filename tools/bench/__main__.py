"""Print how fast srcgrad is: import, generation, small calls, growth, and gradients of kernels beside others'.

`python -m tools.bench` prints all; name sections or kernels to print only those. What is compared is timed
in interleaved rounds in one process, after its results have been checked against one another. A dash stands
where a program is not installed or does not take a kernel; why is said below.
"""

import argparse
import json
import os
import sys

import numpy as np

from tools.bench.growth import bench_growth
from tools.bench.kernels import KERNELS
from tools.bench.plot import plot
from tools.bench.small import bench_calls
from tools.bench.startup import bench_generation, bench_import
from tools.bench.table import bench_kernels

SECTIONS = {"import": bench_import, "generation": bench_generation, "calls": bench_calls, "growth": bench_growth}


def main():
    names = {kernel.name for kernel in KERNELS}
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"{', '.join(SECTIONS)}, kernels, or a kernel's name")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--alone", action="store_true", help="NumPy only: leave out the other programs and numba")
    parser.add_argument("--no-numba", action="store_true", help='leave out the column of backend="numba"')
    parser.add_argument("--json", metavar="FILE", help="write the numbers too")
    parser.add_argument("--plot", metavar="FILE", help="draw the kernels' table too; needs matplotlib")
    options = parser.parse_args()
    only = set(options.only)
    if unknown := only - names - {*SECTIONS, "kernels"}:
        parser.error(f"no such section or kernel: {', '.join(sorted(unknown))}")

    machine = {"python": sys.version.split()[0], "numpy": np.__version__, "cores": os.cpu_count()}
    print(f"Python {machine['python']}, NumPy {machine['numpy']}, {machine['cores']} cores, {options.rounds} rounds")
    found = {"machine": machine}
    for name, section in SECTIONS.items():
        if not only or name in only:
            found[name] = section(options.rounds)
    if not only or only & {"kernels", *names}:
        found["kernels"] = bench_kernels(options.rounds, only & names, alone=options.alone, numba=not options.no_numba)
    if options.plot and "kernels" in found:
        plot(found["kernels"], options.plot)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
