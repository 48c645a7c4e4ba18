"""Chains of hidden states, and the price of an option by simulation."""

import math

import numpy as np

from tools.bench.kernels.kernel import Kernel


def hmm_forward(transition, emission, start, seen):
    """The log-likelihood of a hidden Markov model, scaled at each step (Rabiner 1989)."""
    state = start * emission[:, seen[0]]
    scale = np.sum(state)
    state = state / scale
    total = np.log(scale)
    for t in range(1, len(seen)):
        state = (state @ transition) * emission[:, seen[t]]
        scale = np.sum(state)
        state = state / scale
        total = total + np.log(scale)
    return total


def hmm_forward_by_hand(transition, emission, start, seen):
    begun = start * emission[:, seen[0]]
    first = np.sum(begun)
    state = begun / first
    kept = []
    for t in range(1, len(seen)):
        before = state
        moved = state @ transition
        state = moved * emission[:, seen[t]]
        scale = np.sum(state)
        state = state / scale
        kept.append((before, moved, state, scale))
    transition_bar = np.zeros(transition.shape)
    emission_bar = np.zeros(emission.shape)
    state_bar = np.zeros(state.shape)
    for t in range(len(seen) - 1, 0, -1):
        before, moved, state, scale = kept.pop()
        state_bar = (1.0 - state_bar @ state + state_bar) / scale
        emission_bar[:, seen[t]] += state_bar * moved
        moved_bar = state_bar * emission[:, seen[t]]
        transition_bar += np.outer(before, moved_bar)
        state_bar = transition @ moved_bar
    state_bar = (1.0 - state_bar @ begun / first + state_bar) / first
    emission_bar[:, seen[0]] += state_bar * start
    return transition_bar, emission_bar


def monte_carlo(spot, volatility, strike, rate, years, noise):
    """The price of an option on an average, in the model of Black and Scholes, from simulated paths."""
    dt = years / len(noise)
    drift = (rate - 0.5 * volatility**2) * dt
    spread = volatility * math.sqrt(dt)
    price = spot * np.ones(noise.shape[1])
    total = np.zeros(noise.shape[1])
    for t in range(len(noise)):
        price = price * np.exp(drift + spread * noise[t])
        total = total + price
    payoff = np.maximum(total / len(noise) - strike, 0.0)
    return math.exp(-rate * years) * np.mean(payoff)


def monte_carlo_by_hand(spot, volatility, strike, rate, years, noise):
    dt = years / len(noise)
    root = math.sqrt(dt)
    drift = (rate - 0.5 * volatility**2) * dt
    spread = volatility * root
    price = spot * np.ones(noise.shape[1])
    total = np.zeros(noise.shape[1])
    kept = []
    for t in range(len(noise)):
        growth = np.exp(drift + spread * noise[t])
        price = price * growth
        total = total + price
        kept.append((growth, price))
    paid = total / len(noise) - strike
    total_bar = (math.exp(-rate * years) / (paid.size * len(noise))) * (paid > 0.0)
    price_bar = np.zeros(total.shape)
    drift_bar = spread_bar = 0.0
    for t in range(len(noise) - 1, -1, -1):
        growth, price = kept.pop()
        price_bar += total_bar
        power_bar = price_bar * price
        drift_bar += power_bar.sum()
        spread_bar += power_bar @ noise[t]
        price_bar *= growth
    return price_bar.sum(), spread_bar * root - drift_bar * volatility * dt


def _hidden(rng):
    transition = rng.uniform(size=(20, 20))
    emission = rng.uniform(size=(20, 12))
    transition /= transition.sum(axis=1, keepdims=True)
    emission /= emission.sum(axis=1, keepdims=True)
    return transition, emission, np.full(20, 0.05), rng.integers(0, 12, 300)


KERNELS = (
    Kernel(hmm_forward, _hidden, hmm_forward_by_hand, (0, 1), family="loops"),
    Kernel(
        monte_carlo,
        lambda rng: (100.0, 0.2 + 0.01 * rng.uniform(), 95.0, 0.01, 0.5, rng.normal(size=(12, 10000))),
        monte_carlo_by_hand,
        (0, 1),
    ),
)
