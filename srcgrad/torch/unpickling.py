"""Reads the pickle inside a checkpoint, and can build tensors and containers and nothing else.

Python's own unpickler calls whatever a file names. This one is a small stack machine of its own: a name is looked up in a fixed table
(allowed.py), only entries of that table are called, each with arguments that it checks, and attributes are set on nothing but an
OrderedDict. The instructions are those that pickle's protocol 2 writes for such data; every other one is refused.
"""

import struct
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError, decode_long
from typing import Any

from srcgrad.torch.allowed import REBUILD_FROM_TYPE, Callee, check, check_key, find, vouched_for
from srcgrad.torch.stored import Storage


class Unpickler:
    """Reads one pickle of `content`, from `position` on, which it leaves behind the pickle's end.

    `persistent_load` finds the storage of an id, a tuple that begins with "storage".
    """

    def __init__(
        self, content: bytes, position: int = 0, persistent_load: Callable[[tuple[Any, ...]], Any] | None = None
    ) -> None:
        self.content, self.position = content, position
        self.persistent_load = persistent_load
        self.memo: dict[int, Any] = {}
        self.stack: list[Any] = []
        self.stacks: list[list[Any]] = []

    def load(self) -> Any:
        try:
            return self._load()
        except (IndexError, KeyError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as error:
            raise UnpicklingError(f"the pickle is damaged: {type(error).__name__}: {error}") from error

    def _load(self) -> Any:
        steps = _STEPS
        while True:
            code = self._read(1)[0]
            if code == STOP:
                result = self.stack.pop()
                check(type(result) is not Callee, "a checkpoint holds data, not functions")
                return result
            step = steps.get(code)
            if step is None:
                raise UnpicklingError(f"Unsupported operand {code}")
            step(self)

    def _read(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self.content):
            raise EOFError("Ran out of input")
        found = self.content[self.position : end]
        self.position = end
        return found

    def _line(self) -> str:
        end = self.content.find(b"\n", self.position)
        if end < 0:
            raise EOFError("Ran out of input")
        found = self.content[self.position : end].decode("utf-8")
        self.position = end + 1
        return found

    def _value(self) -> Any:
        """The top of the stack, as data that goes into a container."""
        value = self.stack.pop()
        check(type(value) is not Callee, "a checkpoint holds data, not functions")
        return value

    def _marked(self) -> list[Any]:
        found, self.stack = self.stack, self.stacks.pop()
        return found

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self._read(size), "little")

    # One method for each instruction.

    def global_(self) -> None:
        module = self._line()
        self.stack.append(find(module, self._line()))

    def reduce(self) -> None:
        arguments = self.stack.pop()
        check(type(arguments) is tuple, f"arguments must be a tuple, but got {type(arguments)}")
        function = self.stack.pop()
        self.stack.append(self._called(function, arguments, "Trying to call reduce for unrecognized function"))

    def newobj(self) -> None:
        arguments = self.stack.pop()
        check(type(arguments) is tuple, f"arguments must be a tuple, but got {type(arguments)}")
        kind = self.stack.pop()
        if type(kind) is not Callee and vouched_for(kind):
            self.stack.append(kind.__new__(kind, *arguments))
            return
        refusal = "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got"
        self.stack.append(self._called(kind, arguments, refusal))

    def _called(self, function: Any, arguments: tuple[Any, ...], refusal: str) -> Any:
        if type(function) is Callee:
            if function.name == REBUILD_FROM_TYPE:
                # The one function that takes another as an argument, and checks which.
                arguments = tuple(given.call if type(given) is Callee else given for given in arguments)
            check(Callee not in map(type, arguments), "a function is no argument")
            return function.call(*arguments)
        if vouched_for(function):
            return function(*arguments)
        raise UnpicklingError(f"{refusal} {function!r:.200}")

    def build(self) -> None:
        state = self.stack.pop()
        instance = self.stack[-1]
        if type(instance) is OrderedDict:
            check(type(state) is dict, "the attributes of an OrderedDict come as a dictionary")
            for name in state:
                fine = (
                    type(name) is str
                    and name.isidentifier()
                    and not name.startswith("__")
                    and not hasattr(OrderedDict, name)
                )
                check(fine, f"{name!r} is no attribute that a checkpoint may set on an OrderedDict")
            instance.__dict__.update(state)
        elif vouched_for(type(instance)):
            _build_allowed(instance, state)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted "
                f"via `add_safe_globals`, but got {type(instance)}"
            )

    def append(self) -> None:
        item = self._value()
        check(type(self.stack[-1]) is list, f"Can only append to lists, but got {type(self.stack[-1])}")
        self.stack[-1].append(item)

    def appends(self) -> None:
        items = self._marked()
        check(type(self.stack[-1]) is list, f"Can only extend lists, but got {type(self.stack[-1])}")
        check(Callee not in map(type, items), "a checkpoint holds data, not functions")
        self.stack[-1].extend(items)

    def setitem(self) -> None:
        value, key = self._value(), self._value()
        self._set_items("SETITEM", [key, value])

    def setitems(self) -> None:
        items = self._marked()
        check(Callee not in map(type, items), "a checkpoint holds data, not functions")
        self._set_items("SETITEMS", items)

    def _set_items(self, instruction: str, items: list[Any]) -> None:
        target = self.stack[-1]
        check(
            type(target) in (dict, OrderedDict, Counter),
            f"Can only {instruction} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}",
        )
        for key, value in zip(items[0::2], items[1::2], strict=True):
            check_key(key)
            target[key] = value

    def mark(self) -> None:
        self.stacks.append(self.stack)
        self.stack = []

    def tuple_(self) -> None:
        items = tuple(self._marked())
        self.stack.append(items)

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        check(len(items) == count, "the stack is too short for a tuple")
        self.stack[-count:] = [items]

    def text(self) -> None:
        self.stack.append(self._read(self._unsigned(4)).decode("utf-8", "surrogatepass"))

    def short_text(self) -> None:
        self.stack.append(self._read(self._unsigned(1)).decode("utf-8"))

    def long(self) -> None:
        self.stack.append(decode_long(self._read(self._unsigned(1))))

    def put(self, size: int) -> None:
        self.memo[self._unsigned(size)] = self.stack[-1]

    def get(self, size: int) -> None:
        self.stack.append(self.memo[self._unsigned(size)])

    def persistent(self) -> None:
        key = self.stack.pop()
        check(type(key) is tuple, f"persistent_load id must be tuple or int, but got {type(key)}")
        check(
            len(key) > 0 and key[0] == "storage",
            f"Only persistent_load of storage is allowed, but got {key[0] if key else None!r:.100}",
        )
        check(self.persistent_load is not None, "unsupported persistent id encountered")
        assert self.persistent_load is not None
        found = self.persistent_load(key)
        assert type(found) is Storage
        self.stack.append(found)

    def protocol(self) -> None:
        number = self._unsigned(1)
        if number != 2:
            warnings.warn(
                f"Detected pickle protocol {number} in the checkpoint, which was not the default pickle protocol used by `torch.load` "
                "(2). The weights_only Unpickler might not support all instructions implemented by this protocol, "
                "please file an issue for adding support if you encounter this.",
                stacklevel=2,
            )


def _build_allowed(instance: Any, state: Any) -> None:
    """As pickle does it, for a class that the user vouches for."""
    if hasattr(instance, "__setstate__"):
        instance.__setstate__(state)
        return
    slots = None
    if isinstance(state, tuple) and len(state) == 2:
        state, slots = state
    if state:
        instance.__dict__.update(state)
    for name, value in (slots or {}).items():
        setattr(instance, name, value)


def _constant(value: Any) -> Callable[[Unpickler], None]:
    return lambda machine: machine.stack.append(value)


def _made(kind: Callable[[], Any]) -> Callable[[Unpickler], None]:
    return lambda machine: machine.stack.append(kind())


def _number(form: str) -> Callable[[Unpickler], None]:
    size = struct.calcsize(form)
    return lambda machine: machine.stack.append(struct.unpack(form, machine._read(size))[0])


STOP = ord(".")
_STEPS: dict[int, Callable[[Unpickler], None]] = {
    ord("c"): Unpickler.global_,
    ord("R"): Unpickler.reduce,
    0x81: Unpickler.newobj,
    ord("b"): Unpickler.build,
    ord("a"): Unpickler.append,
    ord("e"): Unpickler.appends,
    ord("s"): Unpickler.setitem,
    ord("u"): Unpickler.setitems,
    ord("("): Unpickler.mark,
    ord("t"): Unpickler.tuple_,
    0x85: lambda machine: machine.tuple_of(1),
    0x86: lambda machine: machine.tuple_of(2),
    0x87: lambda machine: machine.tuple_of(3),
    ord("N"): _constant(None),
    0x89: _constant(False),
    0x88: _constant(True),
    ord(")"): _constant(()),
    ord("]"): _made(list),
    ord("}"): _made(dict),
    0x8F: _made(set),
    ord("J"): _number("<i"),
    ord("K"): _number("<B"),
    ord("M"): _number("<H"),
    ord("G"): _number(">d"),
    ord("X"): Unpickler.text,
    ord("U"): Unpickler.short_text,
    ord("Q"): Unpickler.persistent,
    ord("h"): lambda machine: machine.get(1),
    ord("j"): lambda machine: machine.get(4),
    ord("q"): lambda machine: machine.put(1),
    ord("r"): lambda machine: machine.put(4),
    0x8A: Unpickler.long,
    0x80: Unpickler.protocol,
}
