"""Whether a write into an array can touch what the reverse sweep reads of it.

    for i in range(n):
        x[i] = (b[i] - a[i, :i] @ x[:i]) / a[i, i]      each iteration reads what earlier ones wrote

Nothing that the reverse of an iteration reads is written later, so that nothing need be saved. An index is
compared with another by bounds relative to a loop's variable: `x[:i]` ends at i - 1, and what later iterations
write begins at i + 1.
"""

from __future__ import annotations

from collections.abc import Iterator

from srcgrad.passes.cotangent import Sink, cost, without_shapes
from srcgrad.passes.reading import reads
from srcgrad.syntax import ir
from srcgrad.syntax.ir import Const, Expr, Name, Stmt, Subscript

Loops = dict[str, tuple[Expr, Expr, int] | None]  # by variable: start, stop and direction
Linear = tuple[str | None, int]  # a loop's variable, or none, and what is added to it


class Overlap:
    """The loops of a unit, and what their variables run over."""

    def __init__(self, unit: ir.Unit) -> None:
        self.unit = unit
        self.above: dict[int, tuple[tuple[Stmt, ir.Block], ...]] = {}  # the blocks around a statement, from outside
        self._enter(unit.body, ())
        everything = list(ir.statements(unit.body))
        self.statements = {s.key: s for s in everything}
        self.bindings: dict[str, list[Stmt]] = {}
        for s in everything:
            bound = ir.bound_names(s.target) if isinstance(s, (ir.Assign, ir.For)) else ir.written_names(s)
            for name in bound:
                self.bindings.setdefault(name, []).append(s)
        self.loops = {s.key: self._loops(self.above[s.key]) for s in everything}

    def _enter(self, body: ir.Block, above: tuple[tuple[Stmt, ir.Block], ...]) -> None:
        for s in body:
            self.above[s.key] = above
            match s:
                case ir.If():
                    self._enter(s.body, (*above, (s, s.body)))
                    self._enter(s.orelse, (*above, (s, s.orelse)))
                case ir.For() | ir.While():
                    self._enter(s.body, (*above, (s, s.body)))
                case _:
                    pass

    def _loops(self, above: tuple[tuple[Stmt, ir.Block], ...]) -> Loops:
        """What the variables of the loops around a statement run over."""
        found: Loops = {}
        for s, _ in above:
            if isinstance(s, ir.For) and isinstance(s.target, Name):
                steps = _steps(s.iterable)
                known = s.target.id in found or steps is None or s.target.id in self.unit.params
                found[s.target.id] = None if known else steps
        return found

    # Writes and reads ---------------------------------------------------------------------------

    def is_past(self, write: Stmt, place: Subscript, read: Stmt, index: Expr | None, *, itself: bool = False) -> bool:
        """Whether whatever a read touches is not written by that statement from then on.

        `index` is the index under which the read statement's reverse reads the array, None where it reads all of it.
        What is read may be the write `itself`, in another iteration.
        """
        one, other = self.above[write.key], self.above[read.key]
        bounds = _Bounds(self.loops[write.key]), _Bounds(self.loops[read.key])
        block = self.unit.body
        depth = 0
        for (s, inside), (t, there) in zip(one, other, strict=False):
            if s is not t:
                break
            if inside is not there:
                return True  # different branches
            block = inside
            depth += 1
            if not isinstance(s, (ir.For, ir.While)):
                continue
            v = s.target.id if isinstance(s, ir.For) and isinstance(s.target, Name) else ""
            if _is_ahead(place.index, index, v, 0, bounds):
                return True
            if self._is_new(place, s, write) or _is_ahead(place.index, index, v, 1, bounds):
                continue
            return False
        first = one[depth][0] if depth < len(one) else write
        second = other[depth][0] if depth < len(other) else read
        order = [id(s) for s in block]
        if itself or order.index(id(first)) < order.index(id(second)):
            return True
        common = [s.target.id for s, _ in one[:depth] if isinstance(s, ir.For) and isinstance(s.target, Name)]
        return index is not None and _are_apart(place.index, index, common, bounds)

    def are_apart(self, one: Expr, other: Expr, s: Stmt) -> bool:
        """Whether two indices in one statement name no element together."""
        bounds = _Bounds(self.loops[s.key])
        return _are_apart(one, other, list(self.loops[s.key]), (bounds, bounds))

    def _is_new(self, place: Subscript, loop: ir.For | ir.While, write: Stmt) -> bool:
        """Whether each iteration writes into an array of its own."""
        root = ir.root(place)
        bindings = self.bindings.get(root or "", [])
        for s in loop.body:
            if any(t is write for t in ir.statements((s,))):
                return False
            if len(bindings) == 1 and bindings[0] is s and root not in self.unit.params:
                return True
        return False


def _is_ahead(place: Expr, index: Expr | None, v: str, steps: int, bounds: tuple[_Bounds, _Bounds]) -> bool:
    """Whether what is written `steps` iterations later, or after that, is beyond the index read now."""
    loop = bounds[0].loops.get(v)
    if index is None or loop is None:
        return False
    for p, q in _pairs(place, index, bounds):
        if loop[2] > 0:
            low, high = bounds[0].low(p, v), bounds[1].high(q, v)
            if low is not None and high is not None and low + steps > high:
                return True
        else:
            low, high = bounds[1].low(q, v), bounds[0].high(p, v)
            if low is not None and high is not None and high - steps < low:
                return True
    return False


def _are_apart(one: Expr, other: Expr, common: list[str], bounds: tuple[_Bounds, _Bounds]) -> bool:
    """Whether two indices name no element together, for the same values of their common loops' variables."""
    for p, q in _pairs(one, other, bounds):
        for v in (None, *common):
            above = bounds[0].low(p, v), bounds[1].high(q, v)
            below = bounds[1].low(q, v), bounds[0].high(p, v)
            for low, high in (above, below):
                if low is not None and high is not None and low > high:
                    return True
    return False


class _Bounds:
    """The least and the greatest index that a part of an index names, counted from a variable's value."""

    def __init__(self, loops: Loops) -> None:
        self.loops = loops

    def low(self, part: Expr, v: str | None) -> int | None:
        if isinstance(part, ir.Slice):
            if part.step is not None:
                return None
            if part.lower is None:
                return 0 if v is None else None
            part = part.lower
        return self._bound(part, v, -1)

    def high(self, part: Expr, v: str | None) -> int | None:
        if isinstance(part, ir.Slice):
            if part.step is not None or part.upper is None:
                return None
            found = self._bound(part.upper, v, 1)
            return None if found is None else found - 1
        return self._bound(part, v, 1)

    def _bound(self, e: Expr, v: str | None, side: int) -> int | None:
        linear = self.linear(e)
        if linear is None or not self._counts_from_zero(linear):
            return None
        return self._relative(linear, v, side)

    def _relative(self, linear: Linear, v: str | None, side: int) -> int | None:
        name, more = linear
        if name == v:
            return more
        loop = self.loops.get(name) if name is not None else None
        if loop is None:
            return None
        start, stop, direction = loop
        ends = side == direction  # whether the last iteration has the bound
        edge = self.linear(stop if ends else start)
        if edge is None or edge[0] == name:
            return None
        found = self._relative(edge, v, side)
        return None if found is None else found + more - (direction if ends else 0)

    def linear(self, e: Expr) -> Linear | None:
        """`i + 1` as ("i", 1) and 3 as (None, 3)."""
        match e:
            case Const(value=int(value)) if type(value) is int:
                return None, value
            case ir.Unary(op="-", operand=Const(value=int(value))):
                return None, -value
            case Name() if self.loops.get(e.id) is not None:
                return e.id, 0
            case ir.Binary(op="+" | "-"):
                a, b = self.linear(e.left), self.linear(e.right)
                if a is None or b is None:
                    return None
                if b[0] is None:
                    return a[0], a[1] + b[1] if e.op == "+" else a[1] - b[1]
                return (b[0], a[1] + b[1]) if a[0] is None and e.op == "+" else None
            case _:
                return None

    def _counts_from_zero(self, linear: Linear) -> bool:
        """Whether an index is never negative: it would count from the end."""
        least = self._relative(linear, None, -1)
        return least is not None and least >= 0


def _pairs(one: Expr, other: Expr, bounds: tuple[_Bounds, _Bounds]) -> Iterator[tuple[Expr, Expr]]:
    """The parts of two indices that stand for the same dimension."""
    for p, q in zip(_parts(one), _parts(other), strict=False):
        if any(isinstance(x, Const) and (x.value is None or x.value is ...) for x in (p, q)):
            return
        yield p, q
        if not all(isinstance(x, ir.Slice) or b.linear(x) is not None for x, b in zip((p, q), bounds, strict=True)):
            return  # a mask may stand for several dimensions


def _parts(index: Expr) -> tuple[Expr, ...]:
    return index.items if isinstance(index, ir.Sequence) and index.form == "tuple" else (index,)


def _steps(iterable: Expr) -> tuple[Expr, Expr, int] | None:
    """Start, stop and direction of a range that goes up or down by one."""
    match iterable:
        case ir.Call(function=Name(id="range"), args=args) if all(not a.keyword and not a.star for a in args):
            given = [a.value for a in args]
            if len(given) == 1:
                return Const(0, "0"), given[0], 1
            if len(given) == 2:
                return given[0], given[1], 1
            if len(given) == 3 and given[2] == ir.Unary("-", Const(1, "1")):
                return given[0], given[1], -1
    return None


def reads_of(name: str, unit: ir.Unit, sinks: dict[int, Sink]) -> Iterator[tuple[Stmt, Expr | None]]:
    """What the reverse sweep may read of an array: each statement with an index, None for all of it."""
    for s in ir.statements(unit.body):
        read: list[Expr] = []
        sink = sinks.get(s.key)
        if sink is not None:
            read += sink.expressions()
            for c in sink.contributions:
                place = c.place
                while isinstance(place, (Subscript, ir.Attribute)):
                    if isinstance(place, Subscript):
                        read.append(place.index)
                    place = place.value
        match s:
            case ir.If() | ir.While():
                read.append(s.test)
            case ir.For():
                read.append(s.iterable)
            case ir.UserCall() if s.forgets:
                read += [e for _, e in s.bound]
            case ir.Assign():
                # Cheap values are computed again; an index is read where its place is restored.
                if isinstance(s.target, Name) and cost(s.value) <= 4:
                    read.append(s.value)
                read += [t.index for t in ir.targets(s.target) if isinstance(t, Subscript)]
            case _:
                pass
        for e in read:
            for index in indices_of(name, without_shapes(e)):
                yield s, index
        if isinstance(s, (ir.For, ir.While)) and s.checkpoints is not None and name not in ir.written_in(s.body):
            # What each iteration reads is read when it is run again.
            yield from ((s, None) for t in ir.statements(s.body) if name in reads(t))


def indices_of(name: str, e: Expr) -> Iterator[Expr | None]:
    if isinstance(e, Subscript) and e.value == Name(name):
        yield e.index
        yield from indices_of(name, e.index)
    elif isinstance(e, Name):
        if e.id == name:
            yield None
    elif isinstance(e, ir.Opaque):
        if name in e.reads:
            yield None
    else:
        for child in ir.children(e):
            yield from indices_of(name, child)
