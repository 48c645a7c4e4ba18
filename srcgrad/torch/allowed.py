"""What a checkpoint may name, and what it may call with which arguments."""

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.stored import STORAGE_NAMES, Storage, StorageType, parameter_of, tensor_of, tensor_types, view_of

REBUILD_FROM_TYPE = "torch._tensor._rebuild_from_type_v2"
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


def vouched_for(thing: Any) -> bool:
    """Whether the user has said that checkpoints may use this class or function."""
    return any(thing is allowed for allowed in _safe_globals.values())


def check(holds: bool, message: str) -> None:
    if not holds:
        raise UnpicklingError(message)


def check_key(key: Any, depth: int = 0) -> None:
    """Only plain data is hashed, and no tuple of tuples of tuples … that would exhaust the stack."""
    check(depth < MAX_KEY_DEPTH, "a key of a dictionary or set is nested too deeply")
    if isinstance(key, tuple):
        for part in key:
            check_key(part, depth + 1)
        return
    plain = key is None or type(key) in (str, int, float, bool, bytes, complex, dtypes.dtype, dtypes.device)
    check(
        plain or vouched_for(type(key)),
        f"{type(key)} is no key of a dictionary or set",
    )


def _ordered_dict(pairs: Any = ()) -> "OrderedDict[Any, Any]":
    made: OrderedDict[Any, Any] = OrderedDict()
    check(type(pairs) in (list, tuple), "an OrderedDict is built from a list of pairs")
    for pair in pairs:
        check(type(pair) in (list, tuple) and len(pair) == 2, "an OrderedDict is built from a list of pairs")
        check_key(pair[0])
        made[pair[0]] = pair[1]
    return made


def _counter(counts: Any = None) -> "Counter[Any]":
    counts = {} if counts is None else counts
    check(type(counts) is dict, "a Counter is built from a dictionary")
    return Counter(counts)


def _set(members: Any = ()) -> set[Any]:
    check(type(members) in (list, tuple), "a set is built from a list")
    for member in members:
        check_key(member)
    return set(members)


def _complex(real: Any, imaginary: Any = 0.0) -> complex:
    check(type(real) in (int, float) and type(imaginary) in (int, float), "a complex number is built from two numbers")
    return complex(real, imaginary)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    # Any other name of an encoding would import a module.
    check(type(text) is str and encoding in ("latin1", "latin-1"), "bytes are built from a latin1 text")
    content: bytes = text.encode("latin1")
    return content


def _bytes() -> bytes:
    """What Python's pickler calls for empty bytes alone."""
    return b""


def _bytearray(content: Any = b"", encoding: Any = None) -> bytearray:
    # A number would ask for so much memory.
    if type(content) is str:
        content = _encode(content, encoding)
    check(type(content) is bytes, "a bytearray is built from bytes")
    return bytearray(content)


def _size(sizes: Any = ()) -> Any:
    check(type(sizes) in (list, tuple) and all(type(n) is int for n in sizes), "a torch.Size is built from integers")
    return dtypes.Size(sizes)


def _device(kind: Any, index: Any = None) -> Any:
    check(
        type(kind) is str and (index is None or type(index) is int), "a torch.device is built from a name and a number"
    )
    try:
        return dtypes.device(kind, index)
    except RuntimeError as error:
        raise UnpicklingError(str(error)) from None


def _layout(name: Any) -> Any:
    check(name == "torch.strided", f"srcgrad has no tensors of layout {name!r}")
    return dtypes.strided


def _rebuild_tensor(storage: Any, storage_offset: Any, size: Any, stride: Any) -> Any:
    return _tensor(storage, storage_offset, size, stride, False)


def _rebuild_tensor_v2(
    storage: Any,
    storage_offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    _hooks: Any,
    metadata: Any = None,
) -> Any:
    return _tensor(storage, storage_offset, size, stride, requires_grad, metadata)


def _rebuild_tensor_v3(
    storage: Any,
    storage_offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    _hooks: Any,
    dtype: Any,
    metadata: Any = None,
) -> Any:
    check(type(dtype) is dtypes.dtype, f"a tensor's dtype must be one, but got {type(dtype)}")
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
    check(type(requires_grad) is bool, f"requires_grad must be a bool, but got {type(requires_grad)}")
    array = view_of(storage, offset, size, stride, dtype)
    if metadata:
        check(type(metadata) is dict and set(metadata) <= {"conj", "neg"}, "a tensor's metadata may say conj and neg")
        array = _changed(storage, array, bool(metadata.get("conj")), bool(metadata.get("neg")))
    check(not requires_grad or array.dtype.kind in "fc", "only Tensors of floating point dtype can require gradients")
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


def _rebuild_parameter(data: Any, requires_grad: Any = True, _hooks: Any = None) -> Any:
    check(isinstance(data, tensor_types()), f"a Parameter is built from a tensor, but got {type(data)}")
    check(type(requires_grad) is bool, f"requires_grad must be a bool, but got {type(requires_grad)}")
    return parameter_of(data, requires_grad)


def _rebuild_parameter_with_state(data: Any, requires_grad: Any, _hooks: Any, state: Any) -> Any:
    return _with_attributes(_rebuild_parameter(data, requires_grad), state)


def _rebuild_from_type_v2(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    check(
        function in (_rebuild_tensor, _rebuild_tensor_v2, _rebuild_tensor_v3, _rebuild_parameter),
        "tensors are built by their functions",
    )
    check(kind is tensor_types()[0], f"only a Tensor is built, not {kind!r:.200}")
    check(type(arguments) is tuple, "arguments come as a tuple")
    return _with_attributes(function(*arguments), state)


def _with_attributes(tensor: Any, state: Any) -> Any:
    """The attributes that a user gave a tensor, but none that means something to the class."""
    state = state[0] if type(state) is tuple and len(state) == 2 and not state[1] else state
    if state:
        check(type(state) is dict, "the attributes of a tensor come as a dictionary")
        for name, value in state.items():
            check(
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
CALLS: dict[str, Callable[..., Any]] = {
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
    REBUILD_FROM_TYPE: _rebuild_from_type_v2,
    "torch._utils._rebuild_qtensor": _unsupported("quantized tensors"),
    "torch._utils._rebuild_sparse_tensor": _unsupported("sparse tensors"),
    "torch._utils._rebuild_nested_tensor": _unsupported("nested tensors"),
    "torch._utils._rebuild_meta_tensor_no_storage": _unsupported("tensors on the device meta"),
}


class Callee:
    """Something that a checkpoint has named and may call; never a value of the result."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self.name, self.call = name, call


def find(module: str, name: str) -> Any:
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
