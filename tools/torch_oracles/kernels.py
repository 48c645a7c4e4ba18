"""What the kernels of deep learning compute, and their gradients, at small samples.

A case names the kernel, its arguments, and the question to PyTorch. Of each array only its shape and a few weighted sums are
kept: they change with any element, and with any two that change places.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    kernel: str  # module.function in srcgrad.torch.kernels
    args: tuple[Any, ...]
    ask: Callable[..., Any]  # of PyTorch's module and the arguments, arrays as tensors
    constant: tuple[int, ...] = ()  # arguments without a derivative, though they hold floats

    @property
    def active(self) -> list[int]:
        """The arguments that are differentiated."""
        floats = [k for k, a in enumerate(self.args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        return [k for k in floats if k not in self.constant]


def made(*shape: int, phase: float = 0.0) -> Any:
    """Numbers between -2 and 2 without a pattern, no two equal."""
    k = np.arange(np.prod(shape, dtype=int))
    return (2 * np.sin(1.7 * k + 0.9 + phase) * np.cos(0.13 * k * k + phase)).reshape(shape)


def summary(a: Any) -> list[Any]:
    """An array's shape and weighted sums of its elements."""
    a = np.asarray(a, np.float64)
    k = np.arange(a.size)
    sums = [float(np.sum(np.ravel(a) * np.cos(j * (0.7 * k + 1)))) for j in (1, 2, 3)]
    return [list(a.shape), *sums]


def cotangent(y: Any) -> Any:
    """The cotangent with which a case's result is pulled back."""
    return np.cos(1.3 * np.arange(np.size(y)) + 0.5).reshape(np.shape(y))


def answers(torch: Any) -> dict[str, Any]:
    return {name: answer(case, torch) for name, case in cases().items()}


def answer(case: Case, torch: Any) -> dict[str, Any]:
    """PyTorch's results, and the gradients of the first of them."""
    args = [torch.from_numpy(a.copy()) if isinstance(a, np.ndarray) else a for a in case.args]
    leaves = [args[k].requires_grad_() for k in case.active]
    y = case.ask(torch, *args)
    results = y if isinstance(y, tuple) else (y,)
    grads = torch.autograd.grad(results[0], leaves, torch.from_numpy(cotangent(results[0].detach().numpy())))
    return {
        "results": [summary(r.detach().numpy()) for r in results],
        "gradients": [summary(g.numpy()) for g in grads],
    }


def cases() -> dict[str, Case]:
    families = (
        convolutions, poolings, adaptive_poolings, normalisations, borders, patches, resamplings, grids,
        embeddings, distances, alignments,
    )  # fmt: skip
    return {f"{family.__name__} {name}": case for family in families for name, case in family()}


Cases = list[tuple[str, Case]]


def convolutions() -> Cases:
    def ask(torch: Any, *args: Any) -> Any:
        return torch.convolution(*args)

    found: Cases = []
    for n, groups, (kernel, stride, padding, dilation), images in itertools.product(
        (1, 2, 3), (1, 2), ((3, 1, 1, 1), (2, 2, 0, 2), (1, 1, 0, 1), (1, 2, 0, 1)), (1, 3)
    ):
        space = (6, 7, 5)[:n]
        shared = ((stride,) * n, (padding,) * n, (dilation,) * n)
        weight = made(4, 4 // groups, *(kernel,) * n, phase=1)
        args = (made(images, 4, *space), weight, made(4, phase=2), *shared, False, (0,) * n, groups)
        name = f"{n}d {images} images, kernel {kernel}, stride {stride}, dilation {dilation}, groups {groups}"
        found.append((name, Case("convolution.convolution", args, ask)))
        if images == 1:
            extra = (max(stride, dilation) - 1,) * n
            weight = made(4, 6 // groups, *(kernel,) * n, phase=1)
            args = (made(2, 4, *(4, 3, 2)[:n]), weight, made(6, phase=2), *shared, True, extra, groups)
            found.append((f"transposed {name}", Case("convolution.convolution", args, ask)))
    many = (made(9, 3, 24, 20), made(5, 3, 3, 3), made(5), (1, 1), (1, 1), (1, 1), False, (0, 0), 1)
    return [*found, ("large", Case("convolution.convolution", many, ask))]


def poolings() -> Cases:
    found: Cases = []
    for n, kernel, stride, padding, ceil in itertools.product((1, 2, 3), (2, 3), (1, 2, 3), (0, 1), (False, True)):
        space = (7, 8, 6)[:n]
        regular = ((kernel,) * n, (stride,) * n, (padding,) * n)
        name = f"{n}d kernel {kernel}, stride {stride}, padding {padding}, ceil {ceil}"

        def maxima(torch: Any, *args: Any, n: int = n) -> Any:
            return getattr(torch.nn.functional, f"max_pool{n}d")(*args, return_indices=True)

        def means(torch: Any, x: Any, *args: Any, n: int = n) -> Any:
            return getattr(torch.nn.functional, f"avg_pool{n}d")(x, *args)

        coarse = np.round(made(2, 2, *space))
        found.append((f"max {name}", Case("pooling.max_pool", (coarse, *regular, (1,) * n, ceil), maxima)))
        extra = (ceil, stride == 1) if n == 1 else (ceil, stride == 1, 5 if stride == 3 else None)
        found.append((f"mean {name}", Case("pooling.avg_pool", (made(2, 2, *space), *regular, *extra), means)))
    dilated = (made(2, 2, 9, 8), (3, 2), (2, 1), (1, 1), (2, 3), False)
    found.append(("max dilated", Case("pooling.max_pool", dilated, lambda torch, *a: torch.max_pool2d(*a))))
    places = np.array([[[[0, 5], [13, 22]], [[7, 4], [12, 23]]]])
    unpool = (made(1, 2, 2, 2), places, (5, 5))
    found.append((
        "unpool",
        Case("places.max_unpool", unpool, lambda torch, x, i, s: torch.nn.functional.max_unpool2d(x, i, 2, output_size=s)),
    ))  # fmt: skip
    return found


def adaptive_poolings() -> Cases:
    found: Cases = []
    for n, counts in itertools.product((1, 2, 3), ((3, 4, 5), (1, 1, 1), (7, 9, 6))):
        x, counts = made(2, 2, *(7, 8, 5)[:n]), counts[:n]

        def maxima(torch: Any, *args: Any, n: int = n) -> Any:
            return getattr(torch.nn.functional, f"adaptive_max_pool{n}d")(*args, return_indices=True)

        def means(torch: Any, *args: Any, n: int = n) -> Any:
            return getattr(torch.nn.functional, f"adaptive_avg_pool{n}d")(*args)

        found.append((f"max {counts}", Case("adaptive_pooling.adaptive_max_pool", (x, counts), maxima)))
        found.append((f"mean {counts}", Case("adaptive_pooling.adaptive_avg_pool", (x, counts), means)))
        if n > 1:

            def fractional(torch: Any, x: Any, kernel: Any, counts: Any, samples: Any, n: int = n) -> Any:
                pool = getattr(torch.nn.functional, f"fractional_max_pool{n}d")
                return pool(x, kernel, counts, None, True, samples)

            samples = np.abs(np.sin(np.arange(4 * n))).reshape(2, 2, n).astype(np.float64)
            few = (4, 3, 2)[:n]
            args = (x, (2,) * n, few, samples)
            case = Case("adaptive_pooling.fractional_max_pool", args, fractional, constant=(3,))
            found.append((f"fractional {counts}", case))
    return found


def normalisations() -> Cases:
    def batch(torch: Any, *args: Any) -> Any:
        *given, training, eps = args
        y, mean, rstd = torch.native_batch_norm(*given, training, 0.1, eps)
        return (y, mean.detach(), rstd.detach() ** -2 - eps) if training else y

    def group(torch: Any, x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
        images, channels, *space = x.shape
        return torch.native_group_norm(x, weight, bias, images, channels, int(np.prod(space)), groups, eps)

    found: Cases = []
    for shape in ((5, 4), (3, 4, 5), (2, 4, 3, 2)):
        x, w, b = made(*shape) + 1, made(4, phase=1), made(4, phase=2)
        for weight, bias in ((w, b), (None, None)):
            which = "with" if weight is not None else "without"
            args = (x, weight, bias, None, None, True, 1e-3)
            found.append((f"batch of {shape} {which} weight", Case("normalization.batch_norm", args, batch)))
            args = (x, weight, bias, b, w * w + 1, False, 1e-3)
            case = Case("normalization.batch_norm", args, batch, constant=(3, 4))
            found.append((f"running of {shape} {which} weight", case))
            case = Case("normalization.group_norm", (x, weight, bias, 2, 1e-3), group)
            found.append((f"group of {shape} {which} weight", case))
    for lead in (1, 2):
        x = made(3, 4, 5) + 1
        kept = x.shape[lead:]
        args = (x, kept, made(*kept, phase=1), made(*kept, phase=2), 1e-3)
        found.append((
            f"layer {kept}",
            Case("normalization.layer_norm", args, lambda torch, *a: torch.native_layer_norm(*a)),
        ))  # fmt: skip
    return found


def borders() -> Cases:
    def ask(torch: Any, x: Any, pad: Any, mode: Any) -> Any:
        kind = ("constant", mode) if isinstance(mode, float) else (mode,)
        return torch.nn.functional.pad(x, pad, *kind)

    found: Cases = []
    for shape, pad in (((2, 3, 6), (1, 2)), ((2, 3, 6), (-1, 3)), ((2, 2, 4, 5), (2, 1, -1, 3)), ((1, 2, 4, 4, 5), (1, 2, 3, 0, 0, 2))):  # fmt: skip
        for mode in (1.5, "reflect", "replicate", "circular"):
            kernel = "constant_pad" if mode == 1.5 else "border_pad"
            found.append((f"{mode} {pad}", Case(f"padding.{kernel}", (made(*shape), pad, mode), ask)))
    return found


def patches() -> Cases:
    def named(name: str) -> Callable[..., Any]:
        return lambda torch, *args: getattr(torch.nn.functional, name)(*args)

    found: Cases = []
    for kernel, dilation, padding, stride in (((2, 3), (1, 1), (0, 0), (1, 1)), ((2, 3), (2, 1), (1, 2), (2, 3))):
        how = (kernel, dilation, padding, stride)
        found.append((f"unfold {how}", Case("patches.unfold", (made(2, 3, 7, 8), *how), named("unfold"))))
        counts = 36 if stride == (1, 1) else 16
        args = (made(2, 18, counts), (7, 8), *how)
        found.append((f"fold {how}", Case("patches.fold", args, named("fold"))))
    x = made(2, 8, 4, 6)
    found += [(name, Case(f"patches.{name}", (x, 2), named(name))) for name in ("pixel_shuffle", "pixel_unshuffle")]
    return found


def resamplings() -> Cases:
    def ask(
        torch: Any, x: Any, size: Any, mode: str, align_corners: bool, scales: Any = None, antialias: bool = False
    ) -> Any:
        how = {} if mode.startswith("nearest") else {"align_corners": align_corners, "antialias": antialias}
        resize = {"size": size} if scales is None else {"scale_factor": scales}
        return torch.nn.functional.interpolate(x, **resize, mode=mode, **how)

    found: Cases = []
    for mode, size, corners in itertools.product(
        ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"), ((3, 9, 5), (14, 5, 8)), (False, True)
    ):  # fmt: skip
        n = {"linear": 1, "trilinear": 3}.get(mode, 2)
        if corners and mode.startswith("nearest"):
            continue
        x = made(2, 2, *(7, 10, 4)[:n])
        args: tuple[Any, ...] = (x, size[:n], mode, corners)
        found.append((f"{mode} {size[:n]} corners {corners}", Case("resampling.upsample", args, ask)))
        if n == 2 and not mode.startswith("nearest"):
            case = Case("resampling.upsample", (*args, None, True), ask)
            found.append((f"{mode} {size[:n]} corners {corners} antialias", case))
        if not corners:
            scales = tuple(0.7 if size[0] == 3 else 1.6 for _ in range(n))
            sizes = tuple(int(m * s) for m, s in zip(x.shape[2:], scales, strict=True))
            found.append((f"{mode} by {scales}", Case("resampling.upsample", (x, sizes, mode, False, scales), ask)))
    return found


def grids() -> Cases:
    def ask(torch: Any, *args: Any) -> Any:
        return torch.nn.functional.grid_sample(*args)

    def affine(torch: Any, theta: Any, size: Any, align_corners: bool) -> Any:
        return torch.nn.functional.affine_grid(theta, list(size), align_corners)

    found: Cases = []
    for n, mode, padding, corners in itertools.product(
        (2, 3), ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection"), (False, True)
    ):
        if n == 3 and mode == "bicubic":
            continue
        x, grid = made(2, 2, *(4, 5, 3)[:n]), made(2, *(3, 4, 2)[:n], n, phase=1) * 1.3
        case = Case("grid_sampling.grid_sample", (x, grid, mode, padding, corners), ask)
        found.append((f"{n}d {mode} {padding} corners {corners}", case))
    for size, corners in itertools.product(((2, 3, 4, 5), (2, 1, 3, 2, 4)), (False, True)):
        n = len(size) - 2
        case = Case("grid_sampling.affine_grid", (made(2, n, n + 1), size, corners), affine)
        found.append((f"affine {size} corners {corners}", case))
    return found


def embeddings() -> Cases:
    def rows(torch: Any, weight: Any, indices: Any, padding: int) -> Any:
        return torch.nn.functional.embedding(indices, weight, None if padding < 0 else padding)

    def bags(
        torch: Any, weight: Any, indices: Any, offsets: Any, mode: int, shares: Any, last: bool, padding: int
    ) -> Any:
        return torch.nn.functional.embedding_bag(
            indices,
            weight,
            offsets,
            mode=["sum", "mean", "max"][mode],
            per_sample_weights=shares,
            include_last_offset=last,
            padding_idx=None if padding < 0 else padding,
        )

    weight, indices = made(7, 4), np.array([1, 2, 2, 4, 6, 0, 3, 1, 2, 2])
    found: Cases = []
    for padding in (-1, 2):
        case = Case("embedding.embedding", (weight, indices.reshape(2, 5), padding), rows)
        found.append((f"rows, padding {padding}", case))
        for mode, last, weighted in itertools.product((0, 1, 2), (False, True), (False, True)):
            if weighted and mode:
                continue
            offsets = np.array([0, 3, 3, 7, 10] if last else [0, 3, 3, 7])
            args = (weight, indices, offsets, mode, made(10) if weighted else None, last, padding)
            name = f"bags, mode {mode}, last offset {last}, weighted {weighted}, padding {padding}"
            found.append((name, Case("embedding_bags.embedding_bag", args, bags)))
    return found


def distances() -> Cases:
    def ask(torch: Any, a: Any, b: Any, p: float) -> Any:
        return torch.cdist(a, b, p, "donot_use_mm_for_euclid_dist")

    found: Cases = []
    for p in (0.5, 1.0, 1.5, 2.0, 3.0, float("inf")):
        a, b = made(2, 4, 3), made(2, 5, 3, phase=1)
        b[0, 1] = a[0, 2]
        found.append((f"between, p {p}", Case("distances.cdist", (a, b, p), ask)))
        case = Case("distances.pdist", (made(5, 3), p), lambda torch, *args: torch.nn.functional.pdist(*args))
        found.append((f"among, p {p}", case))
    return found


def alignments() -> Cases:
    def ask(torch: Any, log_probs: Any, targets: Any, times: Any, labels: Any, blank: int, zero_infinity: bool) -> Any:
        return torch._ctc_loss(log_probs, targets, times, labels, blank, zero_infinity)[0]

    x = made(9, 4, 5)
    log_probs = x - np.log(np.sum(np.exp(x), axis=2, keepdims=True))
    targets, times, labels = np.array([[1, 2, 2], [3, 0, 0], [4, 1, 0], [2, 2, 2]]), [9, 5, 6, 9], [3, 1, 2, 0]
    flat = np.array([1, 2, 2, 3, 4, 1])
    lost = (log_probs, targets, np.array([4, 3, 2, 3]), np.array([3, 1, 2, 3]), 0, True)
    usual = (np.array(times), np.array(labels), 0, False)
    return [
        ("padded", Case("ctc.ctc_loss", (log_probs, targets, *usual), ask)),
        ("one vector", Case("ctc.ctc_loss", (log_probs, flat, *usual), ask)),
        ("out of reach", Case("ctc.ctc_loss", lost, ask)),
    ]
