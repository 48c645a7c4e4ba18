"""Modules, a function with a backward of its own, clipping, accumulation over parts of a batch, seeds.

What to learn from it: everything that PyTorch's overview of autograd shows runs on NumPy, with the same numbers
for the same seed.
"""

import srcgrad.torch as torch
from srcgrad.torch import nn, optim
from srcgrad.torch.nn import functional


class Net(nn.Module):
    """Two layers, a scale that is trained and an offset that is not."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.second = nn.Linear(3, 1)
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.register_buffer("offset", torch.tensor([0.25]))

    def forward(self, x):
        return self.second(torch.tanh(self.first(x))) * self.scale + self.offset


class Cube(torch.autograd.Function):
    """x³, with its derivative written by hand."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


def main():
    torch.manual_seed(0)
    net = Net()
    print(net)
    print([name for name, _ in net.named_parameters()])
    net(torch.tensor([[1.0, 2.0], [-1.0, 0.5]])).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert "offset" in net.state_dict()

    x = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Cube.apply, (x,))
    assert torch.autograd.gradgradcheck(Cube.apply, (x,))

    torch.manual_seed(3)
    whole, parts = nn.Linear(2, 1), nn.Linear(2, 1)
    parts.load_state_dict(whole.state_dict())
    inputs = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    wanted = torch.tensor([[1.0], [0.0], [2.0], [1.0]])
    functional.mse_loss(whole(inputs), wanted).backward()
    for k in range(0, 4, 2):
        (functional.mse_loss(parts(inputs[k : k + 2]), wanted[k : k + 2]) / 2).backward()
    assert torch.allclose(whole.weight.grad, parts.weight.grad)
    print("the same gradient, whole and in parts:", parts.weight.grad)

    length = nn.utils.clip_grad_norm_(parts.parameters(), max_norm=1.0)
    print("its length was", length.item())
    optim.SGD(parts.parameters(), lr=0.1).step()

    torch.manual_seed(0)
    print("PyTorch's numbers for the seed 0:", torch.rand(3).tolist())


if __name__ == "__main__":
    main()
