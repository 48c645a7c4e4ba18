"""What a module's names mean is changed by the tests that import this one."""

FACTOR = 2.0


def helper(x):
    return x * FACTOR
