"""scipy.special, as jax.scipy.special and torch.special have it."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Any

from tests.recorded.drawing import inside, number, positive, real, single


def counterpart(xp: ModuleType, name: str) -> ModuleType:
    """The subpackage of SciPy, or what stands for it beside jax.numpy and torch; an empty one if nothing does."""
    homes = {"numpy": f"scipy.{name}", "jax.numpy": f"jax.scipy.{name}", "torch": f"torch.{name}"}
    home = homes[xp.__name__]
    return importlib.import_module(home) if importlib.util.find_spec(home) else ModuleType(home)


def samples(xp: ModuleType) -> dict[str, tuple[Any, ...]]:
    sp = counterpart(xp, "special")
    return {**of_one(sp), **of_several(sp), **reductions(sp)}


def of_one(sp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "gamma": (lambda x: sp.gamma(x), positive(3)),
        "gammaln": (lambda x: sp.gammaln(x), positive(3)),
        "gammaln, single": (lambda x: sp.gammaln(x), single(positive(3))),
        "digamma": (lambda x: sp.digamma(x), positive(3)),
        "multigammaln": (lambda x: sp.multigammaln(x + 3.0, 3), positive(3)),
        "erf": (lambda x: sp.erf(x), real(3)),
        "erf of a number": (lambda x: sp.erf(x), number),
        "erfc": (lambda x: sp.erfc(x), real(3)),
        "erfcx": (lambda x: sp.erfcx(x), real(3)),
        "erfinv": (lambda x: sp.erfinv(x), inside(3)),
        "expit": (lambda x: sp.expit(x), real(3)),
        "logit": (lambda x: sp.logit(x * x), inside(3)),
        "ndtr": (lambda x: sp.ndtr(x), real(3)),
        "log_ndtr": (lambda x: sp.log_ndtr(3 * x), real(3)),
        "ndtri": (lambda x: sp.ndtri(x * x), inside(3)),
        "entr": (lambda x: sp.entr(x), positive(3)),
        "i0": (lambda x: sp.i0(x), real(3)),
        "i0e": (lambda x: sp.i0e(x), real(3)),
        "i1": (lambda x: sp.i1(x), real(3)),
        "i1e": (lambda x: sp.i1e(x), real(3)),
        "exp1": (lambda x: sp.exp1(x), positive(3)),
        "expi": (lambda x: sp.expi(x), positive(3)),
        "expn": (lambda x: sp.expn(2, x), positive(3)),
        "spence": (lambda x: sp.spence(x), positive(3)),
        "polygamma": (lambda x: sp.polygamma(1, x), positive(3)),
        "factorial": (lambda x: sp.factorial(x), positive(3)),
    }


def of_several(sp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "gammainc": (lambda a, x: sp.gammainc(a, x), positive(3), positive(2, 1)),
        "gammaincc": (lambda a, x: sp.gammaincc(a, x), positive(3), positive(2, 1)),
        "beta": (lambda a, b: sp.beta(a, b), positive(3), positive(2, 1)),
        "betaln": (lambda a, b: sp.betaln(a, b), positive(3), positive(2, 1)),
        "poch": (lambda a, b: sp.poch(a, b), positive(3), positive(2, 1)),
        "xlogy": (lambda a, b: sp.xlogy(a, b), real(3), positive(2, 1)),
        "xlog1py": (lambda a, b: sp.xlog1py(a, b), real(3), positive(2, 1)),
        "rel_entr": (lambda a, b: sp.rel_entr(a, b), positive(3), positive(2, 1)),
        "kl_div": (lambda a, b: sp.kl_div(a, b), positive(3), positive(2, 1)),
        "zeta": (lambda q: sp.zeta(2.5, q), positive(3)),
        "hyp1f1": (lambda x: sp.hyp1f1(1.3, 0.4, x), real(3)),
        "hyp2f1": (lambda x: sp.hyp2f1(1.3, 0.4, 2.1, x), inside(3)),
    }


def reductions(sp: ModuleType) -> dict[str, tuple[Any, ...]]:
    return {
        "logsumexp": (lambda a: sp.logsumexp(a), real(2, 3)),
        "logsumexp along 1": (lambda a: sp.logsumexp(a, 1), real(2, 3)),
        "logsumexp with factors": (lambda a, b: sp.logsumexp(a, axis=0, b=b), real(2, 3), positive(2, 3)),
        "logsumexp with its sign": (
            lambda a, b: sp.logsumexp(a, axis=1, b=b, keepdims=True, return_sign=True)[0],
            real(2, 3),
            real(2, 3),
        ),
        "softmax": (lambda a: sp.softmax(a, 1), real(2, 3)),
        "log_softmax": (lambda a: sp.log_softmax(a, 1), real(2, 3)),
    }
