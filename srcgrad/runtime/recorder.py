"""What rewritten source calls in place of its own expressions, under one name: `rec.add`, `rec.call` …

Each function computes what the expression would have computed, on the same objects, and notes it in
the traces of the present levels where an operand is active. Data that only moves (through names,
containers, attributes, closures, exceptions, generators) is left to Python: a number is recognised
by its identity wherever it turns up again.
"""

from srcgrad.runtime import library
from srcgrad.runtime.access import attribute, getitem, setattribute, setitem, slice  # noqa: A004
from srcgrad.runtime.arithmetic import (
    add,
    and_,
    augmented,
    augmented_attribute,
    augmented_item,
    contained,
    eq,
    floordiv,
    ge,
    gt,
    invert,
    le,
    lshift,
    lt,
    matmul,
    mod,
    mul,
    ne,
    neg,
    or_,
    pos,
    pow,  # noqa: A004 - named as the operators they stand for
    rshift,
    sub,
    truediv,
    truth,
    xor,
)
from srcgrad.runtime.calls import call
from srcgrad.runtime.iteration import bound, context, delattribute, delitem, iterate, shown, text, unpack
from srcgrad.runtime.native import named_locals

__all__ = [
    "add", "and_", "attribute", "augmented", "augmented_attribute", "augmented_item", "bound", "call", "contained",
    "context", "delattribute", "delitem", "eq", "floordiv", "ge", "getitem", "gt", "invert", "iterate", "le", "library", "lshift", "lt",
    "matmul", "mod", "mul", "named_locals", "ne", "neg", "or_", "pos", "pow", "rshift", "setattribute", "setitem",
    "shown", "slice", "sub", "text", "truediv", "truth", "unpack", "xor",
]  # fmt: skip
