"""Items and assignments: reading `x[i]`, writing `x[i] = v` and `x += v`.

What enters: a tensor and an index. What leaves: for numbers and slices NumPy's own indexing, which says the same; for
tensors the operation. A write makes a new value, under all names that the tensor has.
"""

from __future__ import annotations

import ast
import operator
from typing import Any

import numpy as np

from srcgrad.torch.compiling.operators import Operators
from srcgrad.torch.compiling.program import Cast, Item, Number, Put, Unavailable, Value, either
from srcgrad.torch.compiling.structures import flat
from srcgrad.torch.dtypes import can_cast, of
from srcgrad.torch.tensor import Tensor


class Items(Operators):
    """Subscripts and targets."""

    def on_Subscript(self, e: ast.Subscript) -> Any:
        thing = self.eval(e.value)
        return self.item(thing, self.eval(e.slice), e, "")

    def item(self, thing: Any, index: Any, e: ast.AST, wanted: str) -> Any:
        """thing[index]."""
        if isinstance(thing, Tensor):
            index = self.with_numbers(index)
            text = self.basic(thing, index)
            if text is None:
                return self.operation(operator.getitem, "index", (thing, index), {}, e)
            source = self.samples.value_of(thing)
            array = thing._a[_sampled(index)]
            array = array if isinstance(array, np.ndarray) else thing._a[(*_as_tuple(_sampled(index)), ...)]
            value = self.samples.fresh(wanted or "item", array, source.needs and self.samples.recording)
            reads = tuple(v for x in flat(index) if isinstance(x, Number) for v in x.reads)
            self.samples.emit(Item(value, source, text, reads))
            return self.samples.enter(value, array)
        return self.plain_item(thing, self.concrete(index), e)

    def with_numbers(self, index: Any) -> Any:
        """The index with numbers of run time for whole numbers in tensors without dimensions."""
        if isinstance(index, tuple):
            return tuple(self.with_numbers(k) for k in index)
        if isinstance(index, Tensor) and not index._a.ndim and index._a.dtype.kind in "iu":
            return self.number_of(index, int)
        return index

    def basic(self, thing: Tensor, index: Any) -> str | None:
        """The text of an index of numbers, slices, None and Ellipsis; None for others."""
        texts = []
        dims = 0
        for k in _as_tuple(index):
            if k is None or k is Ellipsis:
                texts.append("None" if k is None else "...")
            elif isinstance(k, Number) and type(k.sample) is int:
                texts.append(k.text)
                dims += 1
            elif type(k) is int:
                if not (
                    dims < thing._a.ndim
                    and Ellipsis not in _as_tuple(index)
                    and -thing._a.shape[dims] <= k < thing._a.shape[dims]
                ) and Ellipsis not in _as_tuple(index):
                    return None
                texts.append(str(k))
                dims += 1
            elif type(k) is slice and all(p is None or type(p) is int for p in (k.start, k.stop, k.step)):
                if k.step is not None and k.step <= 0:
                    return None
                texts.append(":".join("" if p is None else str(p) for p in ((k.start, k.stop) if k.step is None
                                                                             else (k.start, k.stop, k.step))))  # fmt: skip
                dims += 1
            else:
                return None
        if dims > thing._a.ndim or sum(k is Ellipsis for k in _as_tuple(index)) > 1 or not texts:
            return None
        return ", ".join(texts) + ("," if len(texts) == 1 and isinstance(index, tuple) else "")

    # Assignment ----------------------------------------------------------------------------------

    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a target."""
        if isinstance(target, ast.Name):
            self.frame.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target, value)
        elif isinstance(target, ast.Subscript):
            self.store(target, value)
        else:
            raise self.refuse("an assignment to an attribute", target)

    def unpack(self, target: Any, value: Any) -> None:
        """Bind several targets to the parts of a value."""
        parts = list(self.rows(value, target))
        stars = [k for k, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
        if stars:
            k = stars[0]
            rest = len(target.elts) - k - 1
            middle = parts[k : len(parts) - rest]
            parts = [*parts[:k], self.local(middle), *parts[len(parts) - rest :]]
        if len(parts) != len(target.elts):
            raise self.refuse(f"{len(parts)} values for {len(target.elts)} targets", target)
        for t, part in zip(target.elts, parts, strict=True):
            self.assign(t.value if isinstance(t, ast.Starred) else t, part)

    def store(self, target: ast.Subscript, value: Any) -> None:
        """thing[index] = value."""
        thing, index = self.eval(target.value), self.eval(target.slice)
        if not isinstance(thing, Tensor):
            if id(thing) not in self.state.local:
                raise self.refuse("a write into a container from outside", target)
            thing[self.concrete(index)] = value
            return
        if not isinstance(target.value, ast.Name):
            raise self.refuse("a write into a view", target)
        self.replace(thing, self.put(thing, index, value, target), target)

    def put(self, thing: Tensor, index: Any, value: Any, target: ast.AST) -> Tensor:
        """The tensor with another value at an index."""
        index = self.with_numbers(index)
        text = self.basic(thing, index)
        source = self.samples.value_of(thing)
        reads = tuple(v for x in flat(index) if isinstance(x, Number) for v in x.reads)
        where = _sampled(index)
        if text is None:
            if not isinstance(index, Tensor) or index._a.dtype.kind != "b" or isinstance(value, Tensor):
                raise self.refuse("a write at such an index", target)
            mask = self.samples.value_of(index)
            text, reads, where = mask.name, (mask,), index._a
        array = thing._a.copy()
        if isinstance(value, Number) or not isinstance(value, (Tensor, int, float, bool)):
            raise Unavailable("a number that depends on the data")
        array[where] = value._a if isinstance(value, Tensor) else value
        given: Any = self.samples.value_of(value) if isinstance(value, Tensor) else value
        needs = either(source.needs, given.needs if isinstance(given, Value) else False)
        made = self.samples.fresh(source.name, array, needs and self.samples.recording)
        if isinstance(given, Value) and given.dtype != made.dtype:
            cast = Value(self.samples.names.fresh(given.name), given.shape, made.dtype, given.needs)
            self.samples.emit(Cast(cast, given))
            given = cast
        self.samples.emit(Put(made, source, text, given, reads))
        return self.samples.enter(made, array)

    def augmented(self, s: ast.AugAssign) -> None:
        """target ∘= value."""
        load = ast.copy_location(
            ast.Name(s.target.id, ast.Load()) if isinstance(s.target, ast.Name)
            else ast.Subscript(s.target.value, s.target.slice, ast.Load()) if isinstance(s.target, ast.Subscript)
            else s.target, s,
        )  # fmt: skip
        if isinstance(s.target, ast.Attribute):
            raise self.refuse("an assignment to an attribute", s)
        before = self.eval(load)
        value = self.eval(s.value)
        if type(before) is list and isinstance(s.op, ast.Add):
            if id(before) not in self.state.local:
                raise self.refuse("a write into a list from outside", s)
            before.extend(self.rows(value, s))
            return
        made = self.binary(type(s.op), before, value, s)
        if isinstance(before, Tensor):
            made = self.fitted(before, made, s)
            if isinstance(s.target, ast.Name):
                self.replace(before, made, s)
                return
        self.assign(s.target, made)

    def fitted(self, before: Tensor, made: Tensor, at: ast.AST) -> Tensor:
        """What is written over a tensor: of its shape, in its dtype."""
        if made._a.shape != before._a.shape or not can_cast(of(made._a.dtype), of(before._a.dtype)):
            raise self.refuse("a write of another shape or dtype", at)
        if made._a.dtype == before._a.dtype:
            return made
        source = self.samples.value_of(made)
        target = Value(self.samples.names.fresh(source.name), source.shape, before._a.dtype, source.needs)
        self.samples.emit(Cast(target, source))
        return self.samples.enter(target, made._a.astype(before._a.dtype))

    def replace(self, before: Tensor, made: Tensor, at: ast.AST) -> None:
        """What a write into a tensor does: its names mean the new value, and its views mean nothing any more."""
        if any(np.may_share_memory(before._a, sample._a) for _, sample in self.state.outside.values()):
            raise self.refuse("a write into a tensor from outside", at)
        for sample in self.samples.alive:
            if sample is not made and sample is not before and np.may_share_memory(sample._a, before._a):
                self.samples.stale.add(id(sample))
        if np.may_share_memory(made._a, before._a):
            raise self.refuse("a write of a tensor over itself", at)
        for frame in self.all_frames():
            for n, thing in frame.names.items():
                if thing is before:
                    frame.names[n] = made
        for container in self.state.local.values():
            for key, thing in list(enumerate(container) if isinstance(container, list) else container.items()):
                if thing is before:
                    container[key] = made
                elif isinstance(thing, tuple) and any(part is before for part in flat(thing)):
                    raise self.refuse("a write into a tensor in a tuple", at)


def _as_tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)


def _sampled(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_sampled(k) for k in index)
    return index.sample if isinstance(index, Number) else index
