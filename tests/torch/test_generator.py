"""The facade's random numbers are PyTorch's: recorded ones always, its own with --live."""

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from srcgrad.torch import choosing, drawing
from srcgrad.torch.generator import Generator
from srcgrad.torch.tensor import wrap
from tests.torch.random_calls import FLOATS, SEEDS, Call, calls, ours, summary, theirs

RECORD = json.loads((Path(__file__).parent / "data" / "random.json").read_text())


@pytest.mark.parametrize("seed", SEEDS)
def test_recorded(seed: int) -> None:
    generator = Generator().manual_seed(seed)
    record = RECORD[str(seed)]
    for call, expected in zip(calls(), record["drawn"], strict=True):
        found = summary(ours(call, generator))
        if call.dtype in ("float64", "complex128") and call.function not in ("uniform_", "random_", "bernoulli_"):
            # These go through the C library's functions, whose last digit is the machine's.
            np.testing.assert_allclose(
                [*map(complex, found.pop())], [*map(complex, expected.pop())], 1e-14, 0, err_msg=str(call)
            )
            found.pop(), expected.pop()
        assert (call, expected) == (call, found)
    assert record["state"] == summary(generator.state_bytes())


def test_live(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--live"):
        return
    import torch

    for seed in range(1000, 1006):
        generator, peer = Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
        for call in calls():
            expected, actual = theirs(torch, call, peer), ours(call, generator)
            assert (call, summary(expected)) == (call, summary(actual))
            assert np.array_equal(peer.get_state().numpy(), generator.state_bytes()), call


def test_known_numbers() -> None:
    generator = Generator().manual_seed(0)
    np.testing.assert_array_equal(
        np.array([0.4962565898895264, 0.7682217955589294, 0.08847743272781372], np.float32),
        drawing.rand(3, np.float32, generator),
    )
    generator.manual_seed(0)
    np.testing.assert_array_equal(
        np.array([1.5409960746765137, -0.293428897857666, -2.1787893772125244], np.float32),
        drawing.randn(3, np.float32, generator),
    )


@pytest.mark.parametrize("dtype", FLOATS)
def test_state_goes_back_and_forth(dtype: str) -> None:
    generator = Generator().manual_seed(5)
    drawing.randn(3, dtype, generator)
    state = generator.state_bytes()
    expected = [drawing.randn(n, dtype, generator) for n in (1, 20, 2)]
    for again in (Generator(), Generator().manual_seed(6)):
        again.set_state_bytes(state)
        for one, other in zip(expected, [drawing.randn(n, dtype, again) for n in (1, 20, 2)], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("draws", [0, 1, 623, 624, 625, 1248])
def test_copies_go_on_alike(draws: int) -> None:
    generator = Generator().manual_seed(11)
    if draws:
        generator.words(draws)
    copies = [generator.clone_state(), copy.deepcopy(generator), pickle.loads(pickle.dumps(generator))]
    for other in copies:
        assert np.array_equal(generator.state_bytes(), other.state_bytes())
    expected = generator.words(700)
    for other in copies:
        np.testing.assert_array_equal(expected, other.words(700))


def test_seeds() -> None:
    generator = Generator()
    assert generator.initial_seed() == 67280421310721
    assert generator.manual_seed(-1).initial_seed() == 2**64 - 1
    assert generator.seed() == generator.initial_seed() < 2**53
    with pytest.raises(RuntimeError, match="^manual_seed expected a long, but got float$"):
        generator.manual_seed(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="^Overflow when unpacking long long$"):
        generator.manual_seed(2**64)
    with pytest.raises(RuntimeError, match="^CPU Generator does not use offset$"):
        generator.get_offset()
    with pytest.raises(RuntimeError, match="no generator for the device 'cuda'"):
        Generator("cuda")


def test_states_are_tensors() -> None:
    generator = Generator().manual_seed(3)
    state = generator.get_state()
    expected = drawing.rand(3, np.float32, generator)
    np.testing.assert_array_equal(expected, drawing.rand(3, np.float32, Generator().set_state(state)))
    assert ("uint8", (5056,)) == (state._a.dtype.name, state._a.shape)
    with pytest.raises(TypeError, match="^RNG state must be a torch.ByteTensor$"):
        generator.set_state(wrap(np.zeros(5056, np.float32)))
    with pytest.raises(TypeError, match="^expected a torch.ByteTensor, but got numpy.ndarray$"):
        generator.set_state(np.zeros(5056, np.uint8))


def test_states_that_are_none() -> None:
    generator = Generator()
    with pytest.raises(
        RuntimeError, match="^Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 5$"
    ):
        generator.set_state_bytes(np.zeros(5, np.uint8))
    with pytest.raises(RuntimeError, match="^Invalid mt19937 state$"):
        generator.set_state_bytes(np.zeros(5056, np.uint8))


REFUSED = [
    (NotImplementedError, "\"normal_kernel_cpu\" not implemented for 'Long'", "int64", "normal_", ()),
    (NotImplementedError, "\"check_uniform_bounds\" not implemented for 'Long'", "int64", "uniform_", ()),
    (NotImplementedError, "\"log_normal_cpu\" not implemented for 'Long'", "int64", "log_normal_", ()),
    (NotImplementedError, "\"geometric_cpu\" not implemented for 'Bool'", "bool", "geometric_", (0.5,)),
    (
        NotImplementedError,
        "\"bernoulli_scalar_cpu_\" not implemented for 'ComplexFloat'",
        "complex64",
        "bernoulli_",
        (0.5,),
    ),
    (NotImplementedError, "\"random_kernel_cpu\" not implemented for 'ComplexFloat'", "complex64", "random_", ()),
    (
        RuntimeError,
        "Exponential distribution is a continuous probability distribution. dtype must be a floating point but you specified Long",
        "int64",
        "exponential_",
        (),
    ),
    (
        RuntimeError,
        "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but you specified long int",
        "int64",
        "cauchy_",
        (),
    ),
    (
        RuntimeError,
        "check_random_bounds handles only integral, floating-point and boolean types",
        "complex64",
        "random_",
        (0, 3),
    ),
    (RuntimeError, "normal expects std >= 0.0, but found std -1", "float32", "normal_", (0, -1)),
    (
        RuntimeError,
        "uniform_ expects to return a [from, to) range, but found from=2 > to=1",
        "float32",
        "uniform_",
        (2, 1),
    ),
    (RuntimeError, "from is out of bounds for float", "float32", "uniform_", (-1e39, 1)),
    (
        RuntimeError,
        (
            "uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found to=3e+38 and from=-3e+38 "
            "which result in to-from to exceed the limit"
        ),
        "float32",
        "uniform_",
        (-3e38, 3e38),
    ),
    (RuntimeError, "exponential_ expects lambda > 0.0, but found lambda=-1.5", "float32", "exponential_", (-1.5,)),
    (RuntimeError, "log_normal_ expects std > 0.0, but found std=0", "float32", "log_normal_", (0, 0)),
    (RuntimeError, "cauchy_ expects sigma > 0.0, but found sigma=-1", "float32", "cauchy_", (0, -1)),
    (RuntimeError, "geometric_ expects p to be in (0, 1), but got p=1", "float32", "geometric_", (1,)),
    (RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p=1.5", "float32", "bernoulli_", (1.5,)),
    (RuntimeError, "random_ expects 'from' to be less than 'to', but got from=5 >= to=5", "float32", "random_", (5, 5)),
    (RuntimeError, "to - 1 is out of bounds for unsigned char", "uint8", "random_", (0, 257)),
    (RuntimeError, "from is out of bounds for signed char", "int8", "random_", (-129, 5)),
    (RuntimeError, "to - 1 is out of bounds for bool", "bool", "random_", (0, 3)),
    (RuntimeError, "to - 1 is out of bounds for c10::Half", "float16", "random_", (0, 70000)),
    (ValueError, "Overflow when unpacking long long", "int64", "random_", (0, 2**63)),
]


@pytest.mark.parametrize(("error", "message", "dtype", "function", "arguments"), REFUSED)
def test_refusals(request, error, message, dtype, function, arguments) -> None:
    with pytest.raises(error) as caught:
        getattr(drawing, function)(np.empty(3, dtype), *arguments)
    assert message == str(caught.value)
    if request.config.getoption("--live"):
        import torch

        with pytest.raises(error) as caught:
            getattr(torch.empty(3, dtype=getattr(torch, dtype)), function)(*arguments)
        assert message == str(caught.value)


@pytest.mark.parametrize(
    ("message", "weights", "arguments"),
    [
        ("cannot sample n_sample > prob_dist.size(-1) samples without replacement", [1.0, 2], (3,)),
        ("probability tensor contains either `inf`, `nan` or element < 0", [1.0, -2], (1,)),
        ("invalid multinomial distribution (encountering probability entry < 0)", [1.0, -2], (2, True)),
        (
            "invalid multinomial distribution (encountering probability entry = infinity or NaN)",
            [1.0, np.inf],
            (2, True),
        ),
        ("invalid multinomial distribution (sum of probabilities <= 0)", [0.0, 0], (1,)),
        ("invalid multinomial distribution (sum of probabilities <= 0)", [0.0, 0], (2, True)),
        ("multinomial only supports floating-point dtypes for input, got: Long", [1, 1], (2,)),
        ("cannot sample n_sample <= 0 samples", [1.0, 1], (0,)),
        ("prob_dist must be 1 or 2 dim", 1.0, (1,)),
    ],
)
def test_multinomial_refusals(message: str, weights, arguments) -> None:
    with pytest.raises(RuntimeError) as caught:
        choosing.multinomial(np.array(weights), *arguments)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("error", "message", "n", "dtype"),
    [
        (RuntimeError, "Trying to create tensor with negative dimension -1: [-1]", -1, "int64"),
        (RuntimeError, "value cannot be converted to type uint8_t without overflow", 300, "uint8"),
        (RuntimeError, "n cannot be greater than 2049 for Half type.", 3000, "float16"),
        (NotImplementedError, "\"randperm\" not implemented for 'Bool'", 3, "bool"),
    ],
)
def test_randperm_refusals(error, message, n, dtype) -> None:
    with pytest.raises(error) as caught:
        choosing.randperm(n, dtype)
    assert message == str(caught.value)


def test_a_range_that_rounding_moves_is_warned_about() -> None:
    with pytest.warns(
        UserWarning, match=r"^to - 1 is out of bounds \[-\(2\^24\), 2\^24\]. Due to precision limitations float can"
    ):
        drawing.random_(np.empty(3, np.float32), 0, 2**25)


def test_dropout_draws_nothing_where_all_or_none_is_dropped() -> None:
    generator = Generator().manual_seed(0)
    before = generator.state_bytes()
    np.testing.assert_array_equal(np.ones(5, np.float32), drawing.dropout_mask(np.empty(5, np.float32), 0.0, generator))
    np.testing.assert_array_equal(
        np.zeros(5, np.float32), drawing.dropout_mask(np.empty(5, np.float32), 1.0, generator)
    )
    assert np.array_equal(before, generator.state_bytes())
    with pytest.raises(ValueError, match="^dropout probability has to be between 0 and 1, but got 1.5$"):
        drawing.dropout_mask(np.empty(5, np.float32), 1.5, generator)


def test_calls_are_distinct() -> None:
    assert len(set(calls())) == len(calls())
    assert Call("randperm", "int64", (5000,)) in calls()
