"""Every program of the corpus, in every mode, against finite differences."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import SrcgradError
from tests import oracles
from tests.corpus import Argnum, Case, all_cases

CASES = all_cases()
SINGLE_PRECISION = 2e-3

every_case = pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])


def right_or_refused(test: Callable[[int], None]) -> Callable[[int], None]:
    """The test, passed also by an honest refusal where the case allows one."""

    @functools.wraps(test)
    def run(number: int) -> None:
        try:
            test(number)
        except SrcgradError:
            if not CASES[number].may_refuse:
                raise

    return run


# What the tests ask of a case


def result_of(case: Case, args: list[Any], kwargs: dict[str, Any]) -> Any:
    result = case.function(*args, **kwargs)
    return result[0] if case.aux else result


def argument(case: Case, argnum: Argnum) -> Any:
    """The sample of one argument; a Python int that is differentiated counts as a float."""
    if isinstance(argnum, int):
        value = case.args[argnum]
    elif argnum in case.kwargs:
        value = case.kwargs[argnum]
    else:
        value = case.args[case.parameters.index(argnum)]
    return float(value) if type(value) is int else value


def function_of(case: Case, argnums: tuple[Argnum, ...]) -> Callable[[list[Any]], Any]:
    """The program as a function of the chosen arguments alone, in double precision."""

    def f(values: list[Any]) -> Any:
        args, kwargs = case.fresh()
        args, kwargs = oracles.widen(args), oracles.widen(kwargs)
        for argnum, value in zip(argnums, values, strict=True):
            if isinstance(argnum, int):
                args[argnum] = value
            elif argnum in kwargs:
                kwargs[argnum] = value
            else:
                args[case.parameters.index(argnum)] = value
        return result_of(case, args, kwargs)

    return f


@functools.cache
def sample_result(number: int) -> Any:
    case = CASES[number]
    args, kwargs = case.fresh()
    return result_of(case, args, kwargs)


@functools.cache
def expected_gradient(number: int, argnum: Argnum) -> tuple[np.ndarray, float]:
    """The gradient of the (contracted) result for one argument, as coordinates, with its error."""
    case = CASES[number]
    if case.gradient is not None:
        return oracles.coordinates(case.gradient[argnum] * np.ones(1)), 0.0
    f = function_of(case, (argnum,))
    cotangent = oracles.weights(sample_result(number))

    def scalar(value: Any) -> np.ndarray:
        return np.array(contract(number, cotangent, f([value])))

    return oracles.gradient(scalar, oracles.widen(copy.deepcopy(argument(case, argnum))))


def contract(number: int, cotangent: Any, result: Any) -> float:
    if is_scalar(sample_result(number)):
        return float(result)
    return oracles.pairing(cotangent, result)


def is_scalar(result: Any) -> bool:
    """Whether grad accepts the result as it is."""
    return not isinstance(result, list | tuple | dict) and (
        isinstance(result, float | int | np.floating | np.integer)
        or (isinstance(result, np.ndarray) and result.shape == () and result.dtype.kind == "f")
    )


def tolerance_of(case: Case) -> float:
    return SINGLE_PRECISION if oracles.narrow(list(case.args)) else case.tolerance


def check_gradient(number: int, argnum: Argnum, gradient: Any) -> None:
    case = CASES[number]
    like = argument(case, argnum)
    oracles.assert_same_structure(like, gradient)
    expected, error = expected_gradient(number, argnum)
    actual = oracles.coordinates(oracles.conjugate(gradient))
    oracles.assert_close(expected, actual, tolerance_of(case), error, f"{case.name} for argument {argnum!r}")


def check_value(number: int, value: Any) -> None:
    expected = sample_result(number)
    assert type(value) is type(expected)
    assert oracles.same_bits(expected, value), f"{value!r} is not the program's own {expected!r}"


def check_untouched(case: Case, args: list[Any], kwargs: dict[str, Any]) -> None:
    assert oracles.same_bits(list(case.args), args), "a positional argument was changed"
    assert oracles.same_bits(dict(case.kwargs), kwargs), "a keyword argument was changed"


def differentiate(number: int, argnums: Argnum | tuple[Argnum, ...]) -> Any:
    """Gradient or contracted pullback, with value and arguments checked on the way."""
    case = CASES[number]
    args, kwargs = case.fresh()
    if is_scalar(sample_result(number)):
        value, gradient = sg.value_and_grad(case.function, argnums, has_aux=case.aux)(*args, **kwargs)
        if case.aux:
            value, _ = value
    else:
        value, pullback = sg.vjp(case.function, *args, argnums=argnums, **kwargs)
        gradient = pullback(oracles.weights(value))
    check_value(number, value)
    check_untouched(case, args, kwargs)
    return gradient


def tangents_of(case: Case, positions: list[int], seed: int) -> list[Any]:
    """A random direction for each of the positions, zero for the other arguments."""
    rng = np.random.default_rng(seed)
    tangents: list[Any] = [0] * len(case.args)
    for k in positions:
        like = argument(case, k)
        tangents[k] = oracles.rebuild(like, rng.uniform(-1.0, 1.0, oracles.coordinates(like).size))
    return tangents


def positions_of(case: Case) -> list[int]:
    """The differentiated arguments that are positional, by their place."""
    found = []
    for argnum in case.argnums:
        if isinstance(argnum, int):
            found.append(argnum)
        elif argnum in case.parameters:
            found.append(case.parameters.index(argnum))
    return found


# The tests


def test_size_of_the_corpus() -> None:
    assert len({id(case.function) for case in CASES}) >= 400


@every_case
def test_program_is_deterministic(number: int) -> None:
    case = CASES[number]
    args, kwargs = case.fresh()
    assert case.argnums
    assert oracles.same_bits(sample_result(number), result_of(case, args, kwargs))


@every_case
@right_or_refused
def test_each_argument_alone(number: int) -> None:
    for argnum in CASES[number].argnums:
        check_gradient(number, argnum, differentiate(number, argnum))


@every_case
@right_or_refused
def test_all_arguments_together(number: int) -> None:
    argnums = CASES[number].argnums
    gradients = differentiate(number, argnums)
    assert type(gradients) is tuple
    for argnum, gradient in zip(argnums, gradients, strict=True):
        check_gradient(number, argnum, gradient)


@every_case
@right_or_refused
def test_forward_mode(number: int) -> None:
    case = CASES[number]
    positions = positions_of(case)
    if not positions:
        return
    args, kwargs = case.fresh()
    tangents = tangents_of(case, positions, seed=11)
    function = without_aux(case)
    y, y_dot = sg.jvp(function, tuple(args), tuple(tangents), kwargs=kwargs)
    check_value(number, y)
    check_untouched(case, args, kwargs)
    oracles.assert_same_structure(y, y_dot)

    chosen = [tangents[k] for k in positions]
    if case.gradient is not None:
        slope = sum(
            float(expected_gradient(number, k)[0] @ oracles.coordinates(tangents[k]))
            for k in case.argnums
            if isinstance(k, int)
        )
        expected, error = np.array([slope]), 0.0
    else:
        point = oracles.widen([copy.deepcopy(argument(case, k)) for k in positions])
        expected, error = oracles.directional(function_of(case, tuple(positions)), point, oracles.coordinates(chosen))
    # An integer in the result has no coordinates, and no tangent that could be wrong.
    actual = tangent_coordinates(y, y_dot)
    oracles.assert_close(expected, actual, tolerance_of(case), error, case.name)


@every_case
@right_or_refused
def test_second_order_forward_over_reverse(number: int) -> None:
    case = CASES[number]
    positions = positions_of(case)
    if case.order < 2 or not positions:
        return
    args, kwargs = case.fresh()
    gradient = sg.grad(scalar_function(number), tuple(positions))
    tangents = tangents_of(case, positions, seed=13)
    _, product = sg.jvp(gradient, tuple(args), tuple(tangents), kwargs=kwargs)
    check_untouched(case, args, kwargs)
    check_product(number, product)


@every_case
@right_or_refused
def test_second_order_reverse_over_reverse(number: int) -> None:
    case = CASES[number]
    positions = positions_of(case)
    if case.order < 2 or not positions or is_complex(case):
        return
    args, kwargs = case.fresh()
    gradient = sg.grad(scalar_function(number), tuple(positions))
    tangents = tangents_of(case, positions, seed=13)
    _, pullback = sg.vjp(gradient, *args, argnums=tuple(positions), **kwargs)
    product = pullback(tuple(tangents[k] for k in positions))
    check_untouched(case, args, kwargs)
    check_product(number, product)
    again = pullback(tuple(tangents[k] for k in positions))
    assert oracles.same_bits(product, again), "the pullback changed between two calls"


def is_complex(case: Case) -> bool:
    return any(np.iscomplexobj(leaf) for _, leaf in oracles.leaves(list(case.args)))


def scalar_function(number: int) -> Callable[..., Any]:
    """The program, contracted with fixed weights where its result is not a scalar."""
    function, result = without_aux(CASES[number]), sample_result(number)
    return function if is_scalar(result) else contracted(function, oracles.weights(result))


@functools.cache
def expected_product(number: int) -> tuple[np.ndarray, float]:
    """The Hessian times a fixed direction, by differences of the gradient."""
    case = CASES[number]
    positions = positions_of(case)
    gradient = sg.grad(scalar_function(number), tuple(positions))

    def gradient_at(values: list[Any]) -> Any:
        args, kwargs = case.fresh()
        args, kwargs = oracles.widen(args), oracles.widen(kwargs)
        for k, value in zip(positions, values, strict=True):
            args[k] = value
        return oracles.conjugate(gradient(*args, **kwargs))

    point = oracles.widen([copy.deepcopy(argument(case, k)) for k in positions])
    tangents = tangents_of(case, positions, seed=13)
    direction = oracles.coordinates([tangents[k] for k in positions])
    return oracles.directional(gradient_at, point, direction)


def check_product(number: int, product: Any) -> None:
    case = CASES[number]
    for k, part in zip(positions_of(case), product, strict=True):
        oracles.assert_same_structure(argument(case, k), part)
    expected, error = expected_product(number)
    primals = [argument(case, k) for k in positions_of(case)]
    actual = oracles.coordinates_at(oracles.conjugate(list(product)), primals)
    oracles.assert_close(expected, actual, 5 * tolerance_of(case), error, f"{case.name}, order 2")


def without_aux(case: Case) -> Callable[..., Any]:
    if not case.aux:
        return case.function

    def main_result(*args: Any, **kwargs: Any) -> Any:
        return case.function(*args, **kwargs)[0]

    return main_result


def contracted(function: Callable[..., Any], cotangent: Any) -> Callable[..., Any]:
    """The scalar whose gradient is the pullback of the cotangent."""

    def scalar(*args: Any, **kwargs: Any) -> float:
        return oracles.pairing(cotangent, function(*args, **kwargs))

    return scalar


def tangent_coordinates(result: Any, tangent: Any) -> np.ndarray:
    parts = [
        oracles.coordinates(t)
        for (_, y), (_, t) in zip(oracles.leaves(result), oracles.leaves(tangent), strict=True)
        if oracles.is_numeric(y)
    ]
    return np.concatenate([np.zeros(0), *parts])
