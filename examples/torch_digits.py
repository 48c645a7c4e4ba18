"""Train a network on handwritten digits to more than 97 %, save it, and load it again.

What to learn from it: a training loop as in any PyTorch program, data loader, scheduler and checkpoint included.
The data ships with scikit-learn; a plot of the loss is written where matplotlib is installed.
"""

import importlib.util
import tempfile
from pathlib import Path

from sklearn.datasets import load_digits

import srcgrad.torch as torch
from srcgrad.torch import nn, optim
from srcgrad.torch.nn import functional
from srcgrad.torch.utils.data import DataLoader, TensorDataset, random_split

EPOCHS = 30


def network():
    return nn.Sequential(
        nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def accuracy(model, loader):
    model.eval()
    right = total = 0
    with torch.no_grad():
        for images, labels in loader:
            right += (model(images).argmax(1) == labels).sum().item()
            total += len(labels)
    return right / total


def bar(epoch, text):
    """A line that grows while the training runs."""
    done = 30 * epoch // EPOCHS
    print(f"\r[{'#' * done}{'.' * (30 - done)}] {text}", end="", flush=True)


def plot(losses, path):
    if importlib.util.find_spec("matplotlib") is None:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots()
    axes.semilogy(losses)
    axes.set(xlabel="step", ylabel="loss", title="digits")
    figure.savefig(path)
    print("the loss is plotted in", path)


def main():
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.tensor(digits.data / 16, dtype=torch.float32)
    labels = torch.tensor(digits.target)
    train, test = random_split(TensorDataset(images, labels), [0.8, 0.2])
    loader, held_out = DataLoader(train, batch_size=64, shuffle=True), DataLoader(test, batch_size=256)

    model = network()
    optimizer = optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, epochs=EPOCHS, steps_per_epoch=len(loader))
    losses = []
    for epoch in range(1, EPOCHS + 1):
        model.train()
        for batch, wanted in loader:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(batch), wanted)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        bar(epoch, f"epoch {epoch}  loss {losses[-1]:.4f}")
    reached = accuracy(model, held_out)
    print(f"\n{100 * reached:.2f} % of the held-out digits are read right")
    assert reached > 0.97

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.pt"
        torch.save(model.state_dict(), path)
        again = network()
        again.load_state_dict(torch.load(path))
        assert accuracy(again, held_out) == reached
        print(f"saved and loaded again: {path.stat().st_size} bytes")
    plot(losses, Path(__file__).with_name("torch_digits.png"))


if __name__ == "__main__":
    main()
