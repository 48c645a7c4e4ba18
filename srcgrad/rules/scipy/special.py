"""scipy.special: partial derivatives, with the sections of the NIST handbook (dlmf.nist.gov) they are from.

A parameter without a text has no derivative here and is refused: the order of a Struve function, the
parameters of a hypergeometric function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special  # type: ignore[import-untyped]

from srcgrad.rules.scipy.incomplete import (  # noqa: F401 - in the rules' texts
    beta_density,
    betainc_by_a,
    betainc_by_b,
    gamma_density,
    gammainc_by_a,
    stdtr_by_df,
    t_density,
)
from srcgrad.rules.support import guarded, unbroadcast, with_axes  # noqa: F401 - in the rules' texts
from srcgrad.rules.table import composed, elementwise, rule, zero


def partly(function: Callable[..., Any], signature: str, **partials: str) -> None:
    """Enter an elementwise function that has derivatives with respect to some of its operands only."""
    rule(
        function,
        signature,
        vjp={name: f"unbroadcast(guarded(y_bar, y_bar * ({text})), {name})" for name, text in partials.items()},
        jvp={name: f"guarded({name}_dot, {name}_dot * ({text}))" for name, text in partials.items()},
        depth=1,
    )


# Gamma functions: sections 5.2, 5.5, 5.12 and 5.15.


def rgamma_slope(x: Any, y: Any) -> Any:
    """The derivative of y = 1 / gamma(x), smooth at the poles of gamma by reflection: 5.5.3."""
    left = np.real(x) < 0.5
    if not np.any(left):
        return -y * special.digamma(x)
    u = np.where(left, x, 0.0)
    reflected = special.gamma(1 - u) * (np.cos(np.pi * u) - special.digamma(1 - u) * np.sin(np.pi * u) / np.pi)
    return np.where(left, reflected, -y * special.digamma(np.where(left, 1.0, x)))


def binom_slope(x1: Any, x2: Any, y: Any) -> Any:
    """What 1 / gamma(x1 - x2 + 1) adds to the derivative of a binomial coefficient with respect to x1."""
    rest = x1 - x2 + 1
    return np.where(
        rest < 0.5,
        special.poch(x2 + 1, x1 - x2) * rgamma_slope(rest, special.rgamma(rest)),
        -y * special.digamma(np.where(rest < 0.5, 1.0, rest)),
    )


elementwise(special.gamma, "y * special.digamma(x)")
elementwise(special.gammaln, "special.digamma(x)")
elementwise(special.loggamma, "special.digamma(x)")
elementwise(special.rgamma, "rgamma_slope(x, y)")


def trigamma(x: Any) -> Any:
    """The derivative of digamma, which SciPy has for real x only."""
    if np.iscomplexobj(x):
        raise NotImplementedError("the derivative of digamma of complex numbers", "use real numbers")
    return special.polygamma(1, x)


elementwise(special.digamma, "trigamma(x)")
elementwise(
    special.beta,
    "y * (special.digamma(x1) - special.digamma(x1 + x2))",
    "y * (special.digamma(x2) - special.digamma(x1 + x2))",
)
elementwise(
    special.betaln,
    "special.digamma(x1) - special.digamma(x1 + x2)",
    "special.digamma(x2) - special.digamma(x1 + x2)",
)
elementwise(
    special.poch,
    "y * (special.digamma(x1 + x2) - special.digamma(x1))",
    "y * special.digamma(x1 + x2)",
)
elementwise(
    special.binom,
    "y * special.digamma(x1 + 1) + binom_slope(x1, x2, y)",
    "binom_slope(x1, x1 - x2, y) - binom_slope(x1, x2, y)",
)
zero(special.gammasgn)
partly(special.polygamma, "n, x", x="special.polygamma(np.asarray(n) + 1, x)")


@composed(special.multigammaln)
def multigammaln(a: Any, d: Any) -> Any:
    """The logarithm of the multivariate gamma function, a sum of d terms. Section 35.3.4."""
    halves = np.arange(d) / 2
    y = np.sum(special.gammaln(np.asarray(a)[..., None] - halves), axis=-1)
    return y + d * (d - 1) / 4 * np.log(np.pi)


@composed(special.comb)
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """The number of subsets, zero outside of 0 <= k <= N."""
    if repetition:
        N = N + k - 1
    valid = (np.asarray(k) <= N) & (np.asarray(N) >= 0) & (np.asarray(k) >= 0)
    return np.where(valid, special.binom(N, k), 0.0)[()]


@composed(special.perm)
def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """The number of arrangements, zero outside of 0 <= k <= N."""
    valid = (np.asarray(k) <= N) & (np.asarray(N) >= 0) & (np.asarray(k) >= 0)
    return np.where(valid, special.poch(N - k + 1, k), 0.0)[()]


@composed(special.factorial)
def factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    """Of floats, gamma(n + 1), and zero for negative n."""
    n = np.asarray(n)
    if extend == "complex":
        return special.gamma(n + 1)[()]
    return np.where(n < 0, 0.0, special.gamma(n + 1))[()]


# Incomplete gamma and beta functions: sections 8.2, 8.8 and 8.17.

elementwise(special.gammainc, "gammainc_by_a(x1, x2)", "gamma_density(x1, x2)")
elementwise(special.gammaincc, "-gammainc_by_a(x1, x2)", "-gamma_density(x1, x2)")
elementwise(
    special.gammaincinv,
    "-gammainc_by_a(x1, y) / gamma_density(x1, y)",
    "1 / gamma_density(x1, y)",
)
elementwise(
    special.gammainccinv,
    "-gammainc_by_a(x1, y) / gamma_density(x1, y)",
    "-1 / gamma_density(x1, y)",
)
elementwise(
    special.betainc,
    "betainc_by_a(x1, x2, x3)",
    "betainc_by_b(x1, x2, x3)",
    "beta_density(x1, x2, x3)",
)
elementwise(
    special.betaincinv,
    "-betainc_by_a(x1, x2, y) / beta_density(x1, x2, y)",
    "-betainc_by_b(x1, x2, y) / beta_density(x1, x2, y)",
    "1 / beta_density(x1, x2, y)",
)
if hasattr(special, "betaincc"):  # SciPy 1.11
    elementwise(
        special.betaincc,
        "-betainc_by_a(x1, x2, x3)",
        "-betainc_by_b(x1, x2, x3)",
        "-beta_density(x1, x2, x3)",
    )
    elementwise(
        special.betainccinv,
        "-betainc_by_a(x1, x2, y) / beta_density(x1, x2, y)",
        "-betainc_by_b(x1, x2, y) / beta_density(x1, x2, y)",
        "-1 / beta_density(x1, x2, y)",
    )

# Distribution functions.

elementwise(special.stdtr, "stdtr_by_df(x1, x2)", "t_density(x1, x2)")
elementwise(special.stdtrit, "-stdtr_by_df(x1, y) / t_density(x1, y)", "1 / t_density(x1, y)")
elementwise(special.ndtr, "np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)")
elementwise(special.ndtri, "np.sqrt(2 * np.pi) * np.exp(0.5 * y * y)")
# The ratio of density and distribution function, which neither overflows nor loses digits far out.
elementwise(special.log_ndtr, "np.sqrt(2 / np.pi) / special.erfcx(-x / np.sqrt(2))")
elementwise(special.ndtri_exp, "np.sqrt(np.pi / 2) * special.erfcx(-y / np.sqrt(2))")
elementwise(
    special.owens_t,
    "-0.5 * np.exp(-0.5 * x1 * x1) * special.erf(x1 * x2 / np.sqrt(2)) / np.sqrt(2 * np.pi)",
    "np.exp(-0.5 * x1 * x1 * (1 + x2 * x2)) / (2 * np.pi * (1 + x2 * x2))",
)
partly(special.pdtr, "k, m", m="-gamma_density(np.floor(k) + 1, m)")
partly(special.pdtrc, "k, m", m="gamma_density(np.floor(k) + 1, m)")


@composed(special.chdtr)
def chdtr(v: Any, x: Any) -> Any:
    """The distribution function of chi squared."""
    return special.gammainc(v / 2, x / 2)


@composed(special.chdtrc)
def chdtrc(v: Any, x: Any) -> Any:
    """Its complement."""
    return special.gammaincc(v / 2, x / 2)


@composed(special.chdtri)
def chdtri(v: Any, p: Any) -> Any:
    """The inverse of the complement."""
    return 2 * special.gammainccinv(v / 2, p)


@composed(special.fdtr)
def fdtr(dfn: Any, dfd: Any, x: Any) -> Any:
    """The distribution function of Fisher's ratio."""
    return special.betainc(dfn / 2, dfd / 2, dfn * x / (dfd + dfn * x))


@composed(special.fdtrc)
def fdtrc(dfn: Any, dfd: Any, x: Any) -> Any:
    """Its complement."""
    return special.betainc(dfd / 2, dfn / 2, dfd / (dfd + dfn * x))


@composed(special.fdtri)
def fdtri(dfn: Any, dfd: Any, p: Any) -> Any:
    """Its inverse."""
    rest = special.betaincinv(dfd / 2, dfn / 2, 1 - p)
    return dfd * (1 - rest) / (dfn * rest)


@composed(special.gdtr)
def gdtr(a: Any, b: Any, x: Any) -> Any:
    """The distribution function of the gamma distribution of rate a and shape b."""
    return special.gammainc(b, a * x)


@composed(special.gdtrc)
def gdtrc(a: Any, b: Any, x: Any) -> Any:
    """Its complement."""
    return special.gammaincc(b, a * x)


@composed(special.voigt_profile)
def voigt_profile(x: Any, sigma: Any, gamma: Any) -> Any:
    """The convolution of a normal and a Cauchy density, by the Faddeeva function. Section 7.19."""
    scale = sigma * np.sqrt(2.0)
    return np.real(special.wofz((x + 1j * gamma) / scale)) / (scale * np.sqrt(np.pi))


# Error functions: sections 7.2 and 7.10.

elementwise(special.erf, "2 / np.sqrt(np.pi) * np.exp(-x * x)")
elementwise(special.erfc, "-2 / np.sqrt(np.pi) * np.exp(-x * x)")
elementwise(special.erfcx, "2 * x * y - 2 / np.sqrt(np.pi)")
elementwise(special.erfi, "2 / np.sqrt(np.pi) * np.exp(x * x)")
elementwise(special.erfinv, "0.5 * np.sqrt(np.pi) * np.exp(y * y)")
elementwise(special.erfcinv, "-0.5 * np.sqrt(np.pi) * np.exp(y * y)")
elementwise(special.dawsn, "1 - 2 * x * y")
elementwise(special.wofz, "2j / np.sqrt(np.pi) - 2 * x * y")

# Logistic functions, entropies and losses.


def quotient_or_zero(x1: Any, x2: Any) -> Any:
    """x1 / x2, and zero where x1 is zero whatever x2 is."""
    if np.all(x2 != 0):
        return x1 / x2
    return np.where(x1 == 0, 0.0, x1 / np.where((x1 == 0) & (x2 == 0), 1.0, x2))


elementwise(special.expit, "y * (1 - y)")
elementwise(special.log_expit, "special.expit(-x)")
elementwise(special.logit, "1 / (x * (1 - x))")
elementwise(special.xlogy, "np.log(x2)", "quotient_or_zero(x1, x2)")
elementwise(special.xlog1py, "np.log1p(x2)", "quotient_or_zero(x1, 1 + x2)")
elementwise(special.entr, "-np.log(x) - 1")
elementwise(special.rel_entr, "np.log(x1 / x2) + 1", "-quotient_or_zero(x1, x2)")
elementwise(special.kl_div, "np.log(x1 / x2)", "1 - quotient_or_zero(x1, x2)")
elementwise(special.huber, "np.maximum(np.abs(x2) - x1, 0.0)", "np.maximum(np.minimum(x2, x1), -x1)")
elementwise(
    special.pseudo_huber,
    "2 * y / x1 - x2 * x2 / (x1 * np.hypot(1.0, x2 / x1))",
    "x2 / np.hypot(1.0, x2 / x1)",
)
if hasattr(special, "softplus"):  # SciPy 1.15
    partly(special.softplus, "x, **kwargs", x="special.expit(x)")

# Powers and exponentials with their digits kept near zero.


def exprel_slope(z: Any) -> Any:
    """The derivative of (exp(z) - 1) / z: near zero its Taylor series, where the quotient cancels."""
    small = np.abs(z) < 0.5
    near, far = np.where(small, z, 0.0), np.where(small, 1.0, z)
    series = np.zeros_like(near)
    factor = 1.0
    for k in range(13, -1, -1):
        factor = 1.0 / np.prod(np.arange(1.0, k + 1.0))
        series = series * near + factor / (k + 2)
    return np.where(small, series, (far * np.exp(far) - np.expm1(far)) / (far * far))


def log1p_ratio(u: Any) -> Any:
    """log(1 + u) / u: near zero its Taylor series."""
    small = np.abs(u) < 0.05
    near, far = np.where(small, u, 0.0), np.where(small, 1.0, u)
    series = np.zeros_like(near)
    for k in range(14, 0, -1):
        series = 1.0 / k - near * series
    return np.where(small, series, np.log1p(far) / far)


elementwise(special.expm1, "np.exp(x)")
elementwise(special.log1p, "1 / (1 + x)")
elementwise(special.cosm1, "-np.sin(x)")
elementwise(special.exp2, "y * np.log(2)")
elementwise(special.exp10, "y * np.log(10)")
elementwise(special.cbrt, "1 / (3 * y * y)")
elementwise(special.powm1, "x2 * x1 ** (x2 - 1.0)", "(1 + y) * np.log(x1)")
elementwise(special.exprel, "exprel_slope(x)")
elementwise(special.boxcox, "x1 ** (x2 - 1.0)", "np.log(x1) ** 2 * exprel_slope(x2 * np.log(x1))")
elementwise(special.boxcox1p, "(1 + x1) ** (x2 - 1.0)", "np.log1p(x1) ** 2 * exprel_slope(x2 * np.log1p(x1))")
elementwise(
    special.inv_boxcox,
    "y ** (1.0 - x2)",
    "-y ** (1.0 - x2) * np.log(y) ** 2 * exprel_slope(x2 * np.log(y))",
)
elementwise(
    special.inv_boxcox1p,
    "(1 + y) ** (1.0 - x2)",
    "-((1 + y) ** (1.0 - x2)) * np.log1p(y) ** 2 * exprel_slope(x2 * np.log1p(y))",
)
elementwise(special.sindg, "np.pi / 180 * special.cosdg(x)")
elementwise(special.cosdg, "-np.pi / 180 * special.sindg(x)")
elementwise(special.tandg, "np.pi / 180 * (1 + y * y)")
elementwise(special.cotdg, "-np.pi / 180 * (1 + y * y)")
elementwise(special.radian, "np.pi / 180", "np.pi / 10800", "np.pi / 648000")
zero(special.round)

# Reductions.


def exponentials(y: Any, a: Any, axis: Any, keepdims: bool, return_sign: bool) -> Any:
    """The derivatives of logsumexp with respect to its addends, each over its factor b."""
    if return_sign:
        if np.iscomplexobj(a):
            raise NotImplementedError("logsumexp of complex numbers with return_sign", "take it without return_sign")
        total, sign = with_axes(y[0], a, axis, keepdims), with_axes(y[1], a, axis, keepdims)
    else:
        total, sign = with_axes(y, a, axis, keepdims), 1.0
    # Of nothing but -inf the sum is -inf too, and inf - inf undefined: the addends have no influence.
    total = np.where(np.isneginf(np.real(total)), 0.0, total)
    return sign * np.exp(a - total)


def leading(y: Any, return_sign: bool) -> Any:
    """The logarithm among the results of logsumexp."""
    return y[0] if return_sign else y


def logsumexp_bar(y_bar: Any, y: Any, a: Any, axis: Any, keepdims: bool, return_sign: bool) -> Any:
    """The cotangent of the products b exp(a), times exp(a)."""
    y_bar = with_axes(leading(y_bar, return_sign), a, axis, keepdims)
    return y_bar * exponentials(y, a, axis, keepdims, return_sign)


def logsumexp_dot(change: Any, y: Any, a: Any, axis: Any, keepdims: bool, return_sign: bool) -> Any:
    """The tangent, for changes of the addends' factors."""
    products = change * exponentials(y, a, axis, keepdims, return_sign)
    y_dot = np.sum(products, axis=None if np.ndim(a) == 0 else axis, keepdims=keepdims)
    y_dot = np.reshape(y_dot, np.shape(leading(y, return_sign)))
    return (y_dot, np.zeros_like(y[1])) if return_sign else y_dot


rule(
    special.logsumexp,
    "a, axis=None, b=None, keepdims=False, return_sign=False",
    vjp={
        "a": "unbroadcast((1 if b is None else b)"
        " * logsumexp_bar(y_bar, y, whole(a, b), axis, keepdims, return_sign), a)",
        "b": "unbroadcast(logsumexp_bar(y_bar, y, whole(a, b), axis, keepdims, return_sign), b)",
    },
    jvp={
        "a": "logsumexp_dot(np.multiply(a_dot, 1 if b is None else b), y, whole(a, b), axis, keepdims, return_sign)",
        "b": "logsumexp_dot(b_dot, y, whole(a, b), axis, keepdims, return_sign)",
    },
)


def whole(a: Any, b: Any) -> Any:
    """a, broadcast against b."""
    return a if b is None else np.broadcast_to(a, np.broadcast_shapes(np.shape(a), np.shape(b)))


rule(
    special.softmax,
    "x, axis=None",
    vjp={"x": "y * (y_bar - np.sum(y_bar * y, axis=axis, keepdims=True))"},
    jvp={"x": "y * (x_dot - np.sum(x_dot * y, axis=axis, keepdims=True))"},
)
rule(
    special.log_softmax,
    "x, axis=None",
    vjp={"x": "y_bar - np.exp(y) * np.sum(y_bar, axis=axis, keepdims=True)"},
    jvp={"x": "x_dot - np.sum(np.exp(y) * x_dot, axis=axis, keepdims=True)"},
)

# The second half registers itself.
from srcgrad.rules.scipy import functions  # noqa: E402, F401 - built upon this module
