"""PyTorch's interface on NumPy arrays: `import srcgrad.torch as torch`.

What enters: programs written for PyTorch on a CPU. What leaves: the same numbers, texts and errors, without
PyTorch. Every operation is a NumPy function with an entry in srcgrad's table of derivative rules, from which
its backward is generated; `y.grad_fn.source` shows it.

    dtypes, devices, printing       what a tensor is made of and how it looks
    tensor, graph, modes, inplace   the tensor, the graph behind it, and writes into it
    plan, primitive, recorded       from an entry of the table to an operation and its backward
    kernels                         functions that NumPy lacks, with their entries
    ops                             the operations, family by family
    nn, optim, utils, …             what PyTorch builds on them
"""

from __future__ import annotations

import difflib
import warnings
from importlib import import_module
from typing import Any

from srcgrad.torch import autograd as autograd
from srcgrad.torch import creation, dtypes, modes, names
from srcgrad.torch.creation import LEGACY_TYPES, result_type
from srcgrad.torch.dtypes import Size as Size
from srcgrad.torch.dtypes import (
    can_cast,
    finfo,
    get_default_dtype,
    iinfo,
    promote_types,
    set_default_dtype,
)
from srcgrad.torch.devices import device as device
from srcgrad.torch.devices import get_default_device as get_default_device
from srcgrad.torch.devices import set_default_device as set_default_device
from srcgrad.torch.dtypes import dtype as dtype
from srcgrad.torch.generator import Generator as Generator
from srcgrad.torch.generator import default_generator as default_generator
from srcgrad.torch.dtypes import layout as layout
from srcgrad.torch.dtypes import memory_format as memory_format
from srcgrad.torch.modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from srcgrad.torch.printing import set_printoptions as set_printoptions
from srcgrad.torch.tensor import Tensor as Tensor

# PyTorch says nothing where a logarithm of zero or a division by zero is computed.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"srcgrad\.torch\b")

__version__ = "2.13.0+srcgrad"

# The modules of `ops`, in the order in which they build on each other.
FAMILIES = [
    "core",
    "arithmetic",
    "conversion",
    "memory",
    "views",
    "parts",
    "writing",
    "indexing",
    "joining",
    "choosing",
    "scattering",
    "shapes",
    "sorting",
    "searching",
    "reducing",
    "copies",
    "storages",
    "reshaping",
    "functions",
    "comparison",
    "activations",
    "rounding",
    "pairs",
    "complex_numbers",
    "special_functions",
    "windows",
    "losses",
    "logic",
    "contractions",
    "products",
    "einsum",
    "reductions",
    "extrema",
    "cumulative",
    "statistics",
    "systems",
    "determinants",
    "factors",
    "spectra",
    "matrix_norms",
    "random",
]
# Modules that are imported when they are first asked for.
LAZY = {"nn", "optim", "autograd", "func", "linalg", "fft", "special", "random", "utils", "signal", "masked", "testing",
        "serialization", "cuda", "backends", "version", "hub", "jit", "multiprocessing", "distributions", "return_types",
        "types", "storage", "futures", "overrides", "onnx", "fx", "quantization", "sparse", "ao", "amp", "cpu", "mps",
        "profiler", "compiler"}  # fmt: skip

_SHORT = {
    "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
    "cfloat": "complex64", "cdouble": "complex128", "chalf": "complex32",
}  # fmt: skip

for _family in FAMILIES:
    import_module(f"srcgrad.torch.ops.{_family}")


def __getattr__(name: str) -> Any:
    if name in names.FUNCTIONS:
        found: Any = names.FUNCTIONS[name]
    elif name in names.WRITERS and hasattr(Tensor, name):
        found = getattr(Tensor, name)
    elif name in dtypes.NAMES:
        found = dtypes.NAMES[name]
    elif name in _SHORT:
        found = dtypes.NAMES[_SHORT[name]]
    elif name in LEGACY_TYPES:
        found = LEGACY_TYPES[name]
    elif name in LAZY:
        try:
            found = import_module(f"srcgrad.torch.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"srcgrad.torch has no module {name!r}") from error
    else:
        near = difflib.get_close_matches(name, sorted([*names.FUNCTIONS, *globals(), *LAZY]), 1, 0.5)
        hint = f"; the nearest name is {near[0]!r}" if near else ""
        raise AttributeError(f"module 'srcgrad.torch' has no attribute {name!r}{hint}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *names.FUNCTIONS, *dtypes.NAMES, *LEGACY_TYPES, *LAZY})


# A function that has the name of a module is meant, where both exist.
tensor = names.FUNCTIONS["tensor"]

from srcgrad.torch import random as random  # noqa: E402 - after the operations
from srcgrad.torch.random import get_rng_state as get_rng_state  # noqa: E402
from srcgrad.torch.random import initial_seed as initial_seed  # noqa: E402
from srcgrad.torch.random import manual_seed as manual_seed  # noqa: E402
from srcgrad.torch.random import seed as seed  # noqa: E402
from srcgrad.torch.random import set_rng_state as set_rng_state  # noqa: E402
from srcgrad.torch.serialization import load as load  # noqa: E402
from srcgrad.torch.serialization import save as save  # noqa: E402
from srcgrad.torch.source import adjoint_source as adjoint_source  # noqa: E402
