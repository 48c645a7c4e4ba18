"""Products, sums and quotients of expressions, written as one would by hand.

mul(1.0, x) -> x        mul(-a, b) -> -(a * b)        add(a, -b) -> a - b
mul(2 * x, 3) -> 6 * x  total([x, x]) -> 2 * x        div(1, x) -> 1 / x
"""

from __future__ import annotations

from collections.abc import Iterable

from srcgrad.syntax import ir
from srcgrad.syntax.ir import Binary, Call, Const, Expr, Unary

ZERO = Const(0.0, "0.0")
ONE = Const(1.0, "1.0")


def number(value: float) -> Const:
    return Const(value, repr(value))


def is_number(e: Expr, value: float | None = None) -> bool:
    if not (isinstance(e, Const) and type(e.value) in (int, float)):
        return False
    return value is None or e.value == value


def neg(e: Expr) -> Expr:
    if isinstance(e, Unary) and e.op == "-":
        return e.operand
    if isinstance(e, Const) and type(e.value) in (int, float) and e.value != 0:
        text = e.text[1:] if e.text.startswith("-") else f"-{e.text}"
        return Const(-e.value, text)
    return Unary("-", e)


def _signed(e: Expr) -> tuple[int, Expr]:
    """The sign in front of a term, and the term without it."""
    if isinstance(e, Unary) and e.op == "-":
        return -1, e.operand
    if isinstance(e, Const) and is_number(e) and e.text.startswith("-"):
        return -1, neg(e)
    return 1, e


def signed(e: Expr) -> tuple[str, Expr]:
    """`-` or `+`, and the term without its sign: how it is added to a sum."""
    sign, core = _signed(e)
    return "-" if sign < 0 else "+", core


def with_sign(sign: str, e: Expr) -> Expr:
    """The opposite of `signed`."""
    return neg(e) if sign == "-" else e


def _sign(sign: int, e: Expr) -> Expr:
    return neg(e) if sign < 0 else e


def mul(a: Expr, b: Expr) -> Expr:
    """The product; numbers come first and fold when both are whole."""
    sign_a, a = _signed(a)
    sign_b, b = _signed(b)
    return _sign(sign_a * sign_b, _product(a, b))


def _product(a: Expr, b: Expr) -> Expr:
    if isinstance(a, Const) and isinstance(b, Const) and is_number(a) and is_number(b):
        return number(a.value * b.value)
    if is_number(a, 1):
        return b
    if is_number(b, 1):
        return a
    if is_number(b) and not is_number(a):
        a, b = b, a
    for one, other in ((a, b), (b, a)):
        # (2 * x) * (1 / n) is 2 / n * x
        if isinstance(one, Binary) and one.op == "/" and is_number(one.left):
            number_, left = leading_number(other)
            if number_ is not None:
                quotient = Binary("/", _product(number_, one.left), one.right)
                return quotient if left is None else _product(quotient, left)
    head, rest = leading_number(a)
    head2, rest2 = leading_number(b)
    if head is not None and head2 is not None:
        folded = head.value * head2.value
        parts = [p for p in (rest, rest2) if p is not None]
        if not parts:
            return number(folded)
        return _product(number(folded), _chain(parts))
    if head2 is not None and rest2 is not None:
        return _product(_chain([head2, a]), rest2)
    if isinstance(b, Binary) and b.op in ("*", "/"):
        # a * (b * c) reads better from left to right.
        return Binary(b.op, _product(a, b.left), b.right)
    return Binary("*", a, b)


def _chain(parts: list[Expr]) -> Expr:
    out = parts[0]
    for p in parts[1:]:
        out = Binary("*", out, p)
    return out


def leading_number(e: Expr) -> tuple[Const | None, Expr | None]:
    """`2 * x` as (2, x), `3` as (3, None), anything else as (None, e)."""
    if isinstance(e, Const) and is_number(e):
        return e, None
    if isinstance(e, Binary) and e.op == "*":
        if isinstance(e.left, Const) and is_number(e.left):
            return e.left, e.right
        if isinstance(e.right, Const) and is_number(e.right):
            return e.right, e.left
        head, rest = leading_number(e.left)
        if head is not None and rest is not None:
            return head, Binary("*", rest, e.right)
    if isinstance(e, Binary) and e.op == "/":
        head, rest = leading_number(e.left)
        if head is not None and rest is not None:
            return head, Binary("/", rest, e.right)
    return None, e


def matmul(a: Expr, b: Expr) -> Expr:
    """The matrix product; signs come first."""
    sign_a, a = _signed(a)
    sign_b, b = _signed(b)
    return _sign(sign_a * sign_b, Binary("@", a, b))


def transposed(a: Expr) -> Expr:
    """The transpose of a matrix: `a` for `a.T`."""
    return a.value if isinstance(a, ir.Attribute) and a.name == "T" else ir.Attribute(a, "T")


def div(a: Expr, b: Expr) -> Expr:
    if is_number(b, 1):
        return a
    sign_a, a = _signed(a)
    sign_b, b = _signed(b)
    return _sign(sign_a * sign_b, Binary("/", a, b))


def add(a: Expr, b: Expr) -> Expr:
    sign, term = _signed(b)
    return Binary("+" if sign > 0 else "-", a, term)


def total(terms: Iterable[Expr]) -> Expr:
    """The sum of some terms; equal ones are gathered."""
    gathered: list[tuple[Expr, int]] = []
    for term in terms:
        sign, core = _signed(term)
        for k, (other, count) in enumerate(gathered):
            if other == core:
                gathered[k] = (other, count + sign)
                break
        else:
            gathered.append((core, sign))
    gathered = [g for g in gathered if g[1] != 0] or [(ZERO, 1)]
    gathered.sort(key=lambda g: g[1] < 0)
    scaled = [mul(number(count), core) for core, count in gathered]
    out = scaled[0]
    for term in scaled[1:]:
        out = add(out, term)
    return out


def call(function: Expr, *args: Expr, **named: Expr) -> Call:
    positional = tuple(ir.Argument(a) for a in args)
    return Call(function, positional + tuple(ir.Argument(v, k) for k, v in named.items()))
