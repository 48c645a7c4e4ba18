"""Reads the pickle inside a checkpoint, and can build tensors and containers and nothing else.

Python's own unpickler calls whatever a file names. This one is a small stack machine of its own: a name is looked up in a fixed table,
only entries of that table are called, each with arguments that it checks, and attributes are set on nothing but an OrderedDict. The
instructions are those that pickle's protocol 2 writes for such data; every other one is refused.
"""

import struct
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError, decode_long
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.stored import (
    STORAGE_NAMES,
    Rebuild,
    Storage,
    StorageType,
    parameter_of,
    tensor_of,
    tensor_types,
    view_of,
)

BLOCKED_MODULES = ("sys", "os", "posix", "nt")
MAX_KEY_DEPTH = 20

# What the user vouches for, by its full name.
_safe_globals: dict[str, Any] = {}


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let checkpoints name these classes and functions, and so call them: do it for code that you trust with any argument."""
    for given in safe_globals:
        if isinstance(given, tuple):
            if len(given) != 2:
                raise ValueError(
                    f"Expected tuple of length 2 (global, str of callable full path), but got tuple of length: {len(given)}"
                )
            if type(given[1]) is not str:
                raise TypeError(
                    f"Expected second item in tuple to be str of callable full path, but got: {type(given[1])}"
                )
            _safe_globals[given[1]] = given[0]
        else:
            _safe_globals[f"{given.__module__}.{given.__qualname__}"] = given


def get_safe_globals() -> list[Any]:
    return list(_safe_globals.values())


def clear_safe_globals() -> None:
    _safe_globals.clear()


class safe_globals:  # noqa: N801 - PyTorch's name
    """add_safe_globals for the length of a with statement."""

    def __init__(self, safe_globals: list[Any]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        self.before = dict(_safe_globals)
        add_safe_globals(self.safe_globals)

    def __exit__(self, *_exception: object) -> None:
        _safe_globals.clear()
        _safe_globals.update(self.before)


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise UnpicklingError(message)


def _check_key(key: Any, depth: int = 0) -> None:
    """Only plain data is hashed, and no tuple of tuples of tuples … that would exhaust the stack."""
    _check(depth < MAX_KEY_DEPTH, "a key of a dictionary or set is nested too deeply")
    if isinstance(key, tuple):
        for part in key:
            _check_key(part, depth + 1)
        return
    plain = key is None or type(key) in (str, int, float, bool, bytes, complex, dtypes.dtype, dtypes.device)
    _check(
        plain or any(type(key) is allowed for allowed in _safe_globals.values()),
        f"{type(key)} is no key of a dictionary or set",
    )


def _ordered_dict(pairs: Any = ()) -> "OrderedDict[Any, Any]":
    made: OrderedDict[Any, Any] = OrderedDict()
    _check(type(pairs) in (list, tuple), "an OrderedDict is built from a list of pairs")
    for pair in pairs:
        _check(type(pair) in (list, tuple) and len(pair) == 2, "an OrderedDict is built from a list of pairs")
        _check_key(pair[0])
        made[pair[0]] = pair[1]
    return made


def _counter(counts: Any = None) -> "Counter[Any]":
    counts = {} if counts is None else counts
    _check(type(counts) is dict, "a Counter is built from a dictionary")
    return Counter(counts)


def _set(members: Any = ()) -> set[Any]:
    _check(type(members) in (list, tuple), "a set is built from a list")
    for member in members:
        _check_key(member)
    return set(members)


def _complex(real: Any, imaginary: Any = 0.0) -> complex:
    _check(type(real) in (int, float) and type(imaginary) in (int, float), "a complex number is built from two numbers")
    return complex(real, imaginary)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    # Any other name of an encoding would import a module.
    _check(type(text) is str and encoding in ("latin1", "latin-1"), "bytes are built from a latin1 text")
    return text.encode("latin1")


def _bytes() -> bytes:
    """What Python's pickler calls for empty bytes alone."""
    return b""


def _bytearray(content: Any = b"", encoding: Any = None) -> bytearray:
    # A number would ask for so much memory.
    if type(content) is str:
        content = _encode(content, encoding)
    _check(type(content) is bytes, "a bytearray is built from bytes")
    return bytearray(content)


def _size(sizes: Any = ()) -> Any:
    _check(type(sizes) in (list, tuple) and all(type(n) is int for n in sizes), "a torch.Size is built from integers")
    return dtypes.Size(sizes)


def _device(kind: Any, index: Any = None) -> Any:
    _check(
        type(kind) is str and (index is None or type(index) is int), "a torch.device is built from a name and a number"
    )
    try:
        return dtypes.device(kind, index)
    except RuntimeError as error:
        raise UnpicklingError(str(error)) from None


def _layout(name: Any) -> Any:
    _check(name == "torch.strided", f"srcgrad has no tensors of layout {name!r}")
    return dtypes.strided


def _rebuild_tensor(storage: Any, storage_offset: Any, size: Any, stride: Any) -> Any:
    return _tensor(storage, storage_offset, size, stride, False)


def _rebuild_tensor_v2(
    storage: Any,
    storage_offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    backward_hooks: Any,
    metadata: Any = None,
) -> Any:
    return _tensor(storage, storage_offset, size, stride, requires_grad, metadata)


def _rebuild_tensor_v3(
    storage: Any,
    storage_offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    backward_hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Any:
    _check(type(dtype) is dtypes.dtype, f"a tensor's dtype must be one, but got {type(dtype)}")
    return _tensor(storage, storage_offset, size, stride, requires_grad, metadata, dtype.name)


def _tensor(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    metadata: Any = None,
    dtype: str | None = None,
) -> Any:
    _check(type(requires_grad) is bool, f"requires_grad must be a bool, but got {type(requires_grad)}")
    array = view_of(storage, offset, size, stride, dtype)
    if metadata:
        _check(type(metadata) is dict and set(metadata) <= {"conj", "neg"}, "a tensor's metadata may say conj and neg")
        array = _changed(storage, array, bool(metadata.get("conj")), bool(metadata.get("neg")))
    _check(not requires_grad or array.dtype.kind in "fc", "only Tensors of floating point dtype can require gradients")
    return tensor_of(array, requires_grad)


def _changed(storage: Storage, array: Any, conjugated: bool, negated: bool) -> Any:
    """What PyTorch views as the conjugate or the negative of a memory is a copy here, as NumPy has no such views."""
    copy = np.zeros(array.shape, array.dtype)

    def change() -> None:
        copy[...] = array.conj() if conjugated else array
        if negated:
            np.negative(copy, out=copy)

    storage.when_filled(change)
    return copy


def _rebuild_parameter(data: Any, requires_grad: Any = True, backward_hooks: Any = None) -> Any:
    _check(isinstance(data, tensor_types()), f"a Parameter is built from a tensor, but got {type(data)}")
    _check(type(requires_grad) is bool, f"requires_grad must be a bool, but got {type(requires_grad)}")
    return parameter_of(data, requires_grad)


def _rebuild_parameter_with_state(data: Any, requires_grad: Any, backward_hooks: Any, state: Any) -> Any:
    return _with_attributes(_rebuild_parameter(data, requires_grad), state)


def _rebuild_from_type_v2(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    _check(
        function in (_rebuild_tensor, _rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter),
        "tensors are built by their functions",
    )
    _check(kind is tensor_types()[0], f"only a Tensor is built, not {kind!r:.200}")
    _check(type(arguments) is tuple, "arguments come as a tuple")
    return _with_attributes(function(*arguments), state)


def _with_attributes(tensor: Any, state: Any) -> Any:
    """The attributes that a user gave a tensor, but none that means something to the class."""
    state = state[0] if type(state) is tuple and len(state) == 2 and not state[1] else state
    if state:
        _check(type(state) is dict, "the attributes of a tensor come as a dictionary")
        for name, value in state.items():
            _check(
                type(name) is str
                and name.isidentifier()
                and not name.startswith("_")
                and not hasattr(type(tensor), name),
                f"{name!r} is no attribute that a checkpoint may set on a tensor",
            )
            setattr(tensor, name, value)
    return tensor


def _unsupported(what: str) -> Callable[..., Any]:
    def refuse(*_arguments: Any) -> Any:
        raise UnpicklingError(f"srcgrad has no {what}")

    return refuse


# What a checkpoint may name, and what it may call.
CALLS: dict[str, Rebuild] = {
    "collections.OrderedDict": _ordered_dict,
    "collections.Counter": _counter,
    "builtins.set": _set,
    "builtins.complex": _complex,
    "builtins.bytearray": _bytearray,
    "builtins.bytes": _bytes,
    "_codecs.encode": _encode,
    "torch.Size": _size,
    "torch.device": _device,
    "torch.serialization._get_layout": _layout,
    "torch.nn.parameter.Parameter": _rebuild_parameter,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor_v2,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter_with_state,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type_v2,
    "torch._utils._rebuild_qtensor": _unsupported("quantized tensors"),
    "torch._utils._rebuild_sparse_tensor": _unsupported("sparse tensors"),
    "torch._utils._rebuild_nested_tensor": _unsupported("nested tensors"),
    "torch._utils._rebuild_meta_tensor_no_storage": _unsupported("tensors on the device meta"),
}


class Callee:
    """Something that a checkpoint has named and may call; never a value of the result."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Rebuild) -> None:
        self.name, self.call = name, call


def _find(module: str, name: str) -> Any:
    if (module, name) in NAME_MAPPING:
        module, name = NAME_MAPPING[module, name]
    elif module in IMPORT_MAPPING:
        module = IMPORT_MAPPING[module]
    path = f"{module}.{name}"
    if module in BLOCKED_MODULES:
        raise UnpicklingError(f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked.")
    if path in CALLS:
        return Callee(path, CALLS[path])
    if path == "torch._tensor.Tensor" or path == "torch.Tensor":
        return tensor_types()[0]
    if module in ("torch", "torch.cuda", "torch.storage"):
        if name in STORAGE_NAMES:
            return StorageType(name, STORAGE_NAMES[name])
        if name == "UntypedStorage":
            return StorageType(name, "uint8")
        if module == "torch" and type(dtypes.NAMES.get(name)) in (dtypes.dtype, dtypes.layout, dtypes.memory_format):
            return dtypes.NAMES[name]
        if name.endswith("Storage"):
            raise UnpicklingError(f"NumPy has no dtype for a {path}")
    if path in _safe_globals:
        return _safe_globals[path]
    path = path.removeprefix("builtins.")
    raise UnpicklingError(
        f"Unsupported global: GLOBAL {path} was not an allowed global by default. "
        f"Please use `torch.serialization.add_safe_globals([{path}])` or the "
        f"`torch.serialization.safe_globals([{path}])` context manager to allowlist this global if you trust this class/function."
    )


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
        except (IndexError, KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise UnpicklingError(f"the pickle is damaged: {type(error).__name__}: {error}") from error

    def _load(self) -> Any:
        steps = _STEPS
        while True:
            code = self._read(1)[0]
            if code == STOP:
                result = self.stack.pop()
                _check(type(result) is not Callee, "a checkpoint holds data, not functions")
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
        _check(type(value) is not Callee, "a checkpoint holds data, not functions")
        return value

    def _marked(self) -> list[Any]:
        found, self.stack = self.stack, self.stacks.pop()
        return found

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self._read(size), "little")

    # One method for each instruction.

    def global_(self) -> None:
        module = self._line()
        self.stack.append(_find(module, self._line()))

    def reduce(self) -> None:
        arguments = self.stack.pop()
        _check(type(arguments) is tuple, f"arguments must be a tuple, but got {type(arguments)}")
        function = self.stack.pop()
        self.stack.append(self._called(function, arguments, "Trying to call reduce for unrecognized function"))

    def newobj(self) -> None:
        arguments = self.stack.pop()
        _check(type(arguments) is tuple, f"arguments must be a tuple, but got {type(arguments)}")
        kind = self.stack.pop()
        if type(kind) is not Callee and any(kind is allowed for allowed in _safe_globals.values()):
            self.stack.append(kind.__new__(kind, *arguments))
            return
        refusal = "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals` but got"
        self.stack.append(self._called(kind, arguments, refusal))

    def _called(self, function: Any, arguments: tuple[Any, ...], refusal: str) -> Any:
        if type(function) is Callee:
            if function.name == "torch._tensor._rebuild_from_type_v2":
                # The one function that takes another as an argument, and checks which.
                arguments = tuple(given.call if type(given) is Callee else given for given in arguments)
            _check(Callee not in map(type, arguments), "a function is no argument")
            return function.call(*arguments)
        if any(function is allowed for allowed in _safe_globals.values()):
            return function(*arguments)
        raise UnpicklingError(f"{refusal} {function!r:.200}")

    def build(self) -> None:
        state = self.stack.pop()
        instance = self.stack[-1]
        if type(instance) is OrderedDict:
            _check(type(state) is dict, "the attributes of an OrderedDict come as a dictionary")
            for name in state:
                fine = (
                    type(name) is str
                    and name.isidentifier()
                    and not name.startswith("__")
                    and not hasattr(OrderedDict, name)
                )
                _check(fine, f"{name!r} is no attribute that a checkpoint may set on an OrderedDict")
            instance.__dict__.update(state)
        elif any(type(instance) is allowed for allowed in _safe_globals.values()):
            _build_allowed(instance, state)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted "
                f"via `add_safe_globals`, but got {type(instance)}"
            )

    def append(self) -> None:
        item = self._value()
        _check(type(self.stack[-1]) is list, f"Can only append to lists, but got {type(self.stack[-1])}")
        self.stack[-1].append(item)

    def appends(self) -> None:
        items = self._marked()
        _check(type(self.stack[-1]) is list, f"Can only extend lists, but got {type(self.stack[-1])}")
        _check(Callee not in map(type, items), "a checkpoint holds data, not functions")
        self.stack[-1].extend(items)

    def setitem(self) -> None:
        value, key = self._value(), self._value()
        self._set_items("SETITEM", [key, value])

    def setitems(self) -> None:
        items = self._marked()
        _check(Callee not in map(type, items), "a checkpoint holds data, not functions")
        self._set_items("SETITEMS", items)

    def _set_items(self, instruction: str, items: list[Any]) -> None:
        target = self.stack[-1]
        _check(
            type(target) in (dict, OrderedDict, Counter),
            f"Can only {instruction} for dict, collections.OrderedDict, collections.Counter, but got {type(target)}",
        )
        for key, value in zip(items[0::2], items[1::2], strict=True):
            _check_key(key)
            target[key] = value

    def mark(self) -> None:
        self.stacks.append(self.stack)
        self.stack = []

    def tuple_(self) -> None:
        items = tuple(self._marked())
        self.stack.append(items)

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        _check(len(items) == count, "the stack is too short for a tuple")
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
        _check(type(key) is tuple, f"persistent_load id must be tuple or int, but got {type(key)}")
        _check(
            len(key) > 0 and key[0] == "storage",
            f"Only persistent_load of storage is allowed, but got {key[0] if key else None!r:.100}",
        )
        _check(self.persistent_load is not None, "unsupported persistent id encountered")
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
