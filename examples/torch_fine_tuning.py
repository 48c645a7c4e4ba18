"""A step of training a ResNet-18, then fine-tuning: all of it frozen but a new head.

What to learn from it: frozen parameters cost no backward; the optimiser moves what has a gradient. Give the path
of a checkpoint of torchvision's to start from trained weights: python torch_fine_tuning.py resnet18.pth
"""

import sys

import srcgrad.torch as torch
from srcgrad.torch import nn, optim
from srcgrad.torchvision import models


def main(weights=None):
    torch.manual_seed(0)
    model = models.resnet18(weights=weights)
    image, labels = torch.rand(2, 3, 64, 64), torch.rand(2, 1000)
    optimizer = optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
    loss = nn.functional.mse_loss(model(image), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print("one step on", sum(p.numel() for p in model.parameters()), "parameters, loss", loss.item())

    for parameter in model.parameters():
        parameter.requires_grad = False
    model.fc = nn.Linear(512, 10)
    images, classes = torch.rand(8, 3, 64, 64), torch.arange(8)
    optimizer = optim.SGD(model.fc.parameters(), lr=0.05, momentum=0.9)
    before = model.conv1.weight.clone()
    for step in range(15):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), classes)
        loss.backward()
        optimizer.step()
        print(f"step {step}  loss {loss.item():.4f}")
    assert loss.item() < 0.5
    assert model.conv1.weight.grad is None
    assert torch.equal(before, model.conv1.weight)
    print("the head alone was trained")


if __name__ == "__main__":
    main(*sys.argv[1:])
