"""What the README shows is what happens."""

import re

import srcgrad
from tools.readme import README, blocks, examples

ROOT = README.parent
TEXT = README.read_text(encoding="utf-8")


def test_the_examples_print_what_is_shown():
    for shown, said in examples(TEXT):
        assert shown == said


def test_the_tests_are_run_as_the_readme_says():
    command = blocks("sh", TEXT)[1].strip().split(" && ")[-1].removeprefix(".venv/bin/")
    assert f" {command} " in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_file_that_is_named_exists():
    for path in re.findall(r"\]\(([\w./]+)\)|(examples/\w+\.py)", TEXT):
        assert (ROOT / "".join(path)).exists(), path


def test_every_transform_that_is_named_exists():
    table = TEXT.split("## What there is")[1].split("They compose")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    names = re.findall(r"`(\w+)", " ".join(rows))
    assert "hvp" in names
    assert [] == [name for name in names if not hasattr(srcgrad, name)]
