"""Whether two answers, as `tools.torch_oracles.plain` writes them, say the same."""

from __future__ import annotations

import math
from typing import Any


def differences(told: Any, said: Any, where: str = "", rel: float = 1e-9, small: float = 1e-12) -> list[str]:
    """The places at which an answer differs from what was told, with both."""
    if isinstance(told, dict) and isinstance(said, dict):
        if list(told) != list(said):
            return [f"{where}: {list(said)} wants {list(told)}"]
        if "tensor" in told and told["tensor"] in {"torch.float32", "torch.complex64"}:
            rel, small = max(rel, 1e-5), max(small, 1e-6)
        return [d for key in told for d in differences(told[key], said[key], f"{where}.{key}", rel, small)]
    if isinstance(told, list) and isinstance(said, list):
        if len(told) != len(said):
            return [f"{where}: {said!r} wants {told!r}"]
        pairs = enumerate(zip(told, said, strict=True))
        return [d for k, (a, b) in pairs for d in differences(a, b, f"{where}[{k}]", rel, small)]
    if isinstance(told, float) and isinstance(said, float):
        same = math.isclose(told, said, rel_tol=rel, abs_tol=small) or (told != told and said != said)
        return [] if same else [f"{where}: {said!r} wants {told!r}"]
    return [] if told == said and type(told) is type(said) else [f"{where}: {said!r} wants {told!r}"]
