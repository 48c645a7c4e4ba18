"""Files of the safetensors format, read and written by the package of that name (the extra `safetensors`)."""

import os
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.stored import Array, array_of, identity, parts_of, tensor_of, widened

KINDS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
}


def _package() -> Any:
    try:
        import safetensors
    except ImportError as error:
        raise RuntimeError(
            "Attempting to load a safetensors file but safetensors is not installed. "
            "Please install safetensors with: pip install srcgrad[safetensors]"
        ) from error
    return safetensors


def load_file(filename: Any, device: Any = "cpu") -> dict[str, Any]:
    """The tensors of a file by their names. bfloat16 ones become float32."""
    _on_cpu(device)
    with open(os.fspath(filename), "rb") as file:
        return load(file.read())


def load(data: bytes) -> dict[str, Any]:
    """The tensors of a file's content by their names."""
    return {name: tensor_of(_array(entry), False) for name, entry in _package().deserialize(data)}


def save_file(tensors: dict[str, Any], filename: Any, metadata: dict[str, str] | None = None) -> None:
    """Write tensors under their names. The format knows no shared memory and no strides."""
    with open(os.fspath(filename), "wb") as file:
        file.write(save(tensors, metadata))


def save(tensors: dict[str, Any], metadata: dict[str, str] | None = None) -> bytes:
    """The content of a file."""
    arrays = {name: array_of(tensor) for name, tensor in tensors.items()}
    seen: dict[tuple[int, int], str] = {}
    for name, array in arrays.items():
        other = seen.setdefault(identity(parts_of(array).root), name)
        if other != name and np.may_share_memory(array, arrays[other]):
            raise RuntimeError(
                f"Some tensors share memory, this will lead to duplicate memory on disk and potential differences when loading them "
                f"again: {[{other, name}]}.\nA potential way to correctly save your model is to clone() one of them."
            )
        if not array.flags.c_contiguous:
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed. It either means you are trying to save "
                "tensors which are reference of each other in which case it's recommended to save only the full tensors, and reslice at "
                "load time, or simply call `.contiguous()` on your tensor to pack it before saving."
            )
    _package()
    from safetensors.numpy import save as save_arrays

    content: bytes = save_arrays(arrays, metadata)
    return content


def _array(entry: dict[str, Any]) -> Array:
    if entry["dtype"] not in KINDS:
        raise RuntimeError(f"NumPy has no dtype for safetensors' {entry['dtype']}")
    name = KINDS[entry["dtype"]]
    content = np.frombuffer(entry["data"], np.uint8)
    if name == "bfloat16":
        array = widened(content.view("<u2"))
    else:
        array = content.view(np.dtype(name).newbyteorder("<")).astype(name)
    return array.reshape(entry["shape"]).copy()


def _on_cpu(device: Any) -> None:
    if dtypes.device(str(device)).type != "cpu":
        raise RuntimeError(f"srcgrad computes on the CPU: tensors cannot be read onto {device}")
