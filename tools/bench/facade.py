"""The Tensor facade beside PyTorch eager, one thread each: `python -m tools.bench.facade [NAME …]`.

Small operations with their backward, training steps of three networks, and the memory that a graph holds. Rounds
of the two are interleaved; the minimum and the median are printed, and their ratio (ours / PyTorch's).
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import statistics
import sys
import time
from importlib import import_module

import numpy as np

# Many short rounds: some of them fall where nothing else runs.
ROUNDS, SECONDS = 40, 0.004


def modules():
    """Ours, and PyTorch's where it is installed (the extra `oracles`)."""
    import srcgrad.torch

    found = {"srcgrad": srcgrad.torch}
    try:
        import torch
    except ImportError:
        return found
    torch.set_num_threads(1)
    return {**found, "torch": torch}


def tensor(torch, *shape, grad=False):
    values = np.cos(np.arange(np.prod(shape, dtype=int)) * 1.3).reshape(shape).astype(np.float32)
    return torch.from_numpy(values).requires_grad_(grad)


def scaled_sum(torch):
    x = tensor(torch, 10, grad=True)
    return lambda: (x * 2).sum().backward()


def forward_only(torch):
    x = tensor(torch, 10)
    return lambda: x * 2 + x


def expression(torch):
    x, y = tensor(torch, 10, grad=True), tensor(torch, 10, grad=True)
    return lambda: ((x * y).tanh() + x.exp()).mean().backward()


def linear(torch):
    x, w, b = tensor(torch, 1, 10), tensor(torch, 10, 10, grad=True), tensor(torch, 10, grad=True)
    return lambda: (x @ w + b).relu().sum().backward()


def recurrent(torch, *, compiled=False):
    """Fifty steps of a recurrent layer; `compiled` is about ours, PyTorch runs operation by operation."""
    x, h = tensor(torch, 50, 8, 16), tensor(torch, 8, 16)
    w, u = tensor(torch, 16, 16, grad=True), tensor(torch, 16, 16, grad=True)

    def run(x, h, w, u):
        for t in range(50):
            h = torch.tanh(x[t] @ w + h @ u)
        return h.sum()

    if compiled and torch.__name__ != "torch":
        run = torch.compile(run, fullgraph=True)
    return lambda: run(x, h, w, u).backward()


def recurrent_compiled(torch):
    return recurrent(torch, compiled=True)


def mlp(torch):
    nn, optim = import_module(f"{torch.__name__}.nn"), import_module(f"{torch.__name__}.optim")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    return _training(model, optim, nn, tensor(torch, 64, 784), torch.arange(64) % 10)


def lenet(torch):
    nn, optim = import_module(f"{torch.__name__}.nn"), import_module(f"{torch.__name__}.optim")
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    return _training(model, optim, nn, tensor(torch, 64, 1, 28, 28), torch.arange(64) % 10)


def _training(model, optim, nn, images, labels):
    optimizer, loss = optim.SGD(model.parameters(), lr=1e-3, momentum=0.9), nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss(model(images), labels).backward()
        optimizer.step()

    return step


def resnet18(torch):
    from srcgrad.torchvision import models

    if torch.__name__ == "torch":
        # PyTorch runs the same network, made of its own modules.
        model = _by_pytorch(models.resnet18(), torch)
    else:
        model = models.resnet18()
    image = tensor(torch, 1, 3, 64, 64)

    def step():
        model.zero_grad()
        model(image).sum().backward()

    return step


def _by_pytorch(ours, torch):
    """A network of ours in PyTorch's modules, built from what each module says of itself."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, block):
            super().__init__()
            for name, child in block.named_children():
                setattr(self, name, _by_pytorch(child, torch))
            if not hasattr(self, "downsample"):
                self.downsample = nn.Identity()

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            return self.relu(y + self.downsample(x))

    kind = type(ours).__name__
    if kind == "BasicBlock":
        return Block(ours)
    if kind == "Sequential":
        return nn.Sequential(*(_by_pytorch(child, torch) for child in ours))
    if kind == "ResNet":
        head = [_by_pytorch(child, torch) for name, child in ours.named_children() if name != "fc"]
        return nn.Sequential(*head, nn.Flatten(), nn.Linear(512, 1000))
    return eval(f"nn.{ours!r}", {"nn": nn})


CASES = {
    "(x * 2).sum().backward(), n = 10": scaled_sum,
    "x * 2 + x, n = 10": forward_only,
    "five operations and backward, n = 10": expression,
    "a layer and backward, n = 10": linear,
    "fifty recurrent steps and backward, 8x16": recurrent,
    "the same by torch.compile": recurrent_compiled,
    "MLP 784-128-10, batch 64, a step": mlp,
    "LeNet, batch 64, a step": lenet,
    "ResNet-18, 1x3x64x64, forward and backward": resnet18,
}


def timed(action, seconds):
    """How long a call takes, in microseconds, from as many calls as fill a little time."""
    start = time.perf_counter()
    action()
    once = time.perf_counter() - start
    count = max(1, int(seconds / max(once, 1e-7)))
    start = time.perf_counter()
    for _ in range(count):
        action()
    return (time.perf_counter() - start) / count * 1e6


def held_per_element():
    """Bytes that a graph of a thousand products holds for each element of a saved tensor."""
    import tracemalloc

    import srcgrad.torch as torch

    x = tensor(torch, 1000, grad=True)
    tracemalloc.start()
    y = x
    for _ in range(1000):
        y = y * y
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held / 1e6


def main(wanted):
    found = modules()
    names = list(found)
    print(f"{'µs a call: minimum (median)':44s}" + "".join(f"{name:>24s}" for name in names) + f"{'ratio':>10s}")
    for title, make in CASES.items():
        if wanted and not any(word in title for word in wanted):
            continue
        actions = {name: make(torch) for name, torch in found.items()}
        for action in actions.values():
            action()
        times = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name, action in actions.items():
                times[name].append(timed(action, SECONDS))
        least = {name: min(t) for name, t in times.items()}
        text = "".join(f"{least[name]:>13.1f} ({statistics.median(times[name]):>8.1f})" for name in names)
        ratio = f"{least['srcgrad'] / least['torch']:>10.2f}" if "torch" in least else ""
        print(f"{title:44s}{text}{ratio}")
    print(f"bytes held per float32 of a saved tensor: {held_per_element():.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
