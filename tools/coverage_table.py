"""Write which library functions have a derivative: `srcgrad/rules/COVERAGE.md`, from the table of rules.

`python -m tools.coverage_table` writes the file. SciPy must be installed.
"""

import builtins
import cmath
import importlib
import inspect
import math
import operator
from pathlib import Path

import numpy as np
import scipy

from srcgrad.rules import table
from srcgrad.runtime.binding import binding_of
from srcgrad.runtime.undefined import may_refuse

PATH = Path(__file__).parents[1] / "srcgrad" / "rules" / "COVERAGE.md"
HEAD = """\
# Library functions with a derivative

Written by `python -m tools.coverage_table` from the rules of NumPy {numpy} and SciPy {scipy}. Each function is
differentiated in reverse and forward mode and to any order, since a rule is differentiated as any program is.

*elementwise* and *linear* functions have one line of mathematics, other *rules* a cotangent and a tangent for each
parameter that is named; a *composed* function is differentiated as the Python function that stands in its place, by all
that it computes with. A *guarded* product with an infinite derivative is zero where the cotangent is, see
[CONVENTIONS.md](CONVENTIONS.md). What *may refuse* has no derivative for some arguments and says so. Functions that are
written in Python on top of these need no rule, and are not listed.
"""


def homes():
    """The places where users find functions, the usual ones first."""
    public = [np, np.linalg, np.fft, np.lib.stride_tricks, math, cmath, operator, builtins]
    scientific = []
    for name in table.SCIPY:
        try:
            scientific.append(importlib.import_module(f"scipy.{name}"))
        except ImportError:  # a subpackage that this SciPy does not have
            continue
    methods = [np.ndarray, np.ufunc]
    return [(h.__name__, h) for h in (*public, *scientific)] + [(f"numpy.{h.__name__}", h) for h in methods]


def names():
    """The public names of everything, by identity: the home, and all names in it."""
    found = {}
    for home, place in homes():
        for name in sorted(dir(place)):
            value = getattr(place, name, None)
            if name.startswith("_") or not callable(value):
                continue
            known = found.setdefault(id(value), (home, []))
            if known[0] == home:
                known[1].append(name)
    return found


def entry(function):
    """What the table says of a function: how it is differentiated, by which parameters, and what to know."""
    rule = table.lookup(function)
    if rule is None:
        body = table.substitute(function)
        return "composed", "", ["may refuse"] if may_refuse(inspect.unwrap(body)) else []
    notes = ["guarded"] if rule.singular else []
    binding = binding_of(rule)
    if any(binding.may_refuse(k) for k, name in enumerate(binding.names) if rule.vjp.get(name)):
        notes.append("may refuse")
    kind = "rule" if rule.shape == "general" else rule.shape
    parameters = ", ".join(name for name, text in rule.vjp.items() if text)
    only = {True: [], False: ["reverse only"]}[set(rule.vjp) <= set(rule.jvp)]
    return kind, parameters, notes + only


def text():
    """The page."""
    known = names()
    sections = {home: ([], []) for home, _ in homes()}
    functions = [rule.function for rule in table.entries()]
    composed = [function for function in table._composed if table.has_rule(function)]
    functions = [*dict.fromkeys([*table._rules, *functions, *composed]), *table._zero]
    for function in functions:
        if id(function) not in known:
            continue
        home, aliases = known[id(function)]
        own = getattr(function, "__name__", aliases[0])
        name, others = (own, [a for a in aliases if a != own]) if own in aliases else (aliases[0], aliases[1:])
        if table.is_zero(function):
            sections[home][1].append(name)
            continue
        kind, parameters, notes = entry(function)
        shown = f"`{name}`" + "".join(f", `{other}`" for other in others)
        sections[home][0].append((name.lower(), f"| {shown} | {kind} | {parameters} | {', '.join(notes)} |"))
    parts = [HEAD.format(numpy=minor(np), scipy=minor(scipy))]
    for home, (rows, zeros) in sections.items():
        if rows or zeros:
            parts.append(f"## {home}\n")
        if rows:
            head = "| function | kind | by | notes |\n|---|---|---|---|"
            parts.append("\n".join([head, *[line for _, line in sorted(rows)]]) + "\n")
        if zeros:
            listed = ", ".join(f"`{name}`" for name in sorted(set(zeros), key=str.lower))
            parts.append(f"Zero wherever it exists: {listed}.\n")
    return "\n".join(parts)


def minor(package):
    """`2.4` of a package's version."""
    return ".".join(package.__version__.split(".")[:2])


def rows(page):
    """The lines of tables, by section and first name: for pages of other versions of NumPy and SciPy."""
    found, section = {}, ""
    for line in page.splitlines():
        if line.startswith("## "):
            section = line
        elif line.startswith("| `"):
            found[section, line.split("`")[1]] = line
    return found


def main():
    PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
