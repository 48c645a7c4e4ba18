"""Small programs, and what they print at a prompt: texts of objects, common mistakes, dtypes, memory, modules.

A program is a paragraph of `programs.txt`. Each of its statements is run; an expression's value is printed as
Python's prompt prints it, and an error as its type and text.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

PROGRAMS = Path(__file__).with_name("programs.txt")


def programs() -> list[str]:
    """The paragraphs of the file, without those that are comments."""
    paragraphs = PROGRAMS.read_text().split("\n\n")
    return [p.strip("\n") for p in paragraphs if p.strip() and not p.lstrip().startswith("# ")]


def transcript(program: str, torch: Any) -> str:
    """What a program prints."""
    name = torch.__name__
    nn = importlib.import_module(f"{name}.nn")
    functional = importlib.import_module(f"{name}.nn.functional")
    scope: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional, "np": np, "__name__": "__main__"}
    out = io.StringIO()
    torch.manual_seed(0)
    with contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", RuntimeWarning)
        for unmeant in ("__array", "`torch.jit", "TypedStorage"):  # about PyTorch's own insides
            warnings.filterwarnings("ignore", message=unmeant)
        for statement in ast.parse(program).body:
            print(">>>", ast.unparse(statement).partition("\n")[0])
            try:
                if isinstance(statement, ast.Expr):
                    value = eval(compile(ast.Expression(statement.value), "<program>", "eval"), scope)
                    if value is not None:
                        print(repr(value))
                else:
                    exec(compile(ast.Module([statement], []), "<program>", "exec"), scope)
            except Exception as e:
                print(f"{type(e).__name__}: {e}")
            for warning in caught:
                print(f"{warning.category.__name__}: {warning.message}")
            caught.clear()
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")
    return _plain(out.getvalue(), name)


def _plain(text: str, name: str) -> str:
    """A transcript without what differs from one run to the next: addresses, places in PyTorch's own source."""
    text = text.replace(name, "torch")
    text = re.sub(r"0x[0-9a-f]+", "0x…", text)
    text = re.sub(r" ?\(Triggered internally at [^)]*\)", "", text)
    return re.sub(r"\nException raised from .*", "", text, flags=re.DOTALL)


def answers(torch: Any) -> dict[str, str]:
    return {program: transcript(program, torch) for program in programs()}
