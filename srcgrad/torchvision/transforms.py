"""What is done with an image before it enters a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcgrad.torch.tensor import Tensor, wrap


class Compose:
    """Transforms one after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        lines = [f"    {transform}" for transform in self.transforms]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


class ToTensor:
    """An image (height, width, channels) as (channels, height, width); bytes become numbers from 0 to 1."""

    def __call__(self, pic: Any) -> Tensor:
        a = np.asarray(pic)
        if a.ndim not in {2, 3}:
            raise ValueError(f"pic should be 2/3 dimensional. Got {a.ndim} dimensions.")
        if a.ndim == 2:
            a = a[:, :, None]
        planes = np.ascontiguousarray(a.transpose(2, 0, 1))
        return wrap(planes.astype(np.float32) / np.float32(255) if planes.dtype == np.uint8 else planes)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Normalize:
    """Each channel less a mean, over a standard deviation."""

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def __call__(self, tensor: Any) -> Any:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
        if tensor._a.dtype.kind != "f":
            raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
        if tensor._a.ndim < 3:
            raise ValueError(
                f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.shape}"
            )
        std = np.asarray(self.std, tensor._a.dtype)
        if not std.all():
            raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
        mean = np.asarray(self.mean, tensor._a.dtype)
        x: Any = tensor if self.inplace else tensor.clone()  # type: ignore[attr-defined]
        return x.sub_(wrap(mean.reshape(-1, 1, 1))).div_(wrap(std.reshape(-1, 1, 1)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class Lambda:
    """A function of one's own."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
