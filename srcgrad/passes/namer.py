"""Names for what the generator adds: none collides with a name of the user's.

x_bar, x_dot, x_saved; x_bar2 where the user has an x_bar; np, or numpy where np is something else.
"""

from __future__ import annotations

import builtins
import importlib
import keyword
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from srcgrad.syntax import ir
from srcgrad.syntax.ir import Expr, NotStatic


@dataclass
class Module:
    """The names and imports of one generated module."""

    taken: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)  # name -> import line
    objects: dict[str, Any] = field(default_factory=dict)  # name -> what the module binds it to
    bindings: dict[str, Any] = field(default_factory=dict)  # the user's globals that the text reads
    # Whether some product is not guarded although an element may be left unused, or multiplied by zero.
    bare: bool = False
    guarded: bool = False  # whether all such products are guarded: nothing will look at the result
    # The local variables of all its functions, which hide whatever the module calls the same.
    locals: set[str] = field(default_factory=set)

    def hide(self, names: set[str]) -> None:
        if names & self.imports.keys():
            raise NotStatic("a variable named like an import of the module")
        self.locals |= names

    def reserve(self, names: set[str] | frozenset[str]) -> None:
        self.taken |= names

    def fresh(self, wanted: str) -> str:
        """The wanted name, or the first of wanted2, wanted3, … that nobody uses."""
        name, k = wanted, 2
        hidden = self.taken | self.locals
        while name in hidden or keyword.iskeyword(name) or hasattr(builtins, name):
            name, k = f"{wanted}{k}", k + 1
        self.taken.add(name)
        return name

    def bind(self, name: str, value: Any) -> None:
        """A global or closure variable that the user's own text reads."""
        if getattr(builtins, name, None) is value and name not in self.bindings:
            return
        if name in self.bindings and self.bindings[name] is not value:
            raise NotStatic(f"two functions mean different things by {name}")
        self.bindings[name] = value
        self.objects[name] = value

    def reference(self, value: Any) -> Expr:
        """How the generated text writes a library object: `np.cos`, `unbroadcast`, `math.pi`."""
        if isinstance(value, types.ModuleType):
            return ir.Name(self._module(value))
        home = getattr(value, "__module__", None)
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        if type(value).__name__ == "ufunc":
            home, name = "numpy", value.__name__
        if not isinstance(name, str) or not isinstance(home, str):
            raise NotStatic("a rule that reads an object without a name")
        if home == "builtins":
            if name in self.taken or name in self.locals:
                raise NotStatic(f"a rule that calls {name}, which the function redefines")
            return ir.Name(name)
        module = importlib.import_module(home)
        if "." in name or getattr(module, name, None) is not value:
            raise NotStatic(f"a rule that reads {home}.{name}")
        if home.split(".")[0] in ("numpy", "math"):
            owner = self.reference(module) if home in ("numpy", "math") else None
            if owner is not None:
                return ir.Attribute(owner, name)
            if home in ("numpy.linalg", "numpy.fft"):
                return ir.Attribute(ir.Attribute(self.reference(np), home.split(".")[1]), name)
        return ir.Name(self._imported(value, name, f"from {home} import {name}"))

    def _module(self, module: types.ModuleType) -> str:
        for name, known in self.objects.items():
            if known is module and name not in self.locals:
                return name
        if module.__name__ == "numpy":
            return self._imported(module, "np", "import numpy as np")
        package, _, plain = module.__name__.rpartition(".")
        line = f"from {package} import {plain}" if package else f"import {plain}"
        return self._imported(module, plain, line)

    def _imported(self, value: Any, wanted: str, line: str) -> str:
        for name, known in self.objects.items():
            if known is value and name in self.imports:
                return name
        free = wanted not in self.taken and wanted not in self.locals
        name = wanted if free else self.fresh(wanted)
        self.taken.add(name)
        if name != wanted:
            line = f"{line.split(' as ', maxsplit=1)[0]} as {name}"
        self.imports[name] = line
        self.objects[name] = value
        return name
