"""Export to ONNX: not here."""

from __future__ import annotations

from srcgrad.torch import unavailable


def is_in_onnx_export() -> bool:
    """False."""
    return False


class OnnxExporterError(Exception):
    """Raised by PyTorch's exporter; here never."""


globals().update(
    unavailable.enter(
        __name__,
        "export ONNXProgram ExportableModule InputObserver",
        "srcgrad.torch exports no ONNX. Save the state_dict() with torch.save, load it in PyTorch and export there",
    )
)
