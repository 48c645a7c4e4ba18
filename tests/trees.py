"""Comparison of results: the same structure, types and dtypes, and nearly the same numbers."""

import dataclasses
from collections import deque

import numpy as np


def assert_same(expected, actual, rtol=1e-9, atol=1e-12):
    assert type(expected) is type(actual), f"{expected!r} is not of the type of {actual!r}"
    if isinstance(expected, dict):
        assert list(expected) == list(actual)
        for key in expected:
            assert_same(expected[key], actual[key], rtol, atol)
    elif isinstance(expected, (list, tuple, deque)):
        assert len(expected) == len(actual)
        for a, b in zip(expected, actual, strict=True):
            assert_same(a, b, rtol, atol)
    elif dataclasses.is_dataclass(expected):
        for field in dataclasses.fields(expected):
            assert_same(getattr(expected, field.name), getattr(actual, field.name), rtol, atol)
    elif isinstance(expected, (np.ndarray, np.generic, float, complex)):
        assert (np.asarray(expected).dtype, np.shape(expected)) == (np.asarray(actual).dtype, np.shape(actual))
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)
    else:
        assert expected == actual
