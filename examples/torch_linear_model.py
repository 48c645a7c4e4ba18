"""A linear model fitted by hand-written steps, with PyTorch's interface.

What to learn from it: the graph is made anew in every pass through the loop, so ordinary Python decides what
it is; parameters are changed in place under `no_grad`, and outside of it that is refused.
"""

import srcgrad.torch as torch


def main():
    inputs = torch.arange(6.0).reshape(2, 3)
    wanted = torch.tensor([[2.0], [3.0]])
    weights = torch.ones((3, 1), requires_grad=True)

    loss = ((inputs.matmul(weights) - wanted) ** 2).mean()
    names, node = [], loss.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    print(" <- ".join(names))

    for step in range(201):
        weights.grad = None
        loss = ((inputs.matmul(weights) - wanted) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            weights.add_(weights.grad, alpha=-0.02)
        if step % 50 == 0:
            print(f"step {step:3d}  loss {loss.item():.2e}")
    assert loss.item() < 1e-3

    try:
        weights.add_(weights.grad)
    except RuntimeError as error:
        print("outside of no_grad:", error)

    # The gradient in closed form: 2/n X^T (X w - y).
    residual = inputs @ weights.detach() - wanted
    assert torch.allclose(weights.grad, inputs.t() @ residual, atol=1e-2)
    print("weights", weights.detach().flatten().tolist())


if __name__ == "__main__":
    main()
