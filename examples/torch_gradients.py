"""PyTorch's first autograd programs without PyTorch: only the import differs.

What to learn from it: a tensor that requires a gradient remembers how it was used; `backward` walks that graph
and adds to `.grad`; the graph can be looked at, node by node, and its backward can be read as Python source.
"""

import srcgrad.torch as torch
from srcgrad.torch.nn import functional


def one_layer():
    """The gradients of a single layer's parameters."""
    inputs, wanted = torch.ones(5), torch.zeros(3)
    weights = torch.tensor([[0.1 * (i - j) for j in range(3)] for i in range(5)], requires_grad=True)
    offset = torch.tensor([0.1, -0.2, 0.3], requires_grad=True)
    score = torch.matmul(inputs, weights) + offset
    loss = functional.binary_cross_entropy_with_logits(score, wanted)
    loss.backward()
    print("loss", loss)
    print("its node", loss.grad_fn.name(), "comes from", loss.grad_fn.next_functions[0][0].name())
    print("gradient of the offset", offset.grad)
    # A layer's gradient is the error times the input: with inputs of 1, every row is the offset's gradient.
    assert torch.allclose(weights.grad, offset.grad.expand(5, 3))


def accumulation():
    """Gradients add up until they are cleared; a graph is used once unless it is retained."""
    x = torch.eye(3, requires_grad=True)
    y = (x + 1).pow(2)
    y.backward(torch.ones_like(y), retain_graph=True)
    first = x.grad.clone()
    y.backward(torch.ones_like(y), retain_graph=True)
    assert torch.equal(x.grad, 2 * first)
    x.grad.zero_()
    y.backward(torch.ones_like(y))
    assert torch.equal(x.grad, first)
    try:
        y.backward(torch.ones_like(y))
    except RuntimeError as error:
        print("a second time:", str(error).split(".")[0])


def a_vector():
    """A result with several elements needs a vector: backward gives the vector times the Jacobian."""
    x = torch.tensor([1.5, -0.8, -0.6], requires_grad=True)
    y = x * 2
    while y.detach().norm() < 1000:
        y = y * 2
    v = torch.tensor([0.1, 1.0, 0.0001])
    y.backward(v)
    print("doubled until", y.detach().norm().item(), "gradient", x.grad)
    assert torch.allclose(x.grad, v * (y / x).detach())


def without_recording():
    """Three ways to leave something out of the graph."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad
    assert not x.detach().requires_grad
    frozen = torch.tensor([3.0, 4.0])
    (frozen * x).sum().backward()
    assert frozen.grad is None
    print("gradient past a frozen factor", x.grad)


def the_graph_as_source():
    """What a graph computes, as one function."""
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    q = (3 * a**3 - b**2).sum()
    print(torch.adjoint_source(q, {"a": a, "b": b}))
    q.backward()
    assert torch.equal(a.grad, 9 * a.detach() ** 2)
    assert torch.equal(b.grad, -2 * b.detach())


def main():
    for part in (one_layer, accumulation, a_vector, without_recording, the_graph_as_source):
        part()


if __name__ == "__main__":
    main()
