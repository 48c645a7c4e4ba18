"""Special functions: erf and gamma and their relatives, Bessel functions, orthogonal polynomials.

What enters: real tensors; integers become floats of the default dtype. What leaves: tensors. The names that start with
`special_` are those of `torch.special`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch.dtypes import default_float, result_dtype
from srcgrad.torch.kernels import bessel_functions as bessel
from srcgrad.torch.kernels import error_functions as errors
from srcgrad.torch.kernels import gamma_functions as gammas
from srcgrad.torch.kernels.orthogonal_polynomials import POLYNOMIALS
from srcgrad.torch.names import FUNCTIONS, op
from srcgrad.torch.ops.by_number import plus, times
from srcgrad.torch.ops.comparison import in_one_dtype, wrong_numbers
from srcgrad.torch.ops.conversion import cast
from srcgrad.torch.pointwise import NUMBERS, Binary, Unary, not_a_tensor, unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.recorded import FACES
from srcgrad.torch.tensor import Tensor, wrap

# PyTorch's names, the kernel, the node; None where PyTorch has no derivative.
_TABLE: list[tuple[str, Any, str | None]] = [
    ("erf special_erf", errors.erf, "ErfBackward0"),
    ("erfc special_erfc", errors.erfc, "ErfcBackward0"),
    ("erfinv special_erfinv", errors.erfinv, "ErfinvBackward0"),
    ("lgamma special_gammaln", gammas.lgamma, "LgammaBackward0"),
    ("digamma special_digamma special_psi", gammas.digamma, "DigammaBackward0"),
    ("i0 special_i0", bessel.i0, "I0Backward0"),
    ("special_erfcx", errors.erfcx, "SpecialErfcxBackward0"),
    ("special_ndtri", errors.ndtri, "SpecialNdtriBackward0"),
    ("special_log_ndtr", errors.log_ndtr, "SpecialLogNdtrBackward0"),
    ("special_entr", errors.entr, "SpecialEntrBackward0"),
    ("special_i0e", bessel.i0e, "SpecialI0EBackward0"),
    ("special_i1", bessel.i1, "SpecialI1Backward0"),
    ("special_i1e", bessel.i1e, "SpecialI1EBackward0"),
    ("special_airy_ai", bessel.airy_ai, None),
    ("special_bessel_j0", bessel.bessel_j0, None),
    ("special_bessel_j1", bessel.bessel_j1, None),
    ("special_bessel_y0", bessel.bessel_y0, None),
    ("special_bessel_y1", bessel.bessel_y1, None),
    ("special_modified_bessel_i0", bessel.i0, None),
    ("special_modified_bessel_i1", bessel.i1, None),
    ("special_modified_bessel_k0", bessel.modified_bessel_k0, None),
    ("special_modified_bessel_k1", bessel.modified_bessel_k1, None),
    ("special_scaled_modified_bessel_k0", bessel.scaled_modified_bessel_k0, None),
    ("special_scaled_modified_bessel_k1", bessel.scaled_modified_bessel_k1, None),
    ("special_spherical_bessel_j0", bessel.spherical_bessel_j0, None),
]  # fmt: skip
_METHODS = {"erf", "erfc", "erfinv", "lgamma", "digamma", "i0"}


def _function(names: str, kernel: Any, node: str | None) -> None:
    apply: Any = (lambda x: wrap(kernel(_floats(x)))) if node is None else Unary(kernel, node, floating=True)
    for name in names.split():
        function = _named(name, apply)
        function.__doc__ = kernel.__doc__
        method = name in _METHODS
        op(name, method=method, inplace=method, out=True)(function)
    if node is not None:
        FACES[kernel] = apply


def _named(name: str, apply: Any) -> Callable[..., Tensor]:
    """The function under one of its names, which its errors mention."""

    def function(input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            raise not_a_tensor(name, input)
        if input._a.dtype.kind == "c":
            raise unsupported(f"{name.removeprefix('special_')}_cpu", input._a.dtype)
        return apply(input)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    return function


def _floats(x: Tensor) -> Any:
    return x._a if x._a.dtype.kind == "f" else x._a.astype(default_float())


for _names, _kernel, _node in _TABLE:
    _function(_names, _kernel, _node)


@op("special_ndtr", method=False, out=True)
def ndtr(input: Tensor) -> Tensor:
    """The normal distribution's probability of being less than the input."""
    if not isinstance(input, Tensor):
        raise not_a_tensor("special_ndtr", input)
    x = cast(input, default_float()) if input._a.dtype.kind in "iub" else input
    return times(plus(FUNCTIONS["erf"](times(x, 0.7071067811865476)), 1), 0.5)  # type: ignore[no-any-return]


# The ones with a parameter.

_polygamma = primitive(gammas.polygamma, "PolygammaBackward0")
_mvlgamma = primitive(gammas.mvlgamma, "MvlgammaBackward0")


@op("special_polygamma", method=False, out=True)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The n-th derivative of digamma."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(n, _real("polygamma", input))  # type: ignore[no-any-return]


op("polygamma", method=False, out=True)(polygamma)


@op("polygamma", function=False, inplace=True)
def polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return polygamma(n, self)


def _real(name: str, x: Any) -> Tensor:
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if x._a.dtype.kind == "c":
        raise unsupported(f"{name}_cpu", x._a.dtype)
    return x if x._a.dtype.kind == "f" else cast(x, default_float())


@op("mvlgamma", out=True, inplace=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The log of the gamma function of matrices of dimension p."""
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return _mvlgamma(_real("mvlgamma", input), p)  # type: ignore[no-any-return]


FUNCTIONS["special_multigammaln"] = FUNCTIONS["mvlgamma"]
FACES[gammas.polygamma] = polygamma

_igamma = Binary(gammas.igamma, "IgammaBackward0")
_igammac = Binary(gammas.igammac, "IgammacBackward0")


def _incomplete(name: str, alias: str, apply: Binary, doc: str) -> None:
    def function(input: Tensor, other: Tensor) -> Tensor:
        for position, (parameter, t) in enumerate((("input", input), ("other", other)), 1):
            if not isinstance(t, Tensor):
                raise not_a_tensor(name, t, parameter, position)
        dtype = result_dtype(input._a, other._a)
        if dtype.kind != "f":
            raise unsupported(f"{name}_cpu", dtype)
        return apply(input, other)  # type: ignore[no-any-return]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    op(name, out=True, inplace=True)(function)
    FUNCTIONS[alias] = FUNCTIONS[name]


_incomplete("igamma", "special_gammainc", _igamma, "The part of gamma(input) that the integral up to the other gives.")
_incomplete(
    "igammac", "special_gammaincc", _igammac, "The part of gamma(input) that the integral from the other gives."
)

_zeta = primitive(gammas.zeta, "SpecialZetaBackward0")
_zeta_of_number = primitive(gammas.zeta, "SpecialZetaBackward1", operands=["x2"])
_zeta_by_number = primitive(gammas.zeta, "SpecialZetaBackward2", operands=["x1"])


def _in_one_float(name: str, names: tuple[str, str], x: Any, other: Any) -> list[Any]:
    """Two operands, tensors or numbers but not two numbers, as tensors and numbers of one floating point dtype."""
    given = (x, other)
    if not any(isinstance(v, Tensor) for v in given) or not all(isinstance(v, (Tensor, *NUMBERS)) for v in given):
        raise wrong_numbers(name, names, x, other)
    dtype = result_dtype(*[v._a if isinstance(v, Tensor) else v for v in given])
    if dtype.kind == "c":
        raise unsupported(f"{name.removeprefix('special_')}_cpu", dtype)
    if dtype.kind in "iub":
        dtype = default_float()
    if all(isinstance(v, Tensor) for v in given):
        in_one_dtype(*given)
    return [cast(v, dtype) if isinstance(v, Tensor) else np.asarray(v, dtype) for v in given]


@op("special_zeta", method=False, out=True)
def zeta(input: Any, other: Any) -> Tensor:
    """Hurwitz's zeta function: the sum of (other + k) ** -input over k = 0, 1, …"""
    x, q = _in_one_float("special_zeta", ("input", "other"), input, other)
    if not isinstance(x, Tensor):
        return _zeta_of_number(x, q)  # type: ignore[no-any-return]
    return (_zeta if isinstance(q, Tensor) else _zeta_by_number)(x, q)  # type: ignore[no-any-return]


FACES[gammas.zeta] = zeta


def _polynomial(kernel: Any) -> None:
    name = f"special_{kernel.__name__}"

    def function(input: Any, n: Any) -> Tensor:
        x, degree = _in_one_float(name, ("x", "n"), input, n)
        return wrap(kernel(*[v._a if isinstance(v, Tensor) else v for v in (x, degree)]))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {kernel.__name__.replace('_', ' ')} of degree n."
    op(name, method=False, out=True)(function)


for _kernel in POLYNOMIALS:
    _polynomial(_kernel)

# Functions that are also elsewhere.
for _name, _other in {
    "exp2": "exp2", "expm1": "expm1", "log1p": "log1p", "expit": "sigmoid", "logit": "logit", "sinc": "sinc",
    "xlogy": "xlogy",
}.items():  # fmt: skip
    FUNCTIONS[f"special_{_name}"] = FUNCTIONS[_other]


@op("special_round", method=False, out=True)
def special_round(input: Tensor, *, decimals: int = 0) -> Tensor:
    """The input rounded to a number of decimals."""
    return FUNCTIONS["round"](input, decimals=decimals)  # type: ignore[no-any-return]
