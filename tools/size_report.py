"""Print the lines of each package: a number that should fall as often as it rises.

`python -m tools.size_report` counts lines of code, without blank lines, comments and docstrings, beside
all lines, and names the longest files.
"""

import ast
import io
import tokenize
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONG = 450


def code_lines(source):
    """How many lines hold code."""
    prose = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose.update(range(node.lineno, node.end_lineno + 1))
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    code = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in blank:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - prose)


def package(path):
    """`srcgrad/rules` for a file below it, `srcgrad` for a file in it, `tests` for any test."""
    parts = path.relative_to(ROOT).parts
    return "/".join(parts[: 2 if parts[0] == "srcgrad" and len(parts) > 2 else 1])


def main():
    totals = defaultdict(lambda: [0, 0, 0])
    sizes = []
    for top in ("srcgrad", "tests", "tools", "examples"):
        for path in sorted((ROOT / top).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            lines = source.count("\n")
            sizes.append((lines, path.relative_to(ROOT)))
            for row in (totals[package(path)], totals["all"]):
                row[0] += 1
                row[1] += code_lines(source)
                row[2] += lines
    print(f"{'package':20} {'files':>6} {'code':>7} {'lines':>7}")
    everything = totals.pop("all")
    for name, row in [*sorted(totals.items()), ("all", everything)]:
        print(f"{name:20} {row[0]:6d} {row[1]:7d} {row[2]:7d}")
    for lines, path in sorted(sizes, reverse=True):
        if lines > LONG:
            print(f"longer than {LONG} lines: {path} ({lines})")


if __name__ == "__main__":
    main()
