"""Derivatives of Bessel functions by their order, and of incomplete elliptic integrals by their parameter.

Of real arguments, by the integrals of Schläfli (DLMF 10.9.6, 10.9.7, 10.32.4 and 10.32.9) under the integral sign, and by
the power series (10.2.2 and 10.25.2) term by term where those would cancel. All is plain NumPy in the order and the
argument, so that mixed and second derivatives follow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from srcgrad.rules.table import zero

NODES, WEIGHTS = np.polynomial.legendre.leggauss(240)
UNIT, UNIT_WEIGHTS = (NODES + 1) / 2, WEIGHTS / 2
TERMS = np.arange(140.0)
LEAST = -4.0  # third derivatives by the argument reach three orders below


def positive(name: str, v: Any, z: Any, least: float, most: float) -> tuple[Any, Any]:
    """Order and argument as real arrays with an axis for the nodes of a sum."""
    if np.iscomplexobj(v) or np.iscomplexobj(z):
        raise NotImplementedError(
            f"the derivative of {name} by the order, of complex numbers", "hold the order constant"
        )
    v, z = np.asarray(v) + 0.0, np.asarray(z) + 0.0
    if np.any(z <= 0) or np.any(z > most) or np.any(v <= least):
        raise NotImplementedError(
            f"the derivative of {name} by the order is known for orders above {least:g} and arguments in (0, {most:g}]",
            "hold the order constant",
        )
    v, z = np.broadcast_arrays(v[..., None], z[..., None])
    return v, z


def reach(v: Any, z: Any) -> Any:
    """How far exp(-z (cosh t - 1) + |v| t) has to be integrated."""
    return np.arccosh(1 + (45 + 10 * np.abs(v)) / z)


def reach_of_sinh(v: Any, z: Any) -> Any:
    """How far exp(-z sinh t + |v| t) has to be integrated."""
    return np.arcsinh((45 + 10 * np.abs(v)) / z)


zero(reach, reach_of_sinh)


def kve_by_order(v: Any, z: Any) -> Any:
    """The derivative of exp(z) K_v(z) with respect to v: of an even integrand the trapezoidal rule is exact."""
    v, z = positive("kv", v, z, -np.inf, np.inf)
    step = reach(v, z) / len(TERMS)
    t = step * TERMS
    return np.sum(t * np.sinh(v * t) * np.exp(-2 * z * np.sinh(t / 2) ** 2) * step, axis=-1)


def series(v: Any, z: Any, sign: float) -> Any:
    """The derivative of the power series of J (sign -1) or I (sign 1) by v."""
    logarithm = np.log(z / 2)
    size = np.exp((v + 2 * TERMS) * logarithm - special.gammaln(TERMS + 1) - special.gammaln(v + TERMS + 1))
    return np.sum(sign**TERMS * size * (logarithm - special.digamma(v + TERMS + 1)), axis=-1)


def from_above(v: Any, z: Any, function: Any, slope: Any, sign: float) -> Any:
    """The slope by orders that may be below -1, where the series has poles, by recurrence: 10.6.1 and 10.29.1."""
    low = np.asarray(v) <= -1
    w = np.where(low, v + 1, 1.0)
    above = 2 / z * (function(w, z) + w * slope(w, z)) + sign * slope(w + 1, z)
    return np.where(low, above, slope(np.where(low, 1.0, v), z))


def ive_by_order(v: Any, z: Any) -> Any:
    """The derivative of exp(-z) I_v(z) with respect to v."""
    v, z = positive("iv", v, z, LEAST, np.inf)
    if np.any(v <= -1):
        return from_above(v[..., 0], z[..., 0], special.ive, ive_by_order, 1.0)
    small = z <= 100
    if np.any(~small & (v * v > 20 * z)):
        raise NotImplementedError("the derivative of iv by an order as large as that", "hold the order constant")
    near, order = np.where(small, z, 1.0), np.where(small, v, 0.0)
    by_series = series(order, near, 1.0) * np.exp(-near[..., 0])
    z, v = np.where(small, 200.0, z), np.where(small, 0.5, v)
    angle = np.pi * UNIT
    around = -np.sum(angle * np.sin(v * angle) * np.exp(z * (np.cos(angle) - 1)) * UNIT_WEIGHTS, axis=-1)
    # The other integral is exp(-2 z) times as large.
    return np.where(small[..., 0], by_series, around)


def jv_by_order(v: Any, z: Any) -> Any:
    """The derivative of J_v(z) with respect to v."""
    v, z = positive("jv", v, z, LEAST, 60.0)
    if np.any(v <= -1):
        return from_above(v[..., 0], z[..., 0], special.jv, jv_by_order, -1.0)
    small = (z <= 8) | (v >= 1.2 * z)
    by_series = series(np.where(small, v, 1.0), np.where(small, z, 1.0), -1.0)
    v, z = np.where(small, 1.0, v), np.where(small, 10.0, z)
    angle = np.pi * UNIT
    around = np.sum(angle * np.sin(z * np.sin(angle) - v * angle) * UNIT_WEIGHTS, axis=-1)
    length = reach_of_sinh(v, z)
    t = length * UNIT
    falling = np.exp(-z * np.sinh(t) - v * t) * UNIT_WEIGHTS * length
    turn = np.pi * v
    outside = np.sum((np.sin(turn) / np.pi * t - np.cos(turn)) * falling, axis=-1)
    return np.where(small[..., 0], by_series, around + outside)


def yv_by_order(v: Any, z: Any) -> Any:
    """The derivative of Y_v(z) with respect to v."""
    v, z = positive("yv", v, z, -np.inf, 150.0)
    angle = np.pi * UNIT
    around = -np.sum(angle * np.cos(z * np.sin(angle) - v * angle) * UNIT_WEIGHTS, axis=-1)
    length = reach_of_sinh(v, z)
    t = length * UNIT
    turn = np.pi * v
    rising = t * np.exp(v * t - z * np.sinh(t))
    falling = np.exp(-v * t - z * np.sinh(t)) * (t * np.cos(turn) + np.pi * np.sin(turn))
    return around - np.sum((rising - falling) * UNIT_WEIGHTS * length, axis=-1) / np.pi


# Incomplete elliptic integrals: 19.4.5 and 19.4.6, which cancel for small m; there, under the integral sign.


def whole_turns(phi: Any) -> Any:
    """The number of half turns next to an angle."""
    return np.round(phi / np.pi)


zero(whole_turns)


def over_angle(phi: Any, m: Any, power: float) -> Any:
    """The integral of sin² (1 - m sin²)^power from 0 to phi, for small m."""
    turns = whole_turns(phi)
    total = 0.0
    for upper, factor in ((phi - np.pi * turns, 1.0), (np.pi / 2 + 0.0 * turns, 2.0 * turns)):
        square = np.sin(upper[..., None] * UNIT) ** 2
        inner = square * (1 - m[..., None] * square) ** power * UNIT_WEIGHTS
        total = total + factor * upper * np.sum(inner, axis=-1)
    return total


def ellipkinc_by_parameter(phi: Any, m: Any) -> Any:
    """The derivative of F(phi, m) with respect to m."""
    phi, m = np.broadcast_arrays(np.asarray(phi) + 0.0, np.asarray(m) + 0.0)
    small = np.abs(m) < 0.1
    near, far = np.where(small, m, 0.0), np.where(small, 0.5, m)
    by_integral = 0.5 * over_angle(phi, near, -1.5)
    root = np.sqrt(1 - far * np.sin(phi) ** 2)
    rest = special.ellipeinc(phi, far) / (1 - far) - special.ellipkinc(phi, far)
    written = rest / (2 * far) - np.sin(phi) * np.cos(phi) / (2 * (1 - far) * root)
    return np.where(small, by_integral, written)


def ellipeinc_by_parameter(phi: Any, m: Any) -> Any:
    """The derivative of E(phi, m) with respect to m."""
    phi, m = np.broadcast_arrays(np.asarray(phi) + 0.0, np.asarray(m) + 0.0)
    small = np.abs(m) < 0.1
    near, far = np.where(small, m, 0.0), np.where(small, 0.5, m)
    written = (special.ellipeinc(phi, far) - special.ellipkinc(phi, far)) / (2 * far)
    return np.where(small, -0.5 * over_angle(phi, near, -0.5), written)
