"""Samples of scipy.special, with the points where formulas change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checking import vjp_of
from scipy import special
from scipy.special import binom, gamma

import srcgrad as sg

EVERYWHERE = [
    "loggamma erf erfc erfcx erfi dawsn wofz expit log_expit ndtr log_ndtr expm1 cosm1 exp2 exp10 cbrt exprel sindg cosdg",
    "tandg cotdg j0 j1 i0 i1 i0e i1e digamma rgamma gamma gammaln shichi sici fresnel airy wrightomega",
]
ON_POSITIVE = "entr log1p y0 y1 k0 k1 k0e k1e expi exp1 spence ellipkm1 log_softmax softmax logsumexp"
ON_UNIT = "logit erfinv ndtri ellipk ellipe erfcinv"
PAIRS = [
    "gammainc gammaincc beta betaln poch binom xlogy xlog1py rel_entr kl_div huber pseudo_huber powm1",
    "boxcox boxcox1p inv_boxcox inv_boxcox1p stdtr owens_t chdtr chdtrc zeta",
]
POLYNOMIALS = "chebyt chebyu legendre laguerre hermite hermitenorm"
ORDERED = "jv yv iv kv kve ive struve modstruve"


def named(*texts: str) -> list[Any]:
    return [getattr(special, name) for text in texts for name in text.split()]


x = np.array([[0.3, 0.7, 1.4], [2.2, 0.9, 3.1]])
row = np.array([0.8, 1.9, 0.35])
unit = np.array([0.2, 0.5, 0.85])
orders = np.array([0, 1, 3])
signs = np.array([1.0, -0.4, 2.0])
reals = np.array([0.0, 0.3, 1.0, 1.5, 12.0, 1.2, 3.0])[:, None]
arguments = np.array([0.4, 9.0, 2.0, 0.2, 9.5, 30.0, 45.0])[:, None] / np.array([1.0, 2.0])
angles = np.array([-2.0, 0.3, 1.5, 2.8, 9.0])
z = np.array([0.3 + 0.4j, -1.2 + 0.7j])
single = x.astype(np.float32)

SAMPLES: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    *((f, (v,), {}) for f in named(*EVERYWHERE) for v in (x, 0.37)),
    *((f, (-x,), {}) for f in named(*EVERYWHERE) if f not in (special.gammaln, special.loggamma)),
    *((f, (v,), {}) for f in named(ON_POSITIVE) for v in (x, row)),
    *((f, (unit,), {}) for f in named(ON_UNIT)),
    *((f, (x, row), {}) for f in named(*PAIRS) if f is not special.zeta),
    *((f, (single,), {}) for f in (special.erf, special.expit, special.i0e, special.gammaln, special.ndtr)),
    *((f, (single, row.astype(np.float32)), {}) for f in (special.xlogy, special.gammainc, special.beta)),
    *((f, (z,), {}) for f in (special.erf, special.wofz, special.loggamma, special.airy)),
    *((special.lambertw, (v,), {"argnums": "z"}) for v in (x, z)),
    (special.spence, (np.array([0.5, 0.97, 1.0, 1.03, 6.0]),), {}),
    (special.exprel, (np.array([-3.0, -0.4, 0.0, 0.4, 0.6]),), {}),
    (special.boxcox, (row, np.array([0.0, 1e-3, -0.2])), {}),
    (special.rgamma, (np.array([-0.5, -1.7, -2.0]),), {}),
    (special.binom, (x, np.array([-0.7, 1.9, 0.0])), {}),
    (special.ndtri_exp, (-row,), {}),
    (special.log_ndtr, (np.array([-30.0, -3.0, 5.0]),), {}),
    (special.polygamma, (orders, row), {}),
    (special.polygamma, (1, x), {}),
    (special.multigammaln, (row + 2, 3), {}),
    (special.multigammaln, (4.5, 2), {}),
    (special.comb, (x + 3, row), {}),
    (special.comb, (5.5, 2.0), {"repetition": True}),
    (special.perm, (x + 3, row), {}),
    (special.factorial, (x,), {}),
    *((f, (row, x / 4), {}) for f in (special.gammaincinv, special.gammainccinv)),
    *((f, (row, x[:, :1], unit), {}) for f in (special.betainc, special.betaincinv)),
    (special.stdtr, (row, -x), {}),
    (special.stdtrit, (row, unit), {}),
    (special.pdtr, (orders, row), {"argnums": "m"}),
    (special.pdtrc, (orders, row), {"argnums": "m"}),
    (special.chdtri, (row, unit), {}),
    *((f, (row, x, row), {}) for f in (special.fdtr, special.fdtrc, special.gdtr, special.gdtrc)),
    (special.fdtri, (row, x, unit), {}),
    (special.voigt_profile, (x, row, 0.4), {}),
    (special.radian, (x, row, 2.0), {}),
    (special.huber, (1.5, np.array([-4.0, -0.3, 0.0, 2.0])), {}),
    (special.logsumexp, (x,), {"axis": 0}),
    (special.logsumexp, (x,), {"axis": 1, "keepdims": True, "b": row}),
    (special.logsumexp, (x,), {"axis": 1, "b": signs, "return_sign": True}),
    (special.logsumexp, (np.array([1000.0, 1001.0, -np.inf]),), {}),
    (special.logsumexp, (z,), {}),
    (special.softmax, (x,), {"axis": 1}),
    (special.log_softmax, (x,), {"axis": (0, 1)}),
    *((f, (reals, arguments), {}) for f in named("jv yv iv kv kve ive")),
    (special.ive, (1.7, np.array([90.0, 110.0, 400.0])), {}),
    *((f, (2, -x), {"argnums": 1}) for f in named("iv ive jv")),
    *((f, (v, x), {"argnums": 1}) for f in named(ORDERED) for v in (0.5, 2)),
    *((f, (0.5, z), {"argnums": 1}) for f in named("jv yv iv kv kve hankel1 hankel2 hankel1e hankel2e")),
    *((f, (orders, row), {}) for f in (special.yn, special.kn, special.expn)),
    *((f, (orders, row), {"derivative": d}) for f in named("spherical_jn spherical_yn spherical_in spherical_kn") for d in (False, True)),
    (special.zeta, (row + 1.1, x), {}),
    (special.zeta, (row + 3,), {}),
    *((f, (angles, np.array([-2.0, -0.03, 0.0, 0.6, 0.95])), {}) for f in (special.ellipkinc, special.ellipeinc)),
    *((f, (np.array([-2.0, -0.3, 0.0]),), {}) for f in (special.ellipk, special.ellipe)),
    (special.hyp0f1, (1.3, x), {"argnums": "z"}),
    (special.hyp1f1, (1.3, 0.4, -x), {"argnums": "x"}),
    (special.hyp2f1, (1.3, 0.4, 2.1, -unit), {"argnums": "z"}),
    (special.hyperu, (1.3, 0.4, x), {"argnums": "x"}),
    *((getattr(special, f"eval_{name}"), (orders, unit), {}) for name in POLYNOMIALS.split()),
    (special.eval_gegenbauer, (orders, 0.7, unit), {"argnums": "x"}),
    (special.eval_genlaguerre, (orders, 0.7, unit), {"argnums": "x"}),
    (special.eval_jacobi, (orders, 0.7, -0.2, unit), {"argnums": "x"}),
    (special.gammasgn, (x,), {}),
    (special.round, (x,), {}),
]  # fmt: skip
if hasattr(special, "betaincc"):
    SAMPLES += [(f, (row, x[:, :1], unit), {}) for f in (special.betaincc, special.betainccinv)]
if hasattr(special, "softplus"):
    SAMPLES += [(special.softplus, (x,), {})]


def test_a_pole_of_gamma_is_a_zero_of_its_reciprocal() -> None:
    given = vjp_of(special.rgamma, np.ones(4), np.array([0.0, -1.0, -2.0, -3.0]))["x"]
    np.testing.assert_allclose(given, [1.0, -1.0, 2.0, -6.0])


def test_entropies_of_impossible_events() -> None:
    zero, half = np.zeros(1), np.full(1, 0.5)
    assert [0.0] == vjp_of(special.xlogy, np.ones(1), zero, zero)["x2"].tolist()
    assert [0.0] == vjp_of(special.rel_entr, np.ones(1), zero, half)["x2"].tolist()
    assert [0.0] == vjp_of(special.entr, zero, zero)["x"].tolist()


def test_logsumexp_of_nothing_but_minus_infinity() -> None:
    a = np.full(3, -np.inf)
    assert [0.0, 0.0, 0.0] == vjp_of(special.logsumexp, 1.0, a)["a"].tolist()


def test_angles_in_minutes_and_seconds() -> None:
    given = vjp_of(special.radian, 1.0, 1.0, 2.0, 3.0)
    np.testing.assert_allclose([given["x1"], given["x2"], given["x3"]], np.pi / 180 / np.array([1.0, 60.0, 3600.0]))


def test_integrals_at_zero() -> None:
    for f, third in ((special.sici, -1 / 3), (special.shichi, 1 / 3), (special.fresnel, np.pi)):
        first = sg.grad(lambda x, f=f: f(x)[0])
        with np.errstate(all="ignore"):
            assert first(0.0) == (0.0 if f is special.fresnel else 1.0)
            np.testing.assert_allclose(sg.grad(sg.grad(first))(0.0), third)


@pytest.mark.parametrize("f", named("jv yv iv kv"))
def test_orders_where_no_formula_is_accurate(f: Any) -> None:
    for v, z in ((1.0, -2.0), (1.0, 0.0), (0.5, 1 + 1j)):
        with pytest.raises(sg.errors.MissingRuleError, match="by the order|by an order"):
            sg.grad(lambda v, z=z: np.real(f(v, z)))(v)
    with pytest.raises(sg.errors.MissingRuleError, match="as large as that"):
        sg.grad(special.ive)(100.0, 400.0)


def test_generated_code_imports_the_module_that_a_rule_reads() -> None:
    """The function's own module does not know scipy.special by its name."""
    scope: dict[str, Any] = {"np": np, "gamma": gamma, "binom": binom}

    def products(x: Any, special: float) -> Any:
        return special * gamma(x) * binom(3.0, x)

    sg.check_grads(products, (row, 2.0))
    outer = type(products)(products.__code__, scope)
    sg.check_grads(outer, (row, 2.0))
