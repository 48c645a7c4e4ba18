"""Generated text put into a file that is the user's, of which no other byte may change."""

import pytest

from srcgrad.syntax.insertion import names_of_blocks, with_block

BLOCK = "import math\n\n\ndef f_grad(x):\n    return math.inf  # steep\n\n\nHELP = (1,)\n"
INSERTED = "\n\n# srcgrad: begin f_grad, generated from f()\n" + BLOCK + "# srcgrad: end f_grad\n"

FILES = {
    "the last thing": ("def f(x):\n    return x\n", ""),
    "something below": ("import a\n\n\ndef f(x):\n    return x\n", "\n\ny = f(1)\n"),
    "comments below": ("def f(x):\n    return x\n    # inside\n", "# outside\n\n\n# far\ndef g(): pass\n"),
    "comments at the end": ("def f(x): return x; y = 1   \n", "\n\n# the end\n# really"),
    "odd spaces": ("def f( x ):\n\treturn ( x )   # é\n", "   \n\t\nif   x : y=1\n"),
    "decorated": ("@deco\n# why\ndef f(x):\n    return x\n", "\nz = 3;\n"),
    "twice": ("def f(x):\n    return 2\n\ndef f(x):\n    return x\n", "\n'text'\n"),
    "a docstring and a form feed": ('"""Doc."""\n\f\nf = lambda x: x\n', "\n\f\n"),
    "no line end": ("def f(x): return x\n", "y = 2"),
}


@pytest.mark.parametrize(("above", "below"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_the_rest_of_the_file_stays(above, below, ends, encoding):
    head = "# coding: latin-1\n" if encoding == "latin-1" else ""

    def file(*parts):
        return "".join(parts).replace("\n", ends).encode(encoding)

    before = file(head, above, below)
    once = with_block(before, "f", "f_grad", BLOCK)
    assert file(head, above, INSERTED, below) == once
    assert once == with_block(once, "f", "f_grad", BLOCK)
    other = with_block(once, "f", "f_grad", "def f_grad(x):\n    return 1.0\n")
    assert once == with_block(other, "f", "f_grad", BLOCK)
    assert {"math", "f_grad", "HELP"} == names_of_blocks(once)
    assert set() == names_of_blocks(before)
    compile(once, "f", "exec")


def test_a_file_that_ends_with_the_function_and_no_line_end():
    once = with_block(b"def f(x): return x", "f", "f_grad", BLOCK)
    assert once.decode().startswith("def f(x): return x\n\n\n# srcgrad: begin f_grad")
    assert once == with_block(once, "f", "f_grad", BLOCK)


def test_blocks_of_several_functions():
    before = b"def f(x):\n    return x\n\n\ndef g(x):\n    return x\n\n\nclass C:\n    def h(x): return x\n"
    made = with_block(before, "f", "f_grad", BLOCK)
    made = with_block(made, "C.h", "h_grad", "def h_grad(x):\n    return 0.0\n")
    made = with_block(made, "g", "g_grad", "def g_grad(x):\n    return 1.0\n")
    assert made == with_block(made, "f", "f_grad", BLOCK)
    assert made == with_block(made, "C.h", "h_grad", "def h_grad(x):\n    return 0.0\n")
    text = made.decode()
    parts = [
        "def f(",
        "begin f_grad",
        "end f_grad",
        "def g(",
        "begin g_grad",
        "end g_grad",
        "class C",
        "begin h_grad, generated from C.h()",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert {"math", "f_grad", "g_grad", "h_grad", "HELP"} == names_of_blocks(made)


def test_a_name_that_the_file_does_not_define():
    with pytest.raises(LookupError):
        with_block(b"from a import f\ng = 1\n", "h", "h_grad", BLOCK)
