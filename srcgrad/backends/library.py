"""What generated code calls, in a form that numba takes: the same mathematics for what numba can tell by type.

Each text stands for the function of the same name in `srcgrad.rules`; what it does not cover raises
Unfit, which leads back to the plain form, or does not compile. The last ones are called by
rewritten code alone.
"""

from __future__ import annotations

import ast

_TEXTS = """
def over(a, b):
    return a / b

def guarded(y_bar, x_bar):
    return x_bar if y_bar != 0 or math.isfinite(x_bar) else 0.0

def lowered(x1, x2):
    return 1.0 if x1 == 0 and x2 == 0 else x2 - 1.0

def log_nonzero(x):
    return np.log(x) if x != 0 else 0.0

def cast(x_bar, x):
    return x_bar + 0.0

def mT(a):
    return a.T

def unbroadcast(x_bar, x):
    if x_bar.shape != x.shape:
        raise Unfit("a length that is broadcast")
    return x_bar.copy()

def spread(y_bar, a, axis, keepdims):
    if axis is not None:
        raise Unfit("a sum along an axis")
    return np.full(a.shape, y_bar)

def with_axes(y, a, axis, keepdims):
    if axis is not None or keepdims:
        raise Unfit("a reduction along an axis")
    return y

def shares(y, a, axis, keepdims, initial, where):
    if axis is not None or initial is not None or np.isnan(y):
        raise Unfit("an extremum along an axis")
    tied = np.empty(a.shape)
    flat = tied.reshape(a.size)
    number = 0
    k = 0
    for v in a.flat:
        flat[k] = v == y
        number += v == y
        k += 1
    return tied / number

def prod_partial(y, a, axis, keepdims, initial, where):
    if axis is not None or y == 0.0 or initial != 1:
        raise Unfit("a product with a zero")
    return y / a

def norm_slope(x, y, order, axis, keepdims):
    if order is not None or axis is not None or y == 0.0:
        raise Unfit("a norm along an axis")
    return x / y

def diagonal_bar(y_bar, a, offset, axis1, axis2):
    if offset != 0 or axis1 != 0 or axis2 != 1:
        raise Unfit("another diagonal")
    a_bar = np.zeros(a.shape)
    for k in range(len(y_bar)):
        a_bar[k, k] = y_bar[k]
    return a_bar

def taken(a, mask):
    if a.shape != mask.shape:
        raise Unfit("a mask of another shape")
    number = 0
    for m in mask.flat:
        number += m
    found = np.empty(number)
    k = 0
    for v, m in zip(a.flat, mask.flat):
        if m:
            found[k] = v
            k += 1
    return found

def matmul(a, b):
    rows, middle = a.shape
    columns = b.shape[1]
    if rows * middle * columns > 4096:
        return np.dot(a, b)
    if middle != b.shape[0]:
        raise Unfit("matrices that do not match")
    made = np.zeros((rows, columns))
    for i in range(rows):
        for k in range(middle):
            for j in range(columns):
                made[i, j] += a[i, k] * b[k, j]
    return made

def add_at(a, at, values):
    if at.shape != values.shape:
        raise Unfit("values that are broadcast")
    for k in range(at.size):
        a[at[k]] += values[k]

def plus(a, b):
    return a + b

def not_empty(n):
    if n == 0:
        raise Unfit("an extremum of nothing")

def quotient(a, b):
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return a / b

def floored(a, b):
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return a // b

def remainder(a, b):
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return a % b

def defined(a):
    if not math.isfinite(a):
        raise Unfit("outside of a function's domain, or beyond its range")
    return a

def countable(a):
    if not abs(a) < 9e18:
        raise Unfit("no whole number of 64 bits")
    return a

def added(a, b):
    if not abs(1.0 * a + 1.0 * b) < 9e18:
        raise OverflowError("more than 64 bits")
    return a + b

def less(a, b):
    if not abs(1.0 * a - 1.0 * b) < 9e18:
        raise OverflowError("more than 64 bits")
    return a - b

def times(a, b):
    if not abs(1.0 * a * b) < 9e18:
        raise OverflowError("more than 64 bits")
    return a * b

def raised(a, b):
    if b < 0 or not abs(1.0 * a) * 2.0 ** b < 9e18:
        raise OverflowError("more than 64 bits")
    return a << b

def is_finite(a):
    flat = a.reshape(a.size)
    odd = 0
    for k in range(flat.size):
        v = flat[k]
        odd += v - v != 0.0
    return odd == 0
"""

# Those that index nothing, or stay within what they index by construction.
UNINDEXED = (
    "over",
    "guarded",
    "lowered",
    "log_nonzero",
    "cast",
    "spread",
    "with_axes",
    "not_empty",
    "matmul",
    "quotient",
    "floored",
    "remainder",
    "defined",
    "countable",
    "added",
    "less",
    "times",
    "raised",
    "taken",
    "is_finite",
)


def _functions() -> dict[str, ast.FunctionDef]:
    return {s.name: s for s in ast.parse(_TEXTS).body if isinstance(s, ast.FunctionDef)}


def names() -> frozenset[str]:
    """The functions that have a form here."""
    return frozenset(_functions())


def used_by(tree: ast.Module) -> list[ast.stmt]:
    """The forms of what a module calls."""
    called = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return [f for name, f in _functions().items() if name in called]
