"""TorchScript: there is none. What only marks a function leaves it as it is; what would make a program raises."""

from __future__ import annotations

from typing import Any

from srcgrad.torch import unavailable

_TEXT = (
    "srcgrad.torch has no TorchScript. Call the function or module itself; to keep a trained model save its "
    "state_dict(), and for code of a function see torch.adjoint_source and srcgrad.gradient_source"
)
globals().update(
    unavailable.enter(
        __name__,
        "script trace trace_module load save freeze optimize_for_inference fork wait interface CompilationUnit "
        "ScriptFunction ScriptModule Attribute Future strict_fusion enable_onednn_fusion set_fusion_strategy export_opnames",
        _TEXT,
    )
)


class Error(RuntimeError):
    """Raised by TorchScript; here never."""


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def annotate(the_type: Any, the_value: Any) -> Any:  # noqa: ARG001 - PyTorch's parameter
    """The value."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's isinstance."""
    import builtins

    return builtins.isinstance(obj, target_type)


def ignore(drop: Any = False, **_kwargs: Any) -> Any:
    """Marks a function, which stays as it is."""
    return drop if callable(drop) else lambda fn: fn


def unused(fn: Any) -> Any:
    """Marks a function, which stays as it is."""
    return fn


def export(fn: Any) -> Any:
    """Marks a function, which stays as it is."""
    return fn


def script_if_tracing(fn: Any) -> Any:
    """The function: nothing is traced."""
    return fn


def onednn_fusion_enabled() -> bool:
    """False."""
    return False


Final = Any
