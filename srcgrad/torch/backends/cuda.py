"""CUDA: not there. Settings are remembered only."""

from __future__ import annotations


class _Matmul:
    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True
    allow_fp16_accumulation = False
    fp32_precision = "none"


matmul = _Matmul()


def is_built() -> bool:
    """False."""
    return False


def flash_sdp_enabled() -> bool:
    """True, as PyTorch says also without a GPU."""
    return True


def mem_efficient_sdp_enabled() -> bool:
    """True, as PyTorch says also without a GPU."""
    return True


def math_sdp_enabled() -> bool:
    """True: that is how attention is computed here."""
    return True


def enable_flash_sdp(enabled: bool) -> None:
    """Changes nothing."""


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Changes nothing."""


def enable_math_sdp(enabled: bool) -> None:
    """Changes nothing."""
