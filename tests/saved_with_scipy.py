"""Functions over SciPy whose gradients are written out as modules."""

import numpy as np
import scipy
from scipy import special
from scipy.special import erf as error_function
from scipy.special import expit


def by_name(x):
    return np.sum(error_function(x) * expit(x))


def by_module(x):
    return np.sum(special.gammaln(x))


def by_package(x):
    return np.sum(scipy.special.erf(x))


def with_helpers(x):
    return np.sum(special.expn(2, x))
