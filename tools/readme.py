"""Write into the README what its examples print: `python -m tools.readme`."""

import contextlib
import io
import linecache
import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(language, text):
    """The fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def printed(function, call):
    """What the second block prints when the first stands in a file roots.py."""
    linecache.cache["roots.py"] = (len(function), None, function.splitlines(keepends=True), "roots.py")
    namespace = {"__name__": "roots"}
    exec(compile(function, "roots.py", "exec"), namespace)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(call, namespace)
    return out.getvalue().rstrip() + "\n"


def printed_alone(program):
    """What a program that stands for itself prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(program, "program.py", "exec"), {"__name__": "program"})
    return out.getvalue().rstrip() + "\n"


def examples(text):
    """Each example's output as the README shows it, and as it is."""
    function, call, output, program, shown = blocks("python", text)
    return [(output, printed(function, call)), (shown, printed_alone(program))]


def main():
    text = README.read_text(encoding="utf-8")
    for shown, said in examples(text):
        text = text.replace(shown, said)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
