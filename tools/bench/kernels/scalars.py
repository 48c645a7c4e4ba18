"""Scalar code: iterations, an integrator, a closed formula."""

import math

from tools.bench.kernels.kernel import Kernel


def heron(x):
    y = x
    while abs(y * y - x) > 1e-10:
        y = 0.5 * (y + x / y)
    return y


def heron_by_hand(x):
    y = x
    kept = []
    while abs(y * y - x) > 1e-10:
        kept.append(y)
        y = 0.5 * (y + x / y)
    y_bar = 1.0
    x_bar = 0.0
    while kept:
        y = kept.pop()
        s_bar = 0.5 * y_bar
        x_bar += s_bar / y
        y_bar = s_bar - s_bar * x / (y * y)
    return x_bar + y_bar


def logistic_map(rate, n):
    x = 0.3
    for _ in range(n):
        x = rate * x * (1.0 - x) + 0.01 * math.sin(x)
    return x


def logistic_map_by_hand(rate, n):
    x = 0.3
    kept = []
    for _ in range(n):
        kept.append(x)
        x = rate * x * (1.0 - x) + 0.01 * math.sin(x)
    x_bar = 1.0
    rate_bar = 0.0
    for x in reversed(kept):
        rate_bar += x_bar * x * (1.0 - x)
        x_bar *= rate * (1.0 - 2.0 * x) + 0.01 * math.cos(x)
    return rate_bar


def pendulum_rk4(angle, damping, n):
    """Four evaluations of the right side for each step, as one writes them for floats."""
    dt = 0.01
    q, p = angle, 0.0
    for _ in range(n):
        q1, p1 = p, -math.sin(q) - damping * p
        q2, p2 = p + 0.5 * dt * p1, -math.sin(q + 0.5 * dt * q1) - damping * (p + 0.5 * dt * p1)
        q3, p3 = p + 0.5 * dt * p2, -math.sin(q + 0.5 * dt * q2) - damping * (p + 0.5 * dt * p2)
        q4, p4 = p + dt * p3, -math.sin(q + dt * q3) - damping * (p + dt * p3)
        q = q + dt / 6.0 * (q1 + 2.0 * q2 + 2.0 * q3 + q4)
        p = p + dt / 6.0 * (p1 + 2.0 * p2 + 2.0 * p3 + p4)
    return q * q + p * p


def pendulum_rk4_by_hand(angle, damping, n):
    dt = 0.01
    half = 0.5 * dt
    q, p = angle, 0.0
    kept = []
    for _ in range(n):
        q1, p1 = p, -math.sin(q) - damping * p
        q2, p2 = p + half * p1, -math.sin(q + half * q1) - damping * (p + half * p1)
        q3, p3 = p + half * p2, -math.sin(q + half * q2) - damping * (p + half * p2)
        q4, p4 = p + dt * p3, -math.sin(q + dt * q3) - damping * (p + dt * p3)
        kept.append((q, p, q2, q3, p1, p2, p3))
        q = q + dt / 6.0 * (q1 + 2.0 * q2 + 2.0 * q3 + q4)
        p = p + dt / 6.0 * (p1 + 2.0 * p2 + 2.0 * p3 + p4)
    q_bar, p_bar = 2.0 * q, 2.0 * p
    damping_bar = 0.0
    for q, p, q2, q3, p1, p2, p3 in reversed(kept):
        sixth_q, sixth_p = dt / 6.0 * q_bar, dt / 6.0 * p_bar
        q4_bar, p4_bar = sixth_q, sixth_p
        turn = -math.cos(q + dt * q3) * p4_bar
        slow = q4_bar - damping * p4_bar
        damping_bar -= p4_bar * (p + dt * p3)
        q_bar += turn
        p_bar += slow
        q3_bar = 2.0 * sixth_q + dt * turn
        p3_bar = 2.0 * sixth_p + dt * slow
        turn = -math.cos(q + half * q2) * p3_bar
        slow = q3_bar - damping * p3_bar
        damping_bar -= p3_bar * (p + half * p2)
        q_bar += turn
        p_bar += slow
        q2_bar = 2.0 * sixth_q + half * turn
        p2_bar = 2.0 * sixth_p + half * slow
        turn = -math.cos(q + half * p) * p2_bar
        slow = q2_bar - damping * p2_bar
        damping_bar -= p2_bar * (p + half * p1)
        q_bar += turn
        p_bar += slow
        q1_bar = sixth_q + half * turn
        p1_bar = sixth_p + half * slow
        damping_bar -= p1_bar * p
        q_bar -= math.cos(q) * p1_bar
        p_bar += q1_bar - damping * p1_bar
    return q_bar, damping_bar


def black_scholes(spot, volatility, strike, rate, years):
    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    d2 = d1 - spread
    n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
    n2 = 0.5 * (1.0 + math.erf(d2 / math.sqrt(2.0)))
    return spot * n1 - strike * math.exp(-rate * years) * n2


def black_scholes_by_hand(spot, volatility, strike, rate, years):
    root = math.sqrt(years)
    spread = volatility * root
    top = math.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years
    d1 = top / spread
    d2 = d1 - spread
    n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
    n2_bar = -strike * math.exp(-rate * years)
    n1_bar = spot
    scale = 1.0 / math.sqrt(2.0 * math.pi)
    d2_bar = n2_bar * scale * math.exp(-0.5 * d2 * d2)
    d1_bar = n1_bar * scale * math.exp(-0.5 * d1 * d1) + d2_bar
    top_bar = d1_bar / spread
    spread_bar = -d2_bar - d1_bar * d1 / spread
    volatility_bar = spread_bar * root + top_bar * years * volatility
    return n1 + top_bar / spot, volatility_bar


KERNELS = (
    Kernel(heron, lambda rng: (2.0 + rng.uniform(),), heron_by_hand, family="loops"),
    Kernel(logistic_map, lambda rng: (3.2 + 0.1 * rng.uniform(), 1000), logistic_map_by_hand, family="loops"),
    Kernel(
        pendulum_rk4, lambda rng: (0.8 + 0.1 * rng.uniform(), 0.1, 300), pendulum_rk4_by_hand, (0, 1), family="loops"
    ),
    Kernel(
        black_scholes,
        lambda rng: (100.0 + rng.uniform(), 0.2, 95.0, 0.01, 0.5),
        black_scholes_by_hand,
        (0, 1),
        family="loops",
    ),
)
