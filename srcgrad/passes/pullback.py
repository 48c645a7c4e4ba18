"""The reverse sweep as a function of its own, which may be called again.

    def f_vjp(x):
        y = x * x

        def pullback(y_bar):
            x_bar = 2 * y_bar * x
            return (x_bar,)

        return y, pullback

The reverse sweep restores variables and empties lists. A pullback does so with its own: a variable that it
both reads and restores comes in as a default argument, and it empties a copy of each list.
"""

from __future__ import annotations

import ast

from srcgrad.passes.lines import Lines


def own_variables(body: Lines) -> list[str]:
    """The variables that the text binds but may read first, in the order in which it reads them.

    >>> lines = Lines(["z = y", "y = saved.pop()", "z = y"])
    >>> own_variables(lines)
    ['y']
    """
    tree = ast.parse(body.text() or "pass")
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not _loads(n)}
    early: list[str] = []
    _scan(tree.body, set(), bound, early)
    return early


def _loads(n: ast.Name) -> bool:
    return isinstance(n.ctx, ast.Load)


def _scan(body: list[ast.stmt], known: set[str], bound: set[str], early: list[str]) -> None:
    """Note what is read before it is certainly bound; `known` grows by what each statement binds."""

    def read(node: ast.AST) -> None:
        for n in ast.walk(node):
            if isinstance(n, ast.Name) and _loads(n) and n.id in bound - known and n.id not in early:
                early.append(n.id)

    def bind(node: ast.AST) -> None:
        known.update(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not _loads(n))

    for s in body:
        match s:
            case ast.Assign():
                read(s.value)
                for t in s.targets:
                    read(t)
                    bind(t)
            case ast.AugAssign():
                read(s.value)
                read(s.target)
                if isinstance(s.target, ast.Name) and s.target.id not in known:
                    early.append(s.target.id)
            case ast.For():
                read(s.iter)
                inner = set(known)
                inner.update(n.id for n in ast.walk(s.target) if isinstance(n, ast.Name))
                _scan(s.body, inner, bound, early)
            case ast.While():
                read(s.test)
                _scan(s.body, set(known), bound, early)
            case ast.If():
                read(s.test)
                then, orelse = set(known), set(known)
                _scan(s.body, then, bound, early)
                _scan(s.orelse, orelse, bound, early)
                known |= then & orelse
            case ast.FunctionDef():
                inside = {a.arg for a in s.args.args}
                inside |= {n.id for n in ast.walk(s) if isinstance(n, ast.Name) and not _loads(n)}
                _scan(s.body, known | inside, bound, early)
                known.add(s.name)
            case _:
                read(s)
