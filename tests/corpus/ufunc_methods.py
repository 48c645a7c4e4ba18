"""reduce, accumulate, reduceat, outer, at, and ufuncs with keywords."""

import numpy as np

from tests.corpus import case

V = np.array([0.5, 1.4, 2.0, 0.3])
A = np.array([[0.5, 1.0, 0.3], [2.0, 0.7, 1.1]])


@case(a=A)
def add_reduce_axes(a):
    return np.add.reduce(a, axis=0) @ np.add.reduce(a, axis=0) + np.add.reduce(a, axis=None) ** 2


@case(a=A)
def multiply_reduce(a):
    return np.sum(np.multiply.reduce(a, axis=1, keepdims=True) * a)


@case(x=V)
def maximum_reduce_and_accumulate(x):
    return np.maximum.reduce(x) ** 2 + np.sum(np.maximum.accumulate(x) * x) + np.minimum.reduce(x)


@case(x=V)
def add_and_multiply_accumulate(x):
    return np.sum(np.add.accumulate(x) ** 2) + np.sum(np.multiply.accumulate(x))


@case(x=V)
def add_reduceat(x):
    return np.sum(np.add.reduceat(x, [0, 2, 3]) ** 2)


@case(x=V)
def outer_methods(x):
    return np.sum(np.multiply.outer(x, x[:2]) ** 2) + np.sum(np.sin(np.subtract.outer(x, x)) * x)


@case(x=V)
def at_methods(x):
    y = x * 1.0
    np.add.at(y, [0, 0, 1], x[1:])
    np.subtract.at(y, [3, 3], x[0])
    np.multiply.at(y, [2], x[3])
    return np.sum(y**2)


@case(x=V)
def logaddexp_reduce(x):
    return np.logaddexp.reduce(x) * np.hypot.reduce(x)


@case(x=V)
def out_tuple_and_initial(x):
    buffer = np.zeros(4)
    np.exp(x, out=(buffer,))
    return np.add.reduce(buffer, initial=3.0) * np.sum(x, initial=1.0) + np.max(x, initial=-5.0)


@case(x=V)
def ufunc_with_dtype(x):
    return np.add(x, 1, dtype=np.float64).sum() * np.multiply(x, x, dtype=float)[1]


@case(x=V)
def out_aliases_an_operand(x):
    y = x.copy()
    np.multiply(y, y, out=y)
    np.subtract(x, y, out=y)
    np.add(y[1:], y[:-1], out=y[1:])
    return np.sum(y**2)


@case(x=V)
def clip_in_place(x):
    y = x * 2.0
    np.clip(y, 0.8, 3.0, out=y)
    return np.sum(y**2)


@case(x=V)
def functions_with_out(x):
    y, z, m = x * 2.0, np.zeros(4), np.empty((2, 2))
    np.cumsum(y, out=y)
    np.take(y, [0, 0, 3, 1], out=z)
    np.matmul(x.reshape(2, 2), y.reshape(2, 2), out=m)
    w = np.concatenate([y[:2], m[0]], out=np.zeros(4))
    return np.sum(y**2) + z @ w + np.max(x, out=np.zeros(())) ** 2


@case(x=V)
def modf_frexp_divmod(x):
    fractional, whole = np.modf(x * 1.7)
    quotient, remainder = np.divmod(x, 0.8)
    return np.sum(fractional * x) + np.sum(whole * x) + np.sum(quotient * x + remainder**2)


@case(x=V)
def vectorize_a_scalar_function(x):
    def f(v, k):
        return v * v if v > 1 else k * v

    return np.sum(np.vectorize(f)(x, 3.0))


@case(a=A)
def apply_along_axis(a):
    return np.sum(np.apply_along_axis(lambda row: row * row[0], 1, a) ** 2)
