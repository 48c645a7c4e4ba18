"""Points where a formula divides by zero, overflows or has a kink, and the conventions there."""

import math

import numpy as np

from tests.corpus import case

KINK = "the function has a kink at the point"


@case(x=0.0, order=1, reason=KINK, gradient={0: 0.0})
def absolute_value(x):
    return abs(x)


@case(x=np.array([0.0, -1.0, 2.0]), order=1, reason=KINK, gradient={0: np.array([0.0, -1.0, 1.0])})
def absolute_array(x):
    return np.sum(np.abs(x))


@case(x=np.zeros(3), order=1, reason=KINK, gradient={0: np.zeros(3)})
def norm_at_origin(x):
    return np.linalg.norm(x)


@case(x=1.0, y=1.0, order=1, reason=KINK, gradient={0: 0.5, 1: 0.5})
def maximum_tie(x, y):
    return np.maximum(x, y)


@case(x=np.array([2.0, 1.0, 2.0]), order=1, reason=KINK, gradient={0: np.array([0.5, 0.0, 0.5])})
def max_with_ties(x):
    return np.max(x)


@case(x=np.array([2.0, 1.0, 1.0, 3.0]), order=1, reason=KINK, gradient={0: np.array([0, 0.5, 0.5, 0])})
def min_with_ties(x):
    return x.min()


@case(x=0.0)
@case(x=-1.5)
@case(x=1.5)
def zeroth_power(x):
    return x**0 + 3.0 * x


@case(x=0.0)
def square_at_zero(x):
    return x**2.0 + x**2 + x**3


@case(x=np.array([0.0, 1.0, -2.0]))
def array_squares_at_zero(x):
    return np.sum(x**2.0) + np.sum(np.power(x, 3)) + np.sum(x**1)


@case(x=2.5)
def zero_base(x):
    return 0.0**x + x


@case(x=np.array([2.5, 1.5]))
def zero_base_array(x):
    return np.sum(np.zeros(2) ** x) + np.sum(np.array([0.0, 2.0]) ** x)


@case(x=np.array([-1.0, 0.5, 2.0]))
def where_hides_log(x):
    with np.errstate(all="ignore"):
        return np.sum(np.where(x > 0, np.log(x), 0.0))


@case(
    x=np.array([0.0, 0.5, 2.0]),
    order=1,
    reason=KINK,
    gradient={0: np.array([0.0, 2.0 + math.sqrt(0.5), 0.5 + math.sqrt(0.125)])},
)
def where_hides_log_and_sqrt_at_zero(x):
    with np.errstate(all="ignore"):
        positive = x > 0
        return np.sum(np.where(positive, np.log(x) + np.sqrt(x), 0.0))


@case(x=np.array([-1.0, 0.5, 0.0]))
def where_hides_division(x):
    with np.errstate(all="ignore"):
        safe = np.where(x != 0, 1.0 / x, 0.0)
        return np.sum(safe[:2] ** 2)


@case(x=np.array([1000.0, 1000.5, 999.0]))
@case(x=np.array([-1000.0, -1001.0, 3.0]))
def logsumexp_of_large(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@case(x=np.array([800.0, -800.0, 0.3]))
def stable_softplus(x):
    return np.sum(np.logaddexp(0.0, x))


@case(x=np.array([500.0, 501.0, 0.0]))
def softmax_cross_entropy(x):
    p = x - np.max(x)
    log_z = np.log(np.sum(np.exp(p)))
    return -(p[1] - log_z) + np.sum(np.exp(p - log_z) ** 2)


@case(x=0.0)
def sinc_with_branch(x):
    if abs(x) < 1e-2:
        return 1.0 - x * x / 6.0 + x**4 / 120.0
    return math.sin(x) / x


@case(x=np.array([0.0, 0.5]))
def numpy_sinc(x):
    return np.sum(np.sinc(x))


@case(x=np.array([1.0, 1.0, 0.5]))
def product_with_zero_free(x):
    return np.prod(x) + np.prod(np.array([x[0], x[1] * 0.0, x[2]]))


@case(x=np.array([0.0, 2.0, 3.0]))
def product_with_one_zero(x):
    return np.prod(x)


@case(x=np.array([0.0, 0.0, 3.0]))
def product_with_two_zeros(x):
    return np.prod(x) + x[2]


@case(x=np.array([0.0, 2.0, 3.0]))
def cumprod_with_zero(x):
    return np.sum(np.cumprod(x) * np.array([1.0, 2.0, 3.0]))


@case(x=np.array([1.0, 1.0, 2.0]))
def sorted_with_ties_symmetric(x):
    return np.sum(np.sort(x) ** 2)


@case(x=np.array([0.3, 0.3]))
def median_of_equal_pair(x):
    return np.median(x) ** 2


@case(x=2.0)
def zero_times_anything(x):
    return 0.0 * x + 0 * math.exp(x) + x * 0.5


@case(x=1e-160)
def tiny_arguments(x):
    return x * 1e155 + math.sin(x)


@case(x=0.0, y=0.0, order=1, reason=KINK, gradient={0: 0.0, 1: 0.0})
def hypot_at_origin(x, y):
    return np.hypot(x, y)


@case(x=0.0, order=1, reason=KINK, gradient={0: 0.0})
def relu_family_at_zero(x):
    return x * (x > 0) + np.where(x > 0, x, 0.0)


@case(x=np.array([0.0, 3.0]))
def nan_to_num_and_nansum(x):
    y = np.array([x[0], np.nan, x[1]])
    y[0] = x[1] * x[1]
    return np.nansum(y * 2.0) + np.nan_to_num(y)[1]


@case(x=3.0)
def difference_that_cancels(x):
    y = x - x
    z = x / x
    return y + z * x


def root_of(v):
    return np.sqrt(v)


@case(x=np.array([0.0, 1.0, 2.0]), order=1, reason=KINK, gradient={0: np.array([0.0, 0.5, 0.125**0.5])})
def selected_after_a_call(x):
    y = root_of(x)
    return np.sum(np.where(x > 0.5, y, 0.0))


@case(x=np.array([0.0, 1.0, 2.0]), order=1, reason=KINK, gradient={0: np.array([0.0, 0.5, 0.125**0.5])})
def root_overwritten_by_mask(x):
    y = np.sqrt(x)
    y[x < 0.5] = 0.0
    return np.sum(y)


@case(
    x=np.array([[0.0, 1.0], [2.0, 0.0]]),
    order=1,
    reason=KINK,
    gradient={0: np.array([[0.0, 0.0], [0.125**0.5, 0.0]])},
)
def root_below_the_diagonal(x):
    return np.sum(np.tril(np.sqrt(x), -1))


@case(x=np.array([0.5, 1.0, 2.0]))
def entropy_with_an_empty_class(x):
    p = np.concatenate([[0.0], x])
    with np.errstate(all="ignore"):
        terms = np.where(p > 0, p * np.log(p) * x[0], 0.0)
    return -np.sum(terms)


@case(x=np.array([0.3, 0.5]))
def finite_part_of_a_sine(x):
    y = np.append(x, np.inf)
    with np.errstate(all="ignore"):
        return np.sum(np.where(np.isfinite(y), np.sin(y), 0.0))


@case(x=0.0, order=1, reason=KINK, gradient={0: 0.0})
def logarithm_of_zero_not_taken(x):
    return np.where(x > 0.0, np.log(x), 0.0) + np.where(x > 0.0, np.arctan2(x, x), x * 0.0)


@case(x=1.0, y=1.0, z=1.0, order=1, reason=KINK, gradient={0: 1 / 3 + 0.5, 1: 1 / 3 + 0.5, 2: 1 / 3})
def builtin_extrema_of_equals(x, y, z):
    return max(x, y, z) + min([x, y]) + max([], default=0.0) + max(1.0, 2.0) * 0.0
