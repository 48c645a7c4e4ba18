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
