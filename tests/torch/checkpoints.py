"""Checkpoints that PyTorch writes for the tests, and what is in any checkpoint, as plain data to compare."""

from collections import Counter, OrderedDict
from typing import Any


def contents(torch: Any) -> dict[str, Any]:
    """What the recorded checkpoints hold, made with PyTorch itself."""
    x = torch.arange(12.0).reshape(3, 4)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    for number, parameter in enumerate(model.parameters()):
        parameter.data = torch.arange(float(parameter.numel())).reshape(parameter.shape) + number
    named = torch.ones(2)
    named.note = "kept"
    return {
        "state_dict": model.state_dict(),
        "views": {
            "x": x,
            "transposed": x.t(),
            "rows": x[1:],
            "column": x[:, 2],
            "expanded": x[:1].expand(3, 4),
            "number": x[2, 3],
        },
        "dtypes": [
            torch.tensor([0, 1, 2], dtype=getattr(torch, name))
            for name in "float64 float32 float16 int64 int32 int16 int8 uint8 bool complex128 complex64 uint16 uint32 uint64".split()
        ],
        "bfloat16": torch.tensor([1.5, -2.0, 3.140625], dtype=torch.bfloat16),
        "lazy": [torch.tensor([1 + 2j]).conj(), torch.tensor([1 + 2j]).conj().imag],
        "containers": {
            "list": [
                1,
                -1,
                300,
                70000,
                -70000,
                2**70,
                2.5,
                None,
                True,
                False,
                "text ä",
                b"bytes\xff",
                b"",
                (),
                (1,),
                (1, 2, 3, 4),
            ],
            "counter": Counter("aab"),
            "set": {1, 2, 3},
            "ordered": OrderedDict([("b", 1), ("a", 2)]),
            "complex": 1 + 2j,
            "bytearray": bytearray(b"xyz"),
            "torch": [torch.float32, torch.bool, torch.Size([2, 3]), torch.device("cpu"), torch.strided],
            1: {(1, "two"): 3.0},
        },
        "empty": [torch.empty(0), torch.empty(2, 0, 3), torch.tensor(3)],
        "gradients": [torch.ones(2, requires_grad=True), torch.zeros(2)],
        "parameters": {
            "w": torch.nn.Parameter(x.clone()),
            "frozen": torch.nn.Parameter(torch.ones(1), requires_grad=False),
        },
        "named": named,
    }


def described(value: Any) -> Any:
    """Tensors of either library and containers, as something that JSON writes and == compares."""
    if isinstance(value, dict):
        kind = [type(value).__name__, [[described(key), described(held)] for key, held in value.items()]]
        return [*kind, described(value._metadata)] if hasattr(value, "_metadata") else kind
    if isinstance(value, set):
        return ["set", sorted(map(described, value))]
    if type(value).__name__ in ("Tensor", "Parameter"):
        return [type(value).__name__, value.requires_grad, getattr(value, "note", None), *_numbers(value)]
    if isinstance(value, list | tuple):
        return [type(value).__name__, [described(held) for held in value]]
    return [type(value).__name__, repr(value)]


def _numbers(tensor: Any) -> list[Any]:
    if hasattr(tensor, "_a"):
        array = tensor._a
    else:
        tensor = tensor.detach().resolve_conj().resolve_neg()
        array = (tensor.float() if tensor.dtype.itemsize == 2 and "bfloat16" in str(tensor.dtype) else tensor).numpy()
    return [array.dtype.name, list(array.shape), [repr(number) for number in array.ravel().tolist()]]
