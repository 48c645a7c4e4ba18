"""Forward-mode differentiation: tensors that carry a tangent.

What enters: tensors and their tangents. What leaves: results, whose tangents `unpack_dual` finds. Within a level the
operations on dual tensors are recorded; a tangent is the derivative of the reverse sweep with respect to its cotangent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from srcgrad.torch.modes import state
from srcgrad.torch.tensor import Tensor


class UnpackedDualTensor(NamedTuple):
    """A tensor and its tangent, or None."""

    primal: Any
    tangent: Any


# The tensors of each level that is open, and their tangents.
_levels: list[list[tuple[Tensor, Tensor]]] = []


def enter_dual_level() -> int:
    """Open a level; its number."""
    if _levels:
        raise RuntimeError("Nested forward mode AD is not supported at the moment")
    _levels.append([])
    return len(_levels) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: tensors are no longer dual."""
    number = len(_levels) - 1 if level is None else level
    if number != len(_levels) - 1:
        raise RuntimeError(
            "Trying to exit a forward AD level that was not the last one that was created. This is not supported."
        )
    _levels.pop()


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """A tensor that carries a tangent."""
    from srcgrad.torch.transforms.derivatives import check_tangent
    from srcgrad.torch.transforms.levels import entered

    if not _levels or (level is not None and level < 0):
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if tensor._a.dtype.kind not in "fc":
        raise ValueError(f"Expected primal to be floating point or complex, but got: {tensor.dtype}")
    if tangent._a.dtype.kind not in "fc":
        raise ValueError(f"Expected tangent to be floating point or complex, but got: {tangent.dtype}")
    check_tangent(tensor, tangent)
    dual = entered(tensor, state.enabled)
    _levels[-1].append((dual, tangent))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """A tensor and its tangent."""
    from srcgrad.torch.transforms.derivatives import pushed
    from srcgrad.torch.transforms.levels import Recording, foreign, left

    if not _levels or (level is not None and level < 0):
        return UnpackedDualTensor(tensor, None)
    duals = _levels[-1]
    own = {dual._node for dual, _ in duals}
    if not tensor._needs or not _reaches(tensor, own):
        return UnpackedDualTensor(tensor, None)
    with Recording() as mode:
        keep = mode.outer and (foreign([tensor], own) or any(v._needs for _, v in duals))
        found = pushed([tensor], [dual for dual, _ in duals])([v for _, v in duals], keep)[0]
        return UnpackedDualTensor(left(tensor, own), found if keep else found.detach())


def _reaches(tensor: Tensor, own: set[Any]) -> bool:
    stack: list[Any] = [tensor.grad_fn]
    seen: set[Any] = set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        if node in own:
            return True
        seen.add(node)
        stack.extend(edge[0] for edge in node.edges if edge is not None)
    return False


class dual_level:  # noqa: N801 - PyTorch's name
    """A level for the length of a `with` block."""

    def __enter__(self) -> int:
        self.level = enter_dual_level()
        return self.level

    def __exit__(self, *_: object) -> None:
        exit_dual_level(level=self.level)
