"""For which calls a compiled text is right.

What enters: what the interpreter has read from outside of the function: globals, closures, attributes, items. What
leaves: one function that fetches the tensors among them and says whether all the rest is as it was. It is asked
before each call, so its text is written out:

    def fetched():
        if h0.get('scale', missing) is not v0 and not alike(v0, h0.get('scale', missing)): return None
        t0 = h1.get('weight', missing)
        a0 = t0._a
        if t0.__class__ is not k0 or a0.shape != s0 or a0.dtype != d0 or t0._needs is not True or …: return None
        return (t0,)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import CellType
from typing import Any

from srcgrad.torch.compiling.known import plain_container
from srcgrad.torch.compiling.program import refused

MISSING: Any = object()
PLAIN = (int, float, str, bool, complex, bytes, type(None))


@dataclass(frozen=True, eq=False)
class Getter:
    """A place outside of the function: an entry of a dictionary, a closure's cell, an attribute, or any other."""

    kind: str
    holder: Any
    name: Any = None

    def text(self, holder: str, name: str) -> str:
        """What fetches the thing, with names for the holder and for what the place is called."""
        return {
            "dict": f"{holder}.get({name}, missing)",
            "attribute": f"getattr({holder}, {name}, missing)",
            "item": f"item({holder}, {name})",
            "cell": f"held({holder})",
            "function": f"{holder}()",
        }[self.kind]

    def __call__(self) -> Any:
        return eval(self.text("h", "n"), {"h": self.holder, "n": self.name, **_HELPERS})


def item(holder: Any, name: Any) -> Any:
    """holder[name]."""
    try:
        return holder[name]
    except (LookupError, TypeError):
        return MISSING


def held(cell: CellType) -> Any:
    """What a closure's cell holds."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def alike(one: Any, other: Any) -> bool:
    """Whether two values found at the same place mean the same."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, (float, complex)):
        return repr(one) == repr(other)  # 0.0 is not -0.0, and nan is nan
    if isinstance(one, PLAIN):
        return bool(one == other)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, set):
        return {(type(v), v) for v in one} == {(type(v), v) for v in other}
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            type(a) is type(b) and a == b and alike(one[a], other[b]) for a, b in zip(one, other, strict=True)
        )
    return False


def copied(value: Any) -> Any:
    """A container as it is now, which later changes do not reach; anything else as it is."""
    if isinstance(value, (list, tuple)):
        parts = [copied(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return type(value)((k, copied(v)) for k, v in value.items())
    return set(value) if type(value) is set else value


def mutable(value: Any) -> bool:
    """Whether a value may change while it remains the same object."""
    if isinstance(value, (list, set, dict)):
        return True
    return isinstance(value, tuple) and any(mutable(v) for v in value)


def comparable(value: Any) -> bool:
    """Whether the guards can see that a container has changed: one with methods of its own may hold more than its items."""
    if not isinstance(value, (list, tuple, set, dict)):
        return True
    members = value.values() if isinstance(value, dict) else value
    return plain_container(value) and all(comparable(v) for v in members)


_HELPERS = {"missing": MISSING, "item": item, "held": held, "alike": alike}


@dataclass
class Guards:
    """What has been read, and where; and the tensors, with what has to be so of them."""

    reads: list[tuple[Getter, Any]] = field(default_factory=list)
    known: set[Any] = field(default_factory=set)
    dictionaries: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    shared: list[tuple[Getter, int]] = field(default_factory=list)

    def read(self, place: Any, get: Getter, value: Any) -> None:
        """Remember what a place gave."""
        if not comparable(value):
            raise refused(f"a container of the type {type(value).__name__} from outside")
        if place not in self.known:
            self.known.add(place)
            self.reads.append((get, copied(value)))

    def shares(self, place: Any, get: Getter, tensor: int) -> None:
        """Remember a place where a tensor stands that is an input already, by the number of that input."""
        if place not in self.known:
            self.known.add(place)
            self.shared.append((get, tensor))

    def options(self, place: Any, d: dict[str, Any], but: tuple[str, ...]) -> None:
        """Remember all that a dictionary of options holds; of some entries only which object they are."""
        if place not in self.known:
            self.known.add(place)
            self.dictionaries.append((d, {k: v if k in but else copied(v) for k, v in d.items()}))

    def compiled(self, tensors: list[tuple[Any, Any]]) -> Callable[[list[Any]], Any]:
        """The function of the docstring above; a tensor among the arguments has been looked at already."""
        scope: dict[str, Any] = dict(_HELPERS)
        lines = ["def fetched(given):"]
        for k, (d, snapshot) in enumerate(self.dictionaries):
            scope |= {f"o{k}": d, f"w{k}": snapshot}
            lines.append(f"    if o{k} != w{k}: return None")
        for k, (get, value) in enumerate(self.reads):
            scope |= {f"h{k}": get.holder, f"n{k}": get.name, f"v{k}": value}
            text = get.text(f"h{k}", f"n{k}")
            same = "" if mutable(value) else f"{text} is not v{k} and "
            lines.append(f"    if {same}not alike(v{k}, {text}): return None")
        for k, (get, t) in enumerate(tensors):
            if isinstance(get, int):
                lines.append(f"    t{k} = given[{get}]")
                continue
            a = t._a
            scope |= {f"g{k}": get.holder, f"m{k}": get.name, f"k{k}": type(t), f"s{k}": a.shape, f"r{k}": a.strides}
            scope[f"d{k}"] = a.dtype
            lines += [
                f"    t{k} = {get.text(f'g{k}', f'm{k}')}",
                f"    if t{k}.__class__ is not k{k} or t{k}._needs is not {t._needs}: return None",
                f"    a{k} = t{k}._a",
                f"    if a{k}.shape != s{k} or a{k}.dtype is not d{k} or a{k}.strides != r{k}: return None",
            ]
        for k, (get, number) in enumerate(self.shared if tensors else ()):
            scope |= {f"i{k}": get.holder, f"j{k}": get.name}
            lines.append(f"    if {get.text(f'i{k}', f'j{k}')} is not t{number}: return None")
        lines.append(f"    return ({''.join(f't{k}, ' for k in range(len(tensors)))})")
        exec("\n".join(lines), scope)
        made: Callable[[list[Any]], Any] = scope["fetched"]
        return made
