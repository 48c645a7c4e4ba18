"""Programs spread over modules."""

import numpy as np

import tests.corpus.statistics as stats
from tests.corpus import case, functions
from tests.corpus.functions import newton
from tests.corpus.functions import square as second_power
from tests.corpus.linalg_programs import lu_with_pivoting as factorise
from tests.corpus.simulation_kernels import rk4


@case(x=1.2)
def imported_function_under_another_name(x):
    return second_power(x) + functions.affine(x, offset=second_power(x))


@case(mu=0.4, sigma=1.3)
def function_of_imported_module(mu, sigma):
    return stats.normal_log_likelihood(mu, sigma) * stats.X[0]


@case(a=np.array([[0.1, 2.0], [3.0, 0.5]]))
def several_results_across_modules(a):
    lu, order, sign = factorise(a)
    return sign * lu[0, 0] * lu[1, 1] + len(order)


@case(k=0.8)
def callback_handed_to_another_module(k):
    def decay(t, y):
        return -k * y + t

    y = 1.0
    for i in range(3):
        y = rk4(decay, y, 0.1 * i, 0.1)
    return newton(lambda r: r * r - y, lambda r: 2 * r, 1.0)


@case(x=1.2, verbose=True)
def prints_as_it_goes(x, verbose):
    y = x
    for k in range(3):
        y = y * x
        if verbose:
            print(f"step {k}: y = {y:.4f}", x, sep="\t")
    return y


class Shared:
    """A namespace of settings, read when the function runs."""

    gain = 1.5
    table = {"low": 0.1, "high": 2.0}


@case(x=1.2)
def settings_of_a_class(x):
    return x**2 * Shared.gain + Shared.table["high"] * x + functions.GLOBAL_SCALE * x
