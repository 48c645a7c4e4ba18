"""scipy.special, continued: Bessel functions, integrals, elliptic and hypergeometric functions, polynomials.

The sections named are those of the NIST handbook (dlmf.nist.gov).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from srcgrad.rules.scipy.orders import (  # noqa: F401 - in the rules' texts
    ellipeinc_by_parameter,
    ellipkinc_by_parameter,
    ive_by_order,
    jv_by_order,
    kve_by_order,
    yv_by_order,
)
from srcgrad.rules.scipy.special import log1p_ratio, partly  # noqa: F401 - the former in a rule's text
from srcgrad.rules.support import guarded, unbroadcast  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import elementwise, rule

# Bessel functions: sections 10.6 and 10.29.

elementwise(special.j0, "-special.j1(x)")
elementwise(special.j1, "0.5 * (special.j0(x) - special.jv(2.0, x))")
elementwise(special.y0, "-special.y1(x)")
elementwise(special.y1, "0.5 * (special.y0(x) - special.yv(2.0, x))")
elementwise(special.i0, "special.i1(x)")
elementwise(special.i1, "0.5 * (special.i0(x) + special.iv(2.0, x))")
elementwise(special.k0, "-special.k1(x)")
elementwise(special.k1, "-0.5 * (special.k0(x) + special.kv(2.0, x))")
elementwise(special.i0e, "special.i1e(x) - np.sign(x) * y")
elementwise(special.i1e, "0.5 * (special.i0e(x) + special.ive(2.0, x)) - np.sign(x) * y")
elementwise(special.k0e, "y - special.k1e(x)")
elementwise(special.k1e, "y - 0.5 * (special.k0e(x) + special.kve(2.0, x))")
partly(special.jv, "v, z", v="jv_by_order(v, z)", z="0.5 * (special.jv(v - 1.0, z) - special.jv(v + 1.0, z))")
partly(special.yv, "v, z", v="yv_by_order(v, z)", z="0.5 * (special.yv(v - 1.0, z) - special.yv(v + 1.0, z))")
partly(
    special.iv, "v, z", v="np.exp(z) * ive_by_order(v, z)", z="0.5 * (special.iv(v - 1.0, z) + special.iv(v + 1.0, z))"
)
partly(
    special.kv,
    "v, z",
    v="np.exp(-z) * kve_by_order(v, z)",
    z="-0.5 * (special.kv(v - 1.0, z) + special.kv(v + 1.0, z))",
)
partly(special.yn, "n, x", x="0.5 * (special.yv(n - 1.0, x) - special.yv(n + 1.0, x))")
partly(special.kn, "n, x", x="-0.5 * (special.kv(n - 1.0, x) + special.kv(n + 1.0, x))")
partly(special.kve, "v, z", v="kve_by_order(v, z)", z="y - 0.5 * (special.kve(v - 1.0, z) + special.kve(v + 1.0, z))")
partly(
    special.ive,
    "v, z",
    v="ive_by_order(v, z)",
    z="0.5 * (special.ive(v - 1.0, z) + special.ive(v + 1.0, z)) - direction(z) * y",
)
for hankel in (special.hankel1, special.hankel2):
    name = f"special.{hankel.__name__}"
    partly(hankel, "v, z", z=f"0.5 * ({name}(v - 1.0, z) - {name}(v + 1.0, z))")
for hankel, factor in ((special.hankel1e, "-1j"), (special.hankel2e, "1j")):
    name = f"special.{hankel.__name__}"
    partly(hankel, "v, z", z=f"0.5 * ({name}(v - 1.0, z) - {name}(v + 1.0, z)) + {factor} * y")


def direction(z: Any) -> Any:
    """The derivative of |Re z|, by which ive is scaled: of complex z that is not holomorphic."""
    if np.iscomplexobj(z):
        raise NotImplementedError("ive of complex numbers", "use iv, which is holomorphic")
    return np.sign(z)


# Spherical Bessel functions, whose second derivative the differential equation gives: 10.47.1 and 10.47.2.


def spherical_slope(function: Any, sign: float, y: Any, n: Any, z: Any, derivative: bool) -> Any:
    """The derivative of a spherical Bessel function, or of its derivative y."""
    if not derivative:
        return function(n, z, True)
    return -2 / z * y - sign * (1 - sign * n * (n + 1) / (z * z)) * function(n, z)


for spherical, sign in (
    (special.spherical_jn, 1.0),
    (special.spherical_yn, 1.0),
    (special.spherical_in, -1.0),
    (special.spherical_kn, -1.0),
):
    slope = f"spherical_slope(special.{spherical.__name__}, {sign}, y, n, z, derivative)"
    partly(spherical, "n, z, derivative=False", z=slope)

# Airy functions, section 9.2: each derivative is the next result, the second is z times the function.
rule(
    special.airy,
    "z",
    vjp={"z": "y_bar[0] * y[1] + y_bar[1] * z * y[0] + y_bar[2] * y[3] + y_bar[3] * z * y[2]"},
    jvp={"z": "(z_dot * y[1], z_dot * z * y[0], z_dot * y[3], z_dot * z * y[2])"},
)

# Struve functions: 11.4.26 and 11.4.30.


def struve_term(v: Any, x: Any) -> Any:
    """(x / 2)^v / (sqrt(pi) gamma(v + 3/2))."""
    return (x / 2) ** v * special.rgamma(v + 1.5) / np.sqrt(np.pi)


partly(
    special.struve,
    "v, x",
    x="0.5 * (special.struve(v - 1.0, x) - special.struve(v + 1.0, x) + struve_term(v, x))",
)
partly(
    special.modstruve,
    "v, x",
    x="0.5 * (special.modstruve(v - 1.0, x) + special.modstruve(v + 1.0, x) + struve_term(v, x))",
)

# Integrals: sections 6.2, 7.2, 8.19 and 25.12.


def expn_slope(n: Any, x: Any) -> Any:
    """The derivative of the integral of order n; of order 0 it is written out."""
    first = np.exp(-x) * (1 / x + 1 / (x * x))
    return -np.where(np.asarray(n) == 0, first, special.expn(np.maximum(n, 1) - 1, x))


elementwise(special.expi, "np.exp(x) / x")
elementwise(special.exp1, "-np.exp(-x) / x")
partly(special.expn, "n, x", x="expn_slope(n, x)")
elementwise(special.spence, "-log1p_ratio(x - 1.0)")
for pair, first, second in (
    (special.sici, "np.sinc(x / np.pi)", "np.cos(x) / x"),
    (special.shichi, "0.5 * (special.exprel(x) + special.exprel(-x))", "np.cosh(x) / x"),
    (special.fresnel, "np.sin(0.5 * np.pi * x * x)", "np.cos(0.5 * np.pi * x * x)"),
):
    rule(
        pair,
        "x",
        vjp={"x": f"y_bar[0] * ({first}) + guarded(y_bar[1], y_bar[1] * ({second}))"},
        jvp={"x": f"(x_dot * ({first}), guarded(x_dot, x_dot * ({second})))"},
    )


# Hurwitz's zeta function, 25.11.17; by the exponent, Euler and Maclaurin's sum 25.11.5, term by term.

BERNOULLI = np.array(
    [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600]
)  # the number of index 2j over (2j)!


def zeta_by_exponent(x: Any, q: Any) -> Any:
    """The derivative with respect to x of the sum of (q + k)^-x."""
    x, q = np.asarray(x) + 0.0, np.asarray(1.0 if q is None else q) + 0.0
    if np.any(x <= 1) or np.any(q <= 0):
        raise NotImplementedError(
            "zeta(x, q) is differentiated with respect to x for x > 1 and q > 0 only", "hold x constant"
        )
    k = q[..., None] + np.arange(12.0)
    head = -np.sum(np.log(k) * k ** -x[..., None], axis=-1)
    n = q + 12.0
    log_n = np.log(n)
    tail = -(n ** (1 - x)) / (x - 1) * (log_n + 1 / (x - 1)) - 0.5 * log_n * n**-x
    rising, slope = x, np.ones_like(x)
    for j in range(len(BERNOULLI)):
        power = BERNOULLI[j] * n ** (-x - (2 * j + 1))
        tail = tail + power * (slope - rising * log_n)
        for m in (2 * j + 1, 2 * j + 2):
            slope = slope * (x + m) + rising
            rising = rising * (x + m)
    return head + tail


rule(
    special.zeta,
    "x, q=None, out=None",
    vjp={
        "x": "unbroadcast(y_bar * zeta_by_exponent(x, q), x)",
        "q": "unbroadcast(-y_bar * x * special.zeta(np.add(x, 1.0), q), q)",
    },
    jvp={
        "x": "x_dot * zeta_by_exponent(x, q)",
        "q": "-q_dot * x * special.zeta(np.add(x, 1.0), q)",
    },
)

# Lambert's function and its relative: 4.13.4.
partly(special.lambertw, "z, k=0, tol=1e-8", z="1 / (z + np.exp(y))")
elementwise(special.wrightomega, "y / (1 + y)")

# Elliptic integrals by the parameter m, as hypergeometric functions: 19.5.1 and 19.5.2, with 15.8.1. By the angle: 19.2.4.

elementwise(special.ellipk, "np.pi / 8 * special.hyp2f1(0.5, 0.5, 2.0, x) / (1 - x)")
elementwise(special.ellipkm1, "-np.pi / 8 * special.hyp2f1(0.5, 0.5, 2.0, 1 - x) / x")
elementwise(special.ellipe, "-np.pi / 8 * special.hyp2f1(0.5, 1.5, 2.0, x)")
partly(
    special.ellipkinc,
    "phi, m",
    phi="1 / np.sqrt(1 - m * np.sin(phi) ** 2)",
    m="ellipkinc_by_parameter(phi, m)",
)
partly(
    special.ellipeinc,
    "phi, m",
    phi="np.sqrt(1 - m * np.sin(phi) ** 2)",
    m="ellipeinc_by_parameter(phi, m)",
)

# Hypergeometric functions by the variable: 13.3.15, 13.3.22, 15.5.1 and 16.3.1.

partly(special.hyp0f1, "v, z", z="special.hyp0f1(v + 1.0, z) / v")
partly(special.hyp1f1, "a, b, x", x="a / b * special.hyp1f1(a + 1.0, b + 1.0, x)")
partly(special.hyp2f1, "a, b, c, z", z="a * b / c * special.hyp2f1(a + 1.0, b + 1.0, c + 1.0, z)")
partly(special.hyperu, "a, b, x", x="-a * special.hyperu(a + 1.0, b + 1.0, x)")

# Orthogonal polynomials by the variable: 18.9.15 and onwards. Of degree 0 the derivative is zero.


def lower(n: Any) -> Any:
    """The degree n - 1, and 0 for 0."""
    return np.maximum(np.asarray(n) - 1, 0)


def sign_of(n: Any) -> Any:
    """1, and 0 for a polynomial that is constant."""
    return np.sign(np.asarray(n))


partly(special.eval_chebyt, "n, x", x="n * special.eval_chebyu(lower(n), x)")
partly(special.eval_chebyu, "n, x", x="2 * sign_of(n) * special.eval_gegenbauer(lower(n), 2.0, x)")
partly(special.eval_legendre, "n, x", x="sign_of(n) * special.eval_gegenbauer(lower(n), 1.5, x)")
partly(
    special.eval_gegenbauer,
    "n, alpha, x",
    x="2 * alpha * sign_of(n) * special.eval_gegenbauer(lower(n), alpha + 1.0, x)",
)
partly(
    special.eval_jacobi,
    "n, alpha, beta, x",
    x="0.5 * (n + alpha + beta + 1) * sign_of(n) * special.eval_jacobi(lower(n), alpha + 1.0, beta + 1.0, x)",
)
partly(special.eval_laguerre, "n, x", x="-sign_of(n) * special.eval_genlaguerre(lower(n), 1.0, x)")
partly(
    special.eval_genlaguerre,
    "n, alpha, x",
    x="-sign_of(n) * special.eval_genlaguerre(lower(n), alpha + 1.0, x)",
)
partly(special.eval_hermite, "n, x", x="2 * n * special.eval_hermite(lower(n), x)")
partly(special.eval_hermitenorm, "n, x", x="n * special.eval_hermitenorm(lower(n), x)")
