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

import warnings
from importlib import import_module
from importlib.util import find_spec
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import Any

from srcgrad.torch import absent, creation, dtypes, filling, modes, names
from srcgrad.torch import autograd as autograd
from srcgrad.torch.creation import LEGACY_TYPES
from srcgrad.torch.creation import result_type as result_type
from srcgrad.torch.devices import device as device
from srcgrad.torch.devices import get_default_device as get_default_device
from srcgrad.torch.devices import set_default_device as set_default_device
from srcgrad.torch.dtypes import Size as Size
from srcgrad.torch.dtypes import can_cast as can_cast
from srcgrad.torch.dtypes import dtype as dtype
from srcgrad.torch.dtypes import finfo as finfo
from srcgrad.torch.dtypes import get_default_dtype as get_default_dtype
from srcgrad.torch.dtypes import iinfo as iinfo
from srcgrad.torch.dtypes import layout as layout
from srcgrad.torch.dtypes import memory_format as memory_format
from srcgrad.torch.dtypes import promote_types as promote_types
from srcgrad.torch.dtypes import set_default_dtype as set_default_dtype
from srcgrad.torch.generator import Generator as Generator
from srcgrad.torch.generator import default_generator as default_generator
from srcgrad.torch.modes import enable_grad as enable_grad
from srcgrad.torch.modes import inference_mode as inference_mode
from srcgrad.torch.modes import is_grad_enabled as is_grad_enabled
from srcgrad.torch.modes import is_inference_mode_enabled as is_inference_mode_enabled
from srcgrad.torch.modes import no_grad as no_grad
from srcgrad.torch.modes import set_grad_enabled as set_grad_enabled
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
    "protocols",
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
    "fourier",
    "short_time",
    "low_rank",
    "removed",
    "random",
]
# Modules that are imported when they are first asked for.
LAZY = {"nn", "optim", "autograd", "func", "linalg", "fft", "special", "random", "utils", "signal", "masked", "testing",
        "serialization", "cuda", "backends", "version", "hub", "jit", "multiprocessing", "distributions", "return_types",
        "types", "storage", "overrides", "onnx", "fx", "amp", "cpu", "mps", "functional", "accelerator", "distributed",
        "profiler", "compiler", "torch_version"}  # fmt: skip

# Where names are that are neither operations nor modules.
ELSEWHERE = {
    name: module
    for module, words in {
        "settings": "get_num_threads set_num_threads get_num_interop_threads set_num_interop_threads init_num_threads "
        "use_deterministic_algorithms are_deterministic_algorithms_enabled is_deterministic_algorithms_warn_only_enabled "
        "get_deterministic_debug_mode set_deterministic_debug_mode get_float32_matmul_precision "
        "set_float32_matmul_precision set_warn_always is_warn_always_enabled set_flush_denormal set_default_tensor_type "
        "is_storage typename compiled_with_cxx11_abi get_device get_device_module has_lapack has_mkl has_openmp "
        "has_spectral is_inference is_vulkan_available OutOfMemoryError AcceleratorError FatalError",
        "overrides": "DisableTorchFunction DisableTorchFunctionSubclass",
        "storage": "UntypedStorage TypedStorage FloatStorage DoubleStorage HalfStorage LongStorage IntStorage ShortStorage "
        "CharStorage ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage",
        "amp": "autocast GradScaler is_autocast_enabled is_autocast_cpu_enabled get_autocast_dtype get_autocast_cpu_dtype "
        "get_autocast_gpu_dtype set_autocast_enabled set_autocast_dtype set_autocast_cpu_enabled set_autocast_cpu_dtype "
        "set_autocast_cache_enabled is_autocast_cache_enabled clear_autocast_cache autocast_increment_nesting "
        "autocast_decrement_nesting",
        "compiler": "compile",
        "func": "vmap",
        "autograd.anomaly": "is_anomaly_enabled is_anomaly_check_nan_enabled set_anomaly_enabled",
        "interchange": "from_dlpack to_dlpack from_file",
    }.items()
    for name in words.split()
}
# The in-place forms `torch.relu_(x)`, each the method of that name.
INPLACE = {
    f"{name}_"
    for name in "abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh as_strided asin asinh atan atanh ceil "
    "clamp clamp_max clamp_min clip conj_physical cos cosh deg2rad detach erf erfc exp exp2 expm1 fill fix floor frac gcd "
    "i0 index_put lcm ldexp log log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal relu resize_as round "
    "rsqrt sigmoid sin sinc sinh sqrt square squeeze tan tanh trunc xlogy zero".split()
}

_SHORT = {
    "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
    "cfloat": "complex64", "cdouble": "complex128", "chalf": "complex32",
}  # fmt: skip

for _family in FAMILIES:
    import_module(f"srcgrad.torch.ops.{_family}")


def _found(name: str) -> Any:
    """What a name stands for, or None."""
    if name in names.FUNCTIONS:
        return names.FUNCTIONS[name]
    for table in (dtypes.NAMES, LEGACY_TYPES):
        if name in table:
            return table[name]
    if name in _SHORT:
        return dtypes.NAMES[_SHORT[name]]
    if name in ELSEWHERE:
        return getattr(import_module(f"srcgrad.torch.{ELSEWHERE[name]}"), name)
    if name in LAZY and find_spec(f"srcgrad.torch.{name}") is not None:
        return import_module(f"srcgrad.torch.{name}")
    if name.startswith("_"):
        return None
    # Layers are functions of both; they are imported with nn.
    import_module("srcgrad.torch.nn")
    if name in names.FUNCTIONS:
        return names.FUNCTIONS[name]
    return getattr(Tensor, name, None) if name in INPLACE else None


def __getattr__(name: str) -> Any:
    found = _found(name)
    if found is None:
        raise AttributeError(absent.message("srcgrad.torch", name, __dir__()))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    known = {*globals(), *names.FUNCTIONS, *dtypes.NAMES, *LEGACY_TYPES, *LAZY, *ELSEWHERE, *INPLACE}
    return sorted(known - {"absent", "creation", "modes", "names", "import_module", "find_spec", "annotations", "Any"})


newaxis = None
# A function that has the name of a module is meant, where both exist.
tensor = names.FUNCTIONS["tensor"]

from srcgrad.torch import random as random
from srcgrad.torch.random import get_rng_state as get_rng_state
from srcgrad.torch.random import initial_seed as initial_seed
from srcgrad.torch.random import manual_seed as manual_seed
from srcgrad.torch.random import seed as seed
from srcgrad.torch.random import set_rng_state as set_rng_state
from srcgrad.torch.serialization import load as load
from srcgrad.torch.serialization import save as save
from srcgrad.torch.source import adjoint_source as adjoint_source
