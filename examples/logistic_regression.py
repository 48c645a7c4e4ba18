"""Train a logistic regression whose parameters live in a dict.

What to learn from it: the gradient comes back in the structure of the argument, here a dict of an
array and a float, so that an optimiser's step is a line of ordinary Python; and arguments that
are only data, the images and labels of a real program, cost nothing.
"""

import sys

import numpy as np
from fitting import confirm

import srcgrad as sg


def loss(parameters, inputs, labels):
    """Mean negative log-likelihood of labels in {-1, 1}, with a little weight decay."""
    score = inputs @ parameters["weights"] + parameters["bias"]
    return np.mean(np.logaddexp(0.0, -labels * score)) + 1e-3 * np.sum(parameters["weights"] ** 2)


def accuracy(parameters, inputs, labels):
    return np.mean(np.sign(inputs @ parameters["weights"] + parameters["bias"]) == labels)


def main(show=False):
    rng = np.random.default_rng(seed=0)
    inputs = rng.normal(size=(400, 5))
    score = inputs @ np.array([1.5, -2.0, 0.0, 0.7, 0.0]) + 0.5
    labels = np.where(score + 0.5 * rng.logistic(size=400) > 0, 1.0, -1.0)
    parameters = {"weights": np.zeros(5), "bias": 0.0}

    objective = sg.value_and_grad(loss)
    start, gradient = objective(parameters, inputs, labels)
    confirm("weights", gradient["weights"], lambda w: loss({**parameters, "weights": w}, inputs, labels), np.zeros(5))
    confirm("bias", gradient["bias"], lambda b: loss({**parameters, "bias": b}, inputs, labels), 0.0)

    for step in range(301):
        value, gradient = objective(parameters, inputs, labels)
        parameters = {name: parameters[name] - 1.0 * gradient[name] for name in parameters}
        if step % 100 == 0:
            print(f"step {step:4d}   loss {value:.5f}")
    share = accuracy(parameters, inputs, labels)
    print(f"weights {np.round(parameters['weights'], 2)}, bias {parameters['bias']:.2f}: {100 * share:.1f} % right")
    assert value < 0.5 * start
    assert share > 0.9
    if show:
        print(objective.source)


if __name__ == "__main__":
    main(show="--show" in sys.argv[1:])
