"""Expressions to text: as few parentheses as the meaning needs, spaces as a formatter would set them."""

from __future__ import annotations

from srcgrad.syntax import ir

_BINARY = {
    "|": 5,
    "^": 6,
    "&": 7,
    "<<": 8,
    ">>": 8,
    "+": 9,
    "-": 9,
    "*": 10,
    "/": 10,
    "//": 10,
    "%": 10,
    "@": 10,
}
_UNARY, _POWER, _ATOM = 11, 12, 14


def text_of(e: ir.Expr, outer: int = 0) -> str:
    """The expression's text, in parentheses where an operator of precedence `outer` needs them.

    >>> x, y = ir.Name("x"), ir.Name("y")
    >>> text_of(ir.Binary("*", x, ir.Binary("+", x, y)))
    'x * (x + y)'
    """
    text, precedence = _text(e)
    return f"({text})" if precedence < outer else text


def _text(e: ir.Expr) -> tuple[str, int]:
    match e:
        case ir.Name():
            return e.id, _ATOM
        case ir.Const():
            negative = isinstance(e.value, (int, float)) and e.text.startswith("-")
            return e.text, _UNARY if negative else _ATOM
        case ir.Opaque():
            return e.text, 0
        case ir.Binary(op="**"):
            return f"{text_of(e.left, _POWER + 1)}{_power(e.right)}", _POWER
        case ir.Binary():
            level = _BINARY[e.op]
            return f"{text_of(e.left, level)} {e.op} {text_of(e.right, level + 1)}", level
        case ir.Unary(op="not"):
            return f"not {text_of(e.operand, 3)}", 3
        case ir.Unary(op="-", operand=ir.Binary(op="*" | "/") as product):
            # -(a * b) and -a * b are the same number, and the second reads better.
            text = text_of(product, 10)
            return (f"-({text})", _UNARY) if text.startswith("-") else (f"-{text}", 10)
        case ir.Unary():
            return f"{e.op}{text_of(e.operand, _UNARY)}", _UNARY
        case ir.Compare():
            words = [text_of(e.first, 5)]
            for op, operand in zip(e.ops, e.rest, strict=True):
                words += [op, text_of(operand, 5)]
            return " ".join(words), 4
        case ir.BoolOp():
            level = 2 if e.op == "and" else 1
            return f"{text_of(e.left, level)} {e.op} {text_of(e.right, level + 1)}", level
        case ir.IfExp():
            return f"{text_of(e.body, 1)} if {text_of(e.test, 1)} else {text_of(e.orelse)}", 0
        case ir.Call():
            arguments = ", ".join(_argument(a) for a in e.args)
            return f"{text_of(e.function, _ATOM)}({arguments})", _ATOM
        case ir.Attribute():
            value = text_of(e.value, _ATOM)
            if isinstance(e.value, ir.Const):
                value = f"({value})"
            return f"{value}.{e.name}", _ATOM
        case ir.Subscript():
            index = text_of(e.index)
            if isinstance(e.index, ir.Sequence) and e.index.form == "tuple" and e.index.items:
                index = index[1:-1]
            return f"{text_of(e.value, _ATOM)}[{index}]", _ATOM
        case ir.Slice():
            return _slice(e), _ATOM
        case ir.Sequence():
            items = ", ".join(text_of(i, 1) for i in e.items)
            if e.form == "list":
                return f"[{items}]", _ATOM
            return f"({items},)" if len(e.items) == 1 else f"({items})", _ATOM
        case _:
            raise TypeError(e)


def _power(exponent: ir.Expr) -> str:
    """`**n` without spaces for a plain exponent, ` ** (…)` otherwise."""
    text = text_of(exponent, _UNARY)
    return f"**{text}" if isinstance(exponent, (ir.Const, ir.Name)) else f" ** {text}"


def _argument(a: ir.Argument) -> str:
    value = text_of(a.value, 0)
    return f"{a.keyword}={value}" if a.keyword else f"{a.star}{value}"


def _slice(e: ir.Slice) -> str:
    lower = "" if e.lower is None else text_of(e.lower)
    upper = "" if e.upper is None else text_of(e.upper)
    wide = any(isinstance(p, ir.Binary) for p in (e.lower, e.upper))
    colon = " : " if wide and lower and upper else ": " if wide and upper else " :" if wide else ":"
    step = "" if e.step is None else f":{text_of(e.step)}"
    return f"{lower}{colon}{upper}{step}"


def target_text(target: ir.Expr) -> str:
    """The left side of an assignment: a tuple of targets needs no parentheses."""
    text = text_of(target)
    if isinstance(target, ir.Sequence) and target.form == "tuple" and len(target.items) > 1:
        return text[1:-1]
    return text


def header(s: ir.Stmt) -> str:
    """A statement's text, or the first line of a compound one."""
    match s:
        case ir.Assign():
            value = s.value
            right = target_text(value) if isinstance(value, ir.Sequence) else text_of(value)
            return f"{target_text(s.target)} {s.op}= {right}"
        case ir.If():
            return f"if {text_of(s.test)}:"
        case ir.For():
            return f"for {target_text(s.target)} in {text_of(s.iterable)}:"
        case ir.While():
            return f"while {text_of(s.test)}:"
        case ir.Return():
            return f"return {target_text(s.value)}"
        case ir.Break():
            return "break"
        case ir.Continue():
            return "continue"
        case ir.Evaluate():
            return text_of(s.value)
        case _:
            raise TypeError(s)
