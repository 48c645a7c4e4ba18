"""Results with names: `torch.max(x, 0)` has `.values` and `.indices`."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

_made: dict[str, Any] = {}


class _Named(tuple[Any, ...]):
    """A tuple whose members have names."""

    __slots__ = ()
    _names: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = ",\n".join(f"{name}={value!r}" for name, value in zip(self._names, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{lines})"

    def __reduce__(self) -> Any:
        return _rebuilt, (type(self).__name__, self._names, tuple(self))


def _rebuilt(name: str, names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return named(name, *names)(values)


def named(name: str, *names: str) -> Any:
    """The class of results of a function, made once: `named("max", "values", "indices")((v, i))`."""
    if name not in _made:
        fields: dict[str, Any] = {n: property(itemgetter(k)) for k, n in enumerate(names)}
        fields |= {"_names": names, "__slots__": (), "__module__": "torch.return_types", "n_fields": len(names),
                   "n_sequence_fields": len(names), "n_unnamed_fields": 0, "__match_args__": names}  # fmt: skip
        _made[name] = type(name, (_Named,), fields)
    return _made[name]


def __getattr__(name: str) -> Any:
    if name in _made:
        return _made[name]
    raise AttributeError(f"module 'srcgrad.torch.return_types' has no attribute {name!r}")
