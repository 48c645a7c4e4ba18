"""What generated code calls, in a form that numba takes: the same mathematics for what numba can tell by type.

Each text stands for the function of the same name in `srcgrad.rules`. Lengths that the plain form would look at
are compared here, and NotImplementedError leads back to the plain form. The last ones are called by rewritten
code alone.
"""

from __future__ import annotations

_TEXTS = '''
def over(y_bar, x):
    return y_bar / x

def same_length(n, m):
    if n != m:
        raise NotImplementedError("a length that is broadcast")
    return n

def quotient(a, b):
    if b == 0:
        raise ZeroDivisionError("division by zero")
    return a / b

def is_finite_array(a):
    flat = a.reshape(a.size)
    odd = 0
    for k in range(flat.size):
        v = flat[k]
        odd += v - v != 0.0
    return odd == 0
'''

import ast  # noqa: E402


def _functions() -> dict[str, ast.FunctionDef]:
    return {s.name: s for s in ast.parse(_TEXTS).body if isinstance(s, ast.FunctionDef)}


def names() -> frozenset[str]:
    """The functions that have a form here."""
    return frozenset(_functions())


def used_by(tree: ast.Module) -> list[ast.stmt]:
    return list(_functions().values())
