"""Modules that hold modules: in a row, in a list, by name."""

from __future__ import annotations

import operator
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from srcgrad.torch.nn.module import Module, _indented


class Container(Module):
    """Modules by name; `Module` itself does the same."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        warnings.warn(
            "nn.Container is deprecated. All of it's functionality is now implemented in nn.Module. Subclass that instead.",
            FutureWarning,
            stacklevel=2,
        )
        for key, value in kwargs.items():
            self.add_module(key, value)


class Sequential(Module):
    """Modules that are called one after the other."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for key, module in args[0].items():
                self.add_module(key, module)
        else:
            for k, module in enumerate(args):
                self.add_module(str(k), module)

    def _key(self, k: Any) -> str:
        n = len(self)
        k = operator.index(k)
        if not -n <= k < n:
            raise IndexError(f"index {k} is out of range")
        return next(islice(self._modules, k % n, None))

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return type(self)(OrderedDict(list(self._modules.items())[k]))
        return self._modules[self._key(k)]

    def __setitem__(self, k: Any, module: Any) -> None:
        setattr(self, self._key(k), module)

    def __delitem__(self, k: Any) -> None:
        for key in list(self._modules)[k] if isinstance(k, slice) else [self._key(k)]:
            delattr(self, key)
        self._modules = {str(i): m for i, m in enumerate(self._modules.values())}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Any:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(list(other))

    def __mul__(self, times: Any) -> Any:
        if not isinstance(times, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(times)}")
        if times <= 0:
            raise ValueError(f"Non-positive multiplication factor {times} for {type(self)}")
        return Sequential(*(list(self) * times))

    __rmul__ = __mul__

    def append(self, module: Any) -> Any:
        """Put a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: Any) -> Any:
        """Take out a module."""
        found = self[key]
        del self[key]
        return found

    def insert(self, index: int, module: Any) -> Any:
        """Put a module before another."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        n = len(self)
        if not -n <= index <= n:
            raise IndexError(f"Index out of range: {index}")
        members = list(self)
        members.insert(index, module)
        self._modules = {str(k): m for k, m in enumerate(members)}
        return self

    def extend(self, sequential: Iterable[Any]) -> Any:
        """Put modules at the end."""
        for module in sequential:
            self.append(module)
        return self

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input


class ModuleList(Module):
    """Modules in a list."""

    def __init__(self, modules: Iterable[Any] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _key(self, k: Any) -> str:
        k = operator.index(k)
        if not -len(self) <= k < len(self):
            raise IndexError(f"index {k} is out of range")
        return str(k + len(self) if k < 0 else k)

    def __getitem__(self, k: Any) -> Any:
        if isinstance(k, slice):
            return type(self)(list(self._modules.values())[k])
        return self._modules[self._key(k)]

    def __setitem__(self, k: Any, module: Any) -> None:
        setattr(self, self._key(k), module)

    def __delitem__(self, k: Any) -> None:
        members = list(self._modules.values())
        del members[k]
        self._modules = {str(i): m for i, m in enumerate(members)}

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __iadd__(self, modules: Iterable[Any]) -> Any:
        return self.extend(modules)

    def __add__(self, other: Iterable[Any]) -> Any:
        return ModuleList(chain(self, other))

    def insert(self, index: int, module: Any) -> None:
        """Put a module before another."""
        members = list(self._modules.values())
        members.insert(index, module)
        self._modules = {str(i): m for i, m in enumerate(members)}

    def append(self, module: Any) -> Any:
        """Put a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def pop(self, key: Any) -> Any:
        """Take out a module."""
        found = self[key]
        del self[key]
        return found

    def extend(self, modules: Iterable[Any]) -> Any:
        """Put modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in modules:
            self.append(module)
        return self

    def __repr__(self) -> str:
        texts = [repr(m) for m in self]
        if not texts:
            return self._get_name() + "()"
        runs: list[list[Any]] = []
        for k, text in enumerate(texts):
            if runs and runs[-1][2] == text:
                runs[-1][1] = k
            else:
                runs.append([k, k, text])
        lines = []
        for first, last, text in runs:
            shown = f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
            lines.append(_indented(shown, 2))
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """Modules by name."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Any) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take out all."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take out a module."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def items(self) -> Any:
        """Names and modules."""
        return self._modules.items()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Enter modules under their names."""
        if isinstance(modules, (Mapping, ModuleDict)):
            pairs = modules.items()
        else:
            pairs = pairs_of(modules, "ModuleDict", "ModuleDict")
        for key, module in pairs:
            self[key] = module


def pairs_of(given: Any, start: str, name: str) -> Iterator[tuple[str, Any]]:
    """Names and values from a sequence of pairs."""
    if not isinstance(given, Iterable):
        raise TypeError(
            f"{start}.update should be called with an iterable of key/value pairs, but got {type(given).__name__}"
        )
    for k, pair in enumerate(given):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{name} update sequence element #{k} should be Iterable; is{type(pair).__name__}")
        members = tuple(pair)
        if len(members) != 2:
            raise ValueError(f"{name} update sequence element #{k} has length {len(members)}; 2 is required")
        yield members
