"""try, except, else, finally, raise."""

import math

import numpy as np

from tests.corpus import case


@case(x=2.0)
@case(x=-2.0)
def fallback_on_error(x):
    try:
        y = math.log(x)
    except ValueError:
        y = x * x
    return y * 3.0


@case(x=2.0)
def except_else_finally(x):
    trace = []
    try:
        y = x * x
    except ZeroDivisionError:
        y = 0.0
    else:
        y = y + x
    finally:
        trace.append(x)
    return y * trace[0]


@case(x=np.array([1.0, -1.0, 4.0, 0.5]))
def raise_in_a_loop(x):
    total = 0.0
    for v in x:
        try:
            if v < 0:
                raise ValueError("negative")
            total += math.sqrt(v)
        except ValueError:
            total -= v * v
            continue
        finally:
            total *= 1.1
    return total


class Converged(Exception):
    def __init__(self, value):
        super().__init__("converged")
        self.value = value


@case(a=2.0)
def result_carried_by_exception(a):
    def iterate(x):
        while True:
            new = 0.5 * (x + a / x)
            if abs(new - x) < 1e-9:
                raise Converged(new)
            x = new

    try:
        iterate(1.0)
    except Converged as done:
        return done.value * a
    return 0.0


@case(x=0.8)
def finally_after_return(x):
    log = []

    def inner():
        try:
            return x * x
        finally:
            log.append(x)

    return inner() + log[0] * 2.0


@case(x=0.8)
def write_before_the_error(x):
    state = [1.0, 2.0]
    try:
        state[0] = x * x
        state[5] = x
        state[1] = 100.0
    except IndexError:
        state[1] = state[0] * x
    return state[0] + state[1]


@case(x=0.8)
def reraised_and_caught_outside(x):
    y = x
    try:
        try:
            y = y * x
            raise KeyError("inner")
        except KeyError as error:
            y = y + x
            raise RuntimeError("outer") from error
    except (RuntimeError, OSError):
        y = y * 2.0
    return y


@case(x=0.8, table={"a": 2.0})
def missing_key(x, table):
    try:
        k = table["b"]
    except KeyError:
        k = table["a"] * x
    return k * x


@case(x=0.3)
def break_out_of_try(x):
    total = x
    for k in range(5):
        try:
            total = total + x**k
            if total > 1.5:
                break
        finally:
            total = total * 1.2
    return total


@case(m=np.array([[4.0, 1.0], [1.0, 3.0]]))
@case(m=np.array([[1.0, 2.0], [2.0, 1.0]]))
def cholesky_or_eigenvalues(m):
    try:
        c = np.linalg.cholesky(m)
    except np.linalg.LinAlgError:
        return np.sum(m * m)
    return np.sum(np.log(np.diag(c)))


@case(x=1.4)
def stop_iteration_by_hand(x):
    it = iter([x, x * x, 2.0])
    total = 0.0
    while True:
        try:
            total += next(it) * x
        except StopIteration:
            break
    return total


@case(x=1.4, depth=3)
def exception_through_recursion(x, depth):
    def dive(v, n):
        if n == 0:
            raise Converged(v * x)
        dive(math.sin(v) + v, n - 1)

    try:
        dive(x, depth)
    except Converged as found:
        y = found.value
    return y * y
