"""Why a name of PyTorch is not here: what the AttributeError of a missing name says.

What enters: the name of a module and the name that was asked of it. What leaves: a sentence, from the table below or,
for a slip of the pen, with the nearest name that there is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any, NoReturn

SPARSE = "it has no sparse tensors; dense ones do what NumPy does"
QUANTIZED = "it has no quantized tensors; NumPy computes with whole numbers and floats"
LIBRARIES = "it computes with NumPy and calls neither cuDNN, MIOpen, oneDNN nor FBGEMM; the function without the prefix does the same"
SCRIPT = "it has no TorchScript: functions and modules run as the Python they are"
SYMBOLS = "it traces no programs, so sizes are plain integers; use Python's int, float, min and max"
DEVICES = "it computes on the CPU alone"
DISTRIBUTED = "it runs in one process; start processes with Python's multiprocessing"
NARROW = "NumPy has no such dtype"
NESTED = "it has no nested tensors; pad the parts to one shape, or keep them in a list"
MASKED = "a mask is an argument here: torch.masked.sum(x, mask=m) and its like, or torch.where"
CAPTURE = "it captures and exports no graphs; save a state_dict() instead"

# The first pattern that fits a whole name gives the reason.
REASONS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), reason)
    for pattern, reason in [
        (r"(cudnn|miopen|mkldnn|fbgemm|mkl|nnpack|onednn)_\w+|to_mkldnn", LIBRARIES),
        (r"batch_norm_(backward|elemt|gather|stats|update)\w*|thread_safe_generator", DEVICES),
        (r"(\w*_)?(sparse|crow|ccol|csr|csc|bsr|bsc)(_\w+)?|[hsd]s?p?mm|saddmm|sspaddmm|\w*coo\w*", SPARSE),
        (r"(col_|row_)?indices(_copy)?|values(_copy)?|coalesce|is_coalesced|dense_dim", SPARSE),
        (r"\w*quant\w*|q_\w+|qu?int\w+|qscheme|int_repr|per_(channel|tensor)\w*|choose_qparams\w*", QUANTIZED),
        (r"bits\w+|bit|u?int[1-7]|float[48]_\w+", NARROW),
        (r"sym_\w+|Sym\w+", SYMBOLS),
        (r"MaskedTensor|\w*masked_tensor", MASKED),
        (r"nested\w*|\w*padded_tensor|jagged", NESTED),
        (
            r"distributed\w*|DataParallel|DistributedDataParallel|rpc|fork|wait|Future|futures|is_distributed",
            DISTRIBUTED,
        ),
        (r"xpu|mtia|ipu|is_ipu|is_mtia|is_maia|is_xla|is_vulkan\w*|record_stream|monitor|Event|Stream", DEVICES),
        (r"export|fx|onnx|cond|while_loop|package|library|ops|classes|cpp|ao|AliasDb|\w*Graph\w*", CAPTURE),
        (
            r"Script\w*|\w*Type|(import_ir|parse|merge_type|unify_type)\w*|JIT\w*|Lite\w*|CompilationUnit|\w*Argument\w*",
            SCRIPT,
        ),
        (r"\w*(Dispatch|Schema|Capsule|Tracing|Guard)\w*|IODescriptor|FileCheck|Block|Code|CallStack", SCRIPT),
        (
            r"(\w*DataPipe|DataChunk|\w*datapipe\w*|runtime_validation\w*)",
            "data pipes left PyTorch; use a Dataset or IterableDataset",
        ),
    ]
]


def message(module: str, name: str, known: Iterable[str]) -> str:
    """What to say to someone who asked a module for a name that it does not have."""
    text = f"module {module!r} has no attribute {name!r}"
    for pattern, reason in REASONS:
        if pattern.fullmatch(name):
            return f"{text}: {reason}"
    near = difflib.get_close_matches(name, sorted(known), 1, 0.6)
    return f"{text}; the nearest name is {near[0]!r}" if near else text


# What PyTorch's tensors have and these do not, for one of the reasons above.
OF_TENSORS = frozenset(
    "ccol_indices coalesce col_indices crow_indices dense_dim dequantize indices int_repr is_coalesced q_per_channel_axis "
    "q_per_channel_scales q_per_channel_zero_points q_scale q_zero_point qscheme record_stream row_indices smm sparse_dim "
    "sparse_mask sparse_resize_ sparse_resize_and_clear_ sspaddmm to_mkldnn to_padded_tensor to_sparse to_sparse_bsc "
    "to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr values".split()
)


class Absent:
    """A name that tensors do not have, and why. A descriptor, since a class with a `__getattr__` is slow throughout."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type) -> NoReturn:
        text = f"{kind.__name__!r} object has no attribute {self.name!r}"
        reasons = [reason for pattern, reason in REASONS if pattern.fullmatch(self.name)]
        raise AttributeError(": ".join([text, *reasons[:1]]), name=self.name, obj=kind if owner is None else owner)
