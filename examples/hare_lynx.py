"""Fit the Lotka-Volterra model to the pelts of hares and lynxes, 1900 to 1920.

What to learn from it: the simulation is an ordinary NumPy program, a time loop that calls a
function and writes each state into an array. Its gradient is one call, `sg.value_and_grad`, and
`--show` prints the program that computes it.

The model and its priors are those of Carpenter's case study in Stan (2018):

    hares' = (α - β lynxes) hares
    lynxes' = (δ hares - γ) lynxes

observed with log-normal noise. Eight parameters are fitted, as logarithms: the rates α, β, γ, δ, both
populations at the start, and the noise of both series.
"""

import sys
from pathlib import Path

import numpy as np
from fitting import confirm, minimise

import srcgrad as sg

HERE = Path(__file__).parent
STEPS_PER_YEAR = 10


def rates(state, theta):
    hares, lynxes = state
    alpha, beta, gamma, delta = theta
    return np.array([(alpha - beta * lynxes) * hares, (delta * hares - gamma) * lynxes])


def simulate(theta, start, years):
    """Both populations at every step of the classical Runge-Kutta method."""
    h = 1.0 / STEPS_PER_YEAR
    states = np.empty((years * STEPS_PER_YEAR + 1, 2))
    states[0] = start
    for i in range(years * STEPS_PER_YEAR):
        z = states[i]
        k1 = rates(z, theta)
        k2 = rates(z + 0.5 * h * k1, theta)
        k3 = rates(z + 0.5 * h * k2, theta)
        k4 = rates(z + h * k3, theta)
        states[i + 1] = z + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return states


def misfit(parameters, observed):
    """The negative logarithm of the posterior density, up to a constant."""
    theta = np.exp(parameters[:4])
    start = np.exp(parameters[4:6])
    sigma = np.exp(parameters[6:])
    states = simulate(theta, start, len(observed) - 1)[::STEPS_PER_YEAR]
    residuals = (np.log(observed) - np.log(states)) / sigma
    likelihood = 0.5 * np.sum(residuals**2) + len(observed) * np.sum(np.log(sigma))

    # Normal priors for the rates, log-normal ones for the start and the noise.
    mean = np.array([1.0, 0.05, 1.0, 0.05])
    width = np.array([0.5, 0.05, 0.5, 0.05])
    prior = 0.5 * np.sum(((theta - mean) / width) ** 2)
    prior += 0.5 * np.sum((parameters[4:6] - np.log(10.0)) ** 2) + np.sum(parameters[4:6])
    prior += 0.5 * np.sum((parameters[6:] + 1.0) ** 2) + np.sum(parameters[6:])
    return likelihood + prior


def first_guess(observed):
    """Rates from what the eye sees: a cycle of ten years around the mean populations."""
    speed = 2 * np.pi / 10.0  # √(αγ) for small oscillations
    hares, lynxes = observed.mean(axis=0)
    theta = np.array([speed, speed / lynxes, speed, speed / hares])
    return np.log(np.concatenate([theta, observed[0], [0.5, 0.5]]))


def plot(years, observed, fitted):
    """Save the fit as a PNG; say so if matplotlib is missing."""
    try:
        import matplotlib as mpl
    except ImportError:
        print("no plot: pip install 'srcgrad[examples]' brings matplotlib")
        return
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    times = np.linspace(years[0], years[-1], len(fitted))
    for column, (name, color) in enumerate([("hares", "tab:orange"), ("lynxes", "tab:blue")]):
        axes.plot(times, fitted[:, column], color=color, label=name)
        axes.plot(years, observed[:, column], "o", color=color)
    axes.set_ylabel("pelts, thousands")
    axes.legend()
    path = HERE / "hare_lynx.png"
    figure.savefig(path, dpi=120)
    print(f"plot saved as {path}")


def main(show=False):
    table = np.loadtxt(HERE / "data" / "hare_lynx.csv", delimiter=",", skiprows=2)
    years, observed = table[:, 0], table[:, [2, 1]]  # the file has lynxes first
    guess = first_guess(observed)

    objective = sg.value_and_grad(misfit)
    _, gradient = objective(guess, observed)
    confirm("gradient", gradient, lambda p: misfit(p, observed), guess)

    fitted = minimise(lambda p: objective(p, observed), guess)
    for name, value in zip(["α", "β", "γ", "δ"], np.exp(fitted), strict=False):
        print(f"{name} = {value:.4f}")
    value, slope = objective(fitted, observed)
    print(f"objective {value:.4f}, largest slope there {np.max(np.abs(slope)):.1e}")
    assert np.allclose(np.exp(fitted[:4]), [0.55, 0.028, 0.80, 0.024], rtol=0.05), "not where the case study ends"

    plot(years, observed, simulate(np.exp(fitted[:4]), np.exp(fitted[4:6]), len(years) - 1))
    if show:
        print(objective.source)


if __name__ == "__main__":
    main(show="--show" in sys.argv[1:])
