"""Library code that looks at the types of what it is given."""

import copy
import decimal
import math
import numbers
import operator
from functools import singledispatch

import numpy as np

from tests.corpus import case


def strict_scale(v, k):
    if type(v) in (float, np.float64):
        return v * k
    if isinstance(v, np.ndarray):
        return np.sum(v) * k
    raise TypeError(f"cannot scale {type(v).__name__}")


@case(x=1.5, v=np.array([1.0, 2.0]))
def exact_type_checks(x, v):
    return strict_scale(x, 2.0) + strict_scale(v, x) + strict_scale(v[0], x)


@case(x=1.5)
def numbers_abc(x):
    if not isinstance(x, numbers.Real) or isinstance(x, bool):
        raise TypeError("x must be a real number")
    return x**2 if not isinstance(x, numbers.Integral) else x


@case(x=np.array([0.5, 2.0]))
def asarray_and_dtype_checks(x):
    x = np.asarray(x, dtype=float)
    if x.ndim != 1 or not np.issubdtype(x.dtype, np.floating) or np.isscalar(x):
        raise ValueError("x must be a vector")
    if not np.all(np.isfinite(x)):
        raise ValueError("x must be finite")
    return np.sum(x**2)


@case(x=[0.5, 2.0])
@case(x=(0.5, 2.0))
@case(x=np.array([0.5, 2.0]))
def accepts_any_sequence(x):
    x = np.atleast_1d(np.asarray(x))
    return float(x @ x) * x.shape[0]


@case(x=0.7)
def hasattr_and_callable(x):
    value = x() if callable(x) else x
    if hasattr(value, "shape"):
        value = value.sum()
    return value * value


@singledispatch
def magnitude(v):
    raise TypeError(type(v))


@magnitude.register
def _(v: float):
    return abs(v)


@magnitude.register
def _(v: np.ndarray):
    return np.sqrt(np.sum(v * v))


@magnitude.register(list)
def _(v):
    return sum(magnitude(part) for part in v)


@case(x=-0.7, v=np.array([1.0, 2.0]))
def single_dispatch(x, v):
    return magnitude(x) * magnitude(v) + magnitude([x, v])


@case(x=np.array([0.7, 1.1]))
def copies(x):
    y = copy.copy(x)
    z = copy.deepcopy({"x": [x, 2.0]})
    y[0] *= 3.0
    z["x"][0][1] = y[0]
    return np.sum(x * y) + np.sum(z["x"][0] ** 2)


@case(x=0.7)
def operator_module(x):
    ops = [operator.add, operator.mul, operator.truediv, operator.pow]
    total = 1.0
    for op in ops:
        total = op(total, x)
    return total + operator.neg(x) + operator.getitem([x, 1.0], 0) ** 2


@case(x=0.7)
def formatted_value_drives_branch(x):
    text = repr(x) + str(x) + f"{x:.2f}" + "%g" % x
    digits = len(text)
    return x * x if digits > 5 else x


@case(x=0.7)
def decimal_constant(x):
    k = float(decimal.Decimal("2.5"))
    return k * x**2


@case(x=0.7, y=np.array([1.0, 2.0]))
def isclose_and_comparisons(x, y):
    close = math.isclose(x, 0.7, rel_tol=0.1) and np.allclose(y, [1.0, 2.0], atol=0.1)
    if close and not math.isnan(x):
        return x * np.sum(y) ** 2
    return 0.0


@case(x=0.7)
def hash_and_dict_key(x):
    cache = {x: x * x}
    if x in cache:
        return cache[x] * x
    return 0.0


@case(x=np.array([1.0, 2.0, 3.0]))
def numpy_polynomial_by_hand(x):
    degree = len(x) - 1
    powers = np.arange(degree, -1, -1)
    return np.polyval(x, 1.3) + np.sum(x * 0.5**powers)


@case(x=0.7)
def while_with_type_state(x):
    state = None
    for _ in range(3):
        state = x if state is None else state * x
    return state if isinstance(state, float) else math.nan


@case(x=np.array([[1.0, 2.0], [3.0, 5.0]]))
def linalg_checks_inside(x):
    if x.shape[0] != x.shape[1]:
        raise np.linalg.LinAlgError("not square")
    sign, logdet = np.linalg.slogdet(x)
    return sign * logdet + np.linalg.cond(np.eye(2)) * x[0, 0]


V = np.array([0.3, 1.2, -0.7, 2.2])
U = np.array([0.5, -1.0, 2.5, 3.0])


@case(x=V)
def coefficients_from_roots(x):
    matrix = np.reshape(x, (2, 2))
    return np.sum(np.poly(x) * np.arange(5)) + np.sum(np.poly(matrix) * U[:3])


@case(x=V)
def division_of_polynomials(x):
    quotient, remainder = np.polydiv(x, np.array([1.0, 2.0]) * x[0])
    return np.sum(quotient**2) + np.sum(remainder) * 2.0


@case(beta=2.3)
def window_with_a_parameter(beta):
    return np.sum(np.kaiser(5, beta) * np.hanning(5) * np.arange(5))


@case(x=V, w=U)
def histograms_in_two_dimensions(x, w):
    plain, _, _ = np.histogram2d(V, U, bins=3, weights=w * x)
    dense, edges = np.histogramdd(np.stack([x, U], 1), bins=(2, 3), weights=w, density=True)
    return (
        np.sum(plain * np.arange(9.0).reshape(3, 3)) + np.sum(dense**2) + edges[0][1] * np.histogram_bin_edges(x, 3)[2]
    )


@case(x=V, y=U)
def sets_of_values(x, y):
    total = np.sum(np.union1d(x, y) * np.arange(8)) + np.sum(np.setdiff1d(x, y) ** 2)
    total += np.sum(np.setxor1d(x, y) ** 3) + np.sum(np.intersect1d(x, V[1:3]) ** 2) * 0.0
    return total + np.sum(np.unique_all(x).values * np.arange(4)) + np.unique_counts(y)[0][1]


@case(x=V)
def sorted_as_complex(x):
    return np.sum(np.abs(np.sort_complex(x + 1j * x**2) * np.arange(4)))


@case(x=V)
def windows_that_slide(x):
    rows = np.lib.stride_tricks.sliding_window_view(x, 2)
    return (
        np.sum(rows**2 * np.arange(2))
        + np.sum(np.require(x, float, "C") ** 2)
        + np.fromfunction(lambda i: x[i.astype(int)] * i, (4,)).sum()
    )
