"""What the README shows is what happens."""

import linecache
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def as_file(source, name):
    """Run source as if it stood in a file of that name."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"__name__": Path(name).stem}
    exec(compile(source, name, "exec"), namespace)
    return namespace


def test_the_example_prints_what_is_shown(capsys):
    function, call, output = blocks("python")
    exec(call, as_file(function, "roots.py"))
    assert output == capsys.readouterr().out


def test_the_tests_are_run_as_the_readme_says():
    command = blocks("sh")[1].strip().split(" && ")[-1].removeprefix(".venv/bin/")
    assert f" {command} " in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_file_and_transform_that_is_named_exists():
    import srcgrad

    for path in re.findall(r"\]\(([\w./]+)\)|(examples/\w+\.py)", README):
        assert (ROOT / "".join(path)).exists(), path
    table = README.split("## What there is")[1].split("They compose")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    names = re.findall(r"`(\w+)", " ".join(rows))
    assert "hvp" in names
    assert [] == [name for name in names if not hasattr(srcgrad, name)]
