"""Whether the samples of the rules' tests notice a wrong rule.

Every entry's text is changed in small ways: a sign flipped, a factor dropped, operands swapped, a number
or a comparison altered. A changed elementwise partial enters both modes alike, so that only differences
can tell. The check of tests/rules must fail at one of the entry's samples for each; a mutant that
passes is printed, and the exit status is 1 unless it is known to mean the same.

    python tools/mutate_rules.py [NAME …]      only entries whose name contains one of NAME
"""

from __future__ import annotations

import ast
import copy
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "rules")]

from checking import check  # noqa: E402
from test_every_rule import samples  # noqa: E402

from srcgrad.rules import table  # noqa: E402

# Mutants that are the same rule, each with its reason.
ORDER_2 = "differs in the mixed second derivative only, for which test_ufuncs has its own case"
SMALL = "less than differences tell, test_scipy_special has the closed form"
SAME: dict[tuple[str, str], str] = {
    ("scipy.special.radian", "x2: np.pi / 10801"): SMALL,
    ("scipy.special.radian", "x3: np.pi / 648001"): SMALL,
    ("numpy.divmod", "jvp x1: (0.0 * y[0], x1_dot - 0.0 * y[1])"): "the zero only broadcasts",
    ("numpy.divmod", "jvp x1: (0.0 * y[1], x1_dot + 0.0 * y[1])"): "the zero only broadcasts",
    ("numpy.divmod", "jvp x2: (0.0 * y[1], -y[0] * x2_dot)"): "the zero only broadcasts",
    ("numpy.full_like", "vjp a: -(np.zeros(np.shape(a)))"): "minus zero",
    ("numpy.full_like", "jvp a: -(np.zeros(np.shape(y)))"): "minus zero",
    ("numpy.arange", "vjp stop: -(np.zeros(()))"): "minus zero",
    ("numpy.arange", "jvp stop: -(np.zeros(np.shape(y)))"): "minus zero",
    ("numpy.power", "x1: x2 * x1 ** lowered(x2, x2)"): ORDER_2,
    ("math.pow", "x1: x2 * steep(x1, x2 - 1) if x1 == 0 or x2 != 0 else 0.0"): ORDER_2,
    ("math.pow", "x1: x2 * steep(x1, x2 - 1) if x2 != 0 or x2 != 0 else 0.0"): ORDER_2,
}

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
PRODUCTS = (ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv)


def variants(node: ast.AST, names: list[str]) -> Iterator[ast.AST]:
    """What one node can be changed into."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, PRODUCTS):
            yield node.left
            if not isinstance(node.op, (ast.Div, ast.FloorDiv)):
                yield node.right
        elif type(node.op) in SWAPS:
            yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield ast.Compare(node.left, [SWAPS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, complex):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Name) and node.id in names:
        for other in names:
            if other != node.id:
                yield ast.Name(other, ast.Load())


def mutants(text: str, names: list[str]) -> list[str]:
    """The texts that differ from one in one place, and its negation."""
    tree = ast.parse(text, mode="eval")
    changed = [f"-({text})"] if not text.lstrip().startswith(("(", "[")) else []
    for place, node in enumerate(ast.walk(tree)):
        for variant in variants(node, names):
            other = copy.deepcopy(tree)
            target = list(ast.walk(other))[place]
            changed.append(ast.unparse(Exchange(target, variant).visit(other)))
    return [new for new in dict.fromkeys(changed) if new != ast.unparse(tree)]


class Exchange(ast.NodeTransformer):
    """Puts one node in another's place."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def wrong_rules(rule: table.Rule) -> Iterator[tuple[str, table.Rule]]:
    """An entry's mutants, each with a line that names the change."""
    if rule.partials:
        for name, text in rule.partials.items():
            for new in mutants(text, list(rule.signature.parameters)):
                yield (
                    f"{name}: {new}",
                    replace(
                        rule,
                        vjp={**rule.vjp, name: f"y_bar * ({new})"},
                        jvp={**rule.jvp, name: f"{name}_dot * ({new})"},
                    ),
                )
        return
    for mode in ("vjp", "jvp"):
        texts = getattr(rule, mode)
        for name, text in texts.items():
            for new in mutants(text, []):
                yield f"{mode} {name}: {new}", replace(rule, **{mode: {**texts, name: new}})


def survives(mutant: table.Rule, cases: list[tuple[Callable[..., Any], Any, Any]]) -> bool:
    """Whether check accepts the mutant at every sample."""
    try:
        for function, args, kwargs in cases:
            table._rules[function] = mutant
            check(function, *args, **kwargs)
    except Exception:
        return False
    return True


def main(wanted: list[str]) -> int:
    """Print the survivors and the count."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    everything = list(samples().values())
    entries = {id(entry): entry for entry in table.entries()}.values()
    kept = dict(table._rules)
    killed = survivors = excused = 0
    unsampled: list[str] = []
    broken: list[str] = []
    for rule in entries:
        if wanted and not any(part in rule.name for part in wanted):
            continue
        cases = [case for case in everything if kept.get(case[0]) is rule]
        if not cases:
            unsampled.append(rule.name)
            continue
        if not survives(rule, cases):
            broken.append(rule.name)  # a mutant of a rule that fails already tells nothing
            continue
        for change, mutant in wrong_rules(rule):
            if not survives(mutant, cases):
                killed += 1
            elif (rule.name, change) in SAME:
                excused += 1
            else:
                survivors += 1
                print(f"{rule.name:30} {change}", flush=True)
        table._rules.update(kept)
    if unsampled:
        print("no sample:", ", ".join(unsampled))
    if broken:
        print("fails as it is:", ", ".join(broken))
    print(f"{killed} mutants noticed, {survivors} not, {excused} mean the same")
    return 1 if survivors or unsampled or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
