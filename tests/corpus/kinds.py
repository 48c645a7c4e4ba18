"""Kinds of number: Python float and int, NumPy scalars, 0-d, empty, float32, complex, masks."""

import cmath
import math

import numpy as np

from tests.corpus import case


@case(x=2, argnums=(0,))
@case(x=2.0)
@case(x=np.float64(2.0))
@case(x=np.array(2.0))
@case(x=np.float32(2.0))
def any_scalar(x):
    return x * x + 3.0 * x


@case(x=np.array([0.5, 1.5], dtype=np.float32))
def single_precision(x):
    y = np.sin(x) * 2.0 + x**2
    return np.sum(y)


@case(x=np.array([0.5, 1.5], dtype=np.float32), y=np.array([1.0, 2.0]))
def mixed_precision(x, y):
    return np.sum(x * y) + np.sum(x.astype(np.float64) ** 2)


@case(x=np.array([0.5, 1.5], dtype=np.float32), k=2.5)
def single_with_python_float(x, k):
    return np.sum(x * k + k)


@case(x=np.array([0.5, 1.5]))
def rounded_to_single_and_back(x):
    weights = np.array([1.0, 2.0], dtype=np.float32)
    return np.sum(weights * x) + np.zeros(2, dtype=np.float32).sum()


@case(x=0.7)
def int_and_float_of_active(x):
    steps = int(x * 5)
    return float(x) ** 2 * steps + round(x) * x + round(x, 1) + x // 0.2 + bool(x)


@case(x=np.array([0.7, 1.3]))
def item_tolist_float(x):
    values = x.tolist()
    return x[0].item() * values[1] + float(x[1]) ** 2 + x.item(0)


@case(x=7.3)
def modulo_and_divmod(x):
    q, r = divmod(x, 2.0)
    return r * r + q * x + x % 3 + math.fmod(x, 2.5) + abs(-x)


@case(x=np.zeros((0,)), y=2.0)
def empty_array(x, y):
    return np.sum(x**2) + y * y + x.size


@case(x=np.zeros((0, 3)), y=np.array([1.0, 2.0, 3.0]))
def empty_rows(x, y):
    return np.sum(x @ y) + np.sum(y) * len(x) + np.sum(x + y) + y[0]


@case(x=np.array(1.5))
def zero_dimensional_argument(x):
    y = x[...] * x[()]
    return np.sum(np.reshape(y, (1,)) * x) + np.exp(x)


@case(x=1.5)
def zero_dimensional_inside(x):
    y = np.array(x)
    z = np.asarray(x) ** 2
    return y * z + np.float64(x)


@case(z=np.array([1.0 + 2.0j, 0.5 - 1.0j]))
def modulus_of_complex(z):
    return np.sum(np.abs(z) ** 3) + np.sum(z.real * z.imag)


@case(z=1.0 + 2.0j)
def holomorphic_then_real(z):
    w = z * z + 1.0 / z
    return w.real * 2.0 + w.imag**2


@case(z=1.0 + 2.0j)
def complex_result(z):
    return z * z * (2.0 - 1.0j)


@case(x=np.array([0.4, 1.2, -0.3, 0.8]))
def real_through_fft(x):
    spectrum = np.fft.fft(x)
    power = np.abs(spectrum) ** 2
    filtered = np.fft.ifft(spectrum * np.array([1.0, 0.5, 0.2, 0.5]))
    return np.sum(power[1:3]) + np.sum(filtered.real**3)


@case(theta=0.6)
def phase_factors(theta):
    u = np.exp(1j * theta)
    v = cmath.exp(2j * theta) + complex(theta, 1.0)
    return (u * v.conjugate()).real + abs(v) ** 2


@case(a=0.3, b=1.2)
def complex_array_from_parts(a, b):
    z = np.zeros(2, dtype=complex)
    z[0] = a + 1j * b
    z[1] = np.conj(z[0]) * b
    z.imag[1] += a
    return np.sum(np.abs(z) ** 2) + np.angle(z[0]) + np.vdot(z, z).real


@case(z=np.array([1.0 + 2.0j, 0.5 - 1.0j]), x=0.4)
def complex_times_real_argument(z, x):
    return np.sum((z * x + np.conj(z) * x**2).imag)


@case(x=np.array([0.5, -0.2, 1.4]))
def masks_as_numbers(x):
    mask = x > 0
    n = mask.sum()
    return np.sum(x * mask) / n + (x[0] > 0) * x[1] + np.sum(x[~mask] ** 2) + np.mean(x > 0) * x[2]


@case(x=np.array([0.5, -0.2, 1.4]))
def integer_arrays_beside(x):
    k = np.arange(3)
    weights = k**2 + np.array([1, 0, 2])
    counts = np.zeros(3, dtype=int)
    for i in range(3):
        counts[i] = int(x[i] > 0) + i
    return np.sum(x * weights) + x[counts[0]] * counts.sum()


@case(x=2.4)
def written_into_integer_array(x):
    k = np.zeros(2, dtype=int)
    k[0] = x
    k[1] = 3.9 * x
    return k[0] * x + k[1]


@case(x=0.8)
def float_in_integer_power(x):
    return x**3 + 2**x + x**-2 + x**0.5 + pow(x, 3) + pow(2.0, x)


@case(x=np.array([0.8, 1.3]))
def array_powers(x):
    return np.sum(x**3 + 2.0**x + x**x + np.power(x, 2) + np.float_power(x, 1.5) + 1 / x)


@case(x=0.8)
def math_functions(x):
    return (
        math.sin(x) * math.cosh(x)
        + math.atan2(x, 2.0)
        + math.hypot(x, 1.0, 2 * x)
        + math.sqrt(x)
        + math.log(x, 3)
        + math.log2(x + 1)
        + math.expm1(x)
        + math.erf(x)
        + math.gamma(x)
        + math.fsum([x, x * x])
        + math.prod([x, 2.0, x])
        + math.dist([x, 1.0], [0.0, x * x])
        + math.copysign(x, -1.0)
        + math.degrees(x) * 0.01
        + math.fabs(x)
        + math.tau * x
    )


@case(x=np.array([0.8, 0.3]))
def scalar_types_of_elements(x):
    a = x[0]
    total = 0.0
    if isinstance(a, float) and isinstance(a, np.floating):
        total += a * x[1]
    return total + a.dtype.itemsize * a


@case(x=0.8)
def string_and_bool_values(x):
    flags = {"on": True, "off": False}
    scale = 2.0 if flags["on"] and "abc".startswith("a") else 5.0
    return scale * x ** len("xyz") + flags["off"] * x


@case(x=np.array([1.0, 2.0, 3.0]))
def object_array_of_floats(x):
    table = np.empty(3, dtype=object)
    for i in range(3):
        table[i] = x[i] ** 2
    return table[0] * table[2] + table[1]


@case(x=np.asfortranarray(np.arange(6.0).reshape(2, 3) / 3))
@case(x=(np.arange(12.0).reshape(2, 6) / 7)[:, ::2])
def memory_layouts(x):
    y = x.reshape(-1)
    y = y * np.arange(6.0)
    return np.sum(y**2) + x.ravel(order="K")[1] + np.sum(np.reshape(x, 6, order="F") * np.arange(6.0))


@case(x=np.array([1.0, 2.0, 3.0]), n=np.int64(2))
def numpy_integer_parameter(x, n):
    return np.sum(x[:n] ** n) / n


@case(x=0.3)
def returns_python_float(x):
    return float(np.exp(x))


@case(x=0.3)
def returns_numpy_scalar(x):
    return np.exp(x)


@case(x=0.3)
def returns_constant_in_x(x):
    y = 2.0
    return y * math.floor(x + 1.0)


@case(x=np.array([0.3, 0.6]))
def structured_dtype_state(x):
    state = np.zeros(2, dtype=[("position", float), ("speed", float)])
    state["position"] = x
    state["speed"][0] = x[1] * 2
    return np.sum(state["position"] ** 2) * state["speed"][0]


@case(x=np.array([0.5, 1.5, 2.5]), k=np.array([2, 3, 1]), argnums=(0,))
def integer_weights(x, k):
    total = np.sum(k * x)
    return total + 0.5 * x[0]


@case(x=np.array([0.5, 1.5, 2.5]), m=np.array([True, False, True]), argnums=(0,))
def mask_subtracted(x, m):
    return 3.0 - np.sum(m * x) + np.sum(x * 2.0 - m * x)


@case(a=np.array([[0.5, 1.0, 2.0]] * 2), b=np.array([[0.3], [0.2], [0.1]]))
def product_that_broadcasts(a, b):
    y = np.matmul(a, b)
    return np.sum((y + a) ** 2)


@case(x=np.array([[0.5, 1.0], [0.2, 2.0]]))
def flattened_by_axis_none(x):
    return np.sum(np.sort(x, axis=None) * np.arange(4)) + np.sum(np.cumsum(x, axis=None) ** 2)


SWAPPED = np.array([0.5, 1.5, 2.5], ">f8")


@case(x=SWAPPED)
@case(x=np.array([0.5, 1.5, 2.5]))
def numbers_in_the_other_byte_order(x):
    y = np.zeros(3, ">f8")
    for i in range(2):
        y[i] = x[i] * x[i + 1]
    y[2:] = np.array(x, dtype=">f8")[:1] + np.asarray([x[0] * x[1]], ">f8")
    y += x.astype("<f8")
    z = np.empty_like(x)
    z[...] = np.sin(y) * x
    return np.sum(z * y) + np.linalg.solve(np.eye(3) + np.outer(x, z), y)[1] + np.fft.fft(x)[1].imag


@case(z=np.array([0.5 + 1j, 1.5 - 2j], ">c16"))
def complex_numbers_in_the_other_byte_order(z):
    w = z * 1j
    w.imag[0] = z.real[1]
    return np.sum(np.abs(w * z)) + w[0].real


@case(x=np.ones(0), y=np.array([0.5, 2.0]), order=1, reason="of nothing there is no derivative")
@case(x=np.ones((0, 3)), y=np.array([0.5, 2.0]), order=1, reason="of nothing there is no derivative")
def nothing_at_all(x, y):
    total = np.sum(x) + np.prod(x) + np.sum(x * x, axis=0).sum() + np.sum(np.cumsum(x)) + np.sum(np.sort(x))
    return np.sum(y * y) * total + np.size(np.concatenate([x, x])) + np.sum(np.max(x, axis=-1, initial=0.0))


@case(x=np.array([0.4, -0.9, 1.2]))
def arrays_of_an_arguments_dtype(x):
    n = x.shape[0]
    rows = np.empty((n, 2), dtype=x.dtype)
    more = np.ndarray(n, dtype=np.float64)
    marks = np.zeros(n, dtype=bool)
    counts = np.zeros(n, dtype=int)
    for i in range(n):
        rows[i, 0] = x[i] * x[i]
        rows[i, 1] = more[i] = np.sin(x[i])
        marks[i] = i > 0
        counts[i] = 2 * i
    wide = rows[:, np.newaxis, :] * more[:, np.newaxis, np.newaxis]
    return np.sum(wide[counts // 2]) + np.sum(rows[:, 0] * counts) * 2.0 ** (-x[0])


@case(x=0.7, n=-2)
def whole_number_to_a_power_that_is_not(x, n):
    return abs(n) ** x * (n * n) ** (-x)
