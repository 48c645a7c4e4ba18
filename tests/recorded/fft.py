"""numpy.fft: sizes, axes and norms."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.recorded.drawing import complex_, real

WAYS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "": (("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"), {}),
    ", longer": (("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"), {"n": 7}),
    ", shorter": (("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"), {"n": 3}),
    " along 0, ortho": (("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"), {"axis": 0, "norm": "ortho"}),
    ", forward": (("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"), {"norm": "forward"}),
    " of two": (("fft2", "ifft2", "rfft2", "irfft2"), {}),
    " of two, sized": (("fft2", "ifft2", "rfft2", "irfft2"), {"s": (3, 5), "axes": (1, 0)}),
    " of all": (("fftn", "ifftn", "rfftn", "irfftn"), {}),
    " of some": (("fftn", "ifftn", "rfftn", "irfftn"), {"axes": (0,), "norm": "ortho"}),
    " shifted": (("fftshift", "ifftshift"), {}),
    " shifted along 1": (("fftshift", "ifftshift"), {"axes": 1}),
}
OF_REALS = ("rfft", "ihfft", "rfft2", "rfftn")


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    def sample(name: str, keywords: dict[str, Any]) -> tuple[Any, ...]:
        function = getattr(xp.fft, name, None)
        return (lambda x: function(x**2, **keywords), real(4, 5) if name in OF_REALS else complex_(4, 3))

    def of_reals(name: str) -> tuple[Any, ...]:
        function = getattr(xp.fft, name, None)
        return (lambda x: function(x**2), real(2, 4))

    return {
        **{f"{name}{how}": sample(name, keywords) for how, (names, keywords) in WAYS.items() for name in names},
        **{f"{name} of reals": of_reals(name) for name in ("fft", "ifft", "irfft", "fft2", "fftshift")},
        "spectrum": (lambda x: xp.abs(xp.fft.rfft(x)) ** 2, real(6)),
        "filter": (lambda x, h: xp.fft.irfft(xp.fft.rfft(x) * xp.fft.rfft(h), n=5), real(5), real(5)),
    }
