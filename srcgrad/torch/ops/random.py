"""Random tensors: PyTorch's own numbers for the same seed.

What enters: sizes or tensors, and a generator. What leaves: tensors without history; the functions with an
underscore write into their tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcgrad.torch import choosing, drawing, rejecting
from srcgrad.torch.creation import check_placement, finished, numpy_dtype, sizes
from srcgrad.torch.inplace import check_writable
from srcgrad.torch.kernels import samples
from srcgrad.torch.modes import no_grad
from srcgrad.torch.names import op
from srcgrad.torch.ops.undifferentiated import undifferentiated
from srcgrad.torch.pointwise import unsupported
from srcgrad.torch.primitive import primitive
from srcgrad.torch.tensor import Tensor, wrap


def _sized(name: str, draw: Callable[..., Any], text: str) -> None:
    @op(name, method=False)
    def make(
        *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, names: Any = None, **named: Any,
    ) -> Tensor:  # fmt: skip
        del pin_memory, names
        check_placement(device, layout)
        shape = sizes(size or (named.pop("size"),))
        return finished(draw(shape, numpy_dtype(dtype), generator), requires_grad, out)

    @op(f"{name}_like", method=False)
    def like(
        input: Tensor, *, generator: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
    ) -> Tensor:  # fmt: skip
        del pin_memory, memory_format
        check_placement(device, layout)
        return finished(draw(input._a.shape, numpy_dtype(dtype, input._a.dtype), generator), requires_grad)

    for f, public in ((make, name), (like, f"{name}_like")):
        f.__name__ = f.__qualname__ = public
        f.__doc__ = text


_sized("rand", drawing.rand, "Uniform numbers in [0, 1).")
_sized("randn", drawing.randn, "Numbers of the standard normal distribution.")


def _bounds(low: Any, high: Any) -> tuple[int, int]:
    return (0, int(low)) if high is None else (int(low), int(high))


@op("randint", method=False)
def randint(
    low: Any, high: Any = None, size: Any = None, *, generator: Any = None, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Whole numbers in [low, high), or in [0, low)."""
    del pin_memory
    check_placement(device, layout)
    if size is None:
        low, high, size = 0, low, high
    low, high = _bounds(low, high)
    kind = numpy_dtype(dtype, np.dtype(np.int64))
    return finished(drawing.randint(low, high, sizes((size,)), kind, generator), requires_grad, out)


@op("randint_like", method=False)
def randint_like(
    input: Tensor, low: Any, high: Any = None, *, generator: Any = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Whole numbers in [low, high) in the shape and dtype of a tensor."""
    del pin_memory, memory_format
    check_placement(device, layout)
    low, high = _bounds(low, high)
    kind = numpy_dtype(dtype, input._a.dtype)
    return finished(drawing.randint(low, high, input._a.shape, kind, generator), requires_grad)


@op("randperm", method=False)
def randperm(
    n: int, *, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """The numbers below n in random order."""
    del pin_memory
    check_placement(device, layout)
    kind = numpy_dtype(dtype, np.dtype(np.int64))
    return finished(choosing.randperm(int(n), kind, generator), requires_grad, out)


_normal_of_mean = primitive(samples.unmoved, "NormalBackward1")
_normal_of_std = primitive(samples.unmoved, "NormalBackward2")
_normal_of_both = primitive(samples.unmoved_by_two, "NormalBackward3")
_bernoulli = primitive(samples.unmoved, "BernoulliBackward0")
_poisson = primitive(samples.unmoved, "PoissonBackward0")
_gamma = primitive(samples.gamma_sample, "StandardGammaBackward0")
dirichlet_node = primitive(samples.dirichlet_sample, "_DirichletBackward")


@op("normal", method=False)
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, out: Any = None, dtype: Any = None,
    requires_grad: bool = False, **_: Any,
) -> Tensor:  # fmt: skip
    """Normal numbers of given means and standard deviations, numbers or tensors."""
    by_mean, by_std = isinstance(mean, Tensor), isinstance(std, Tensor)
    if not by_mean and not by_std:
        drawn = drawing.normal_(np.empty(sizes((size,)), numpy_dtype(dtype)), mean, std, generator)
        return finished(drawn, requires_grad, out)
    found = drawing.normal(mean._a if by_mean else mean, std._a if by_std else std, generator)
    if out is not None:
        return finished(found, requires_grad, out)
    if by_mean and by_std:
        return _normal_of_both(mean, std, found)  # type: ignore[no-any-return]
    return _normal_of_mean(mean, found) if by_mean else _normal_of_std(std, found)  # type: ignore[no-any-return]


@op("bernoulli", out=True)
def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None) -> Tensor:
    """Ones with the probabilities of the tensor, or with probability p; zeros otherwise."""
    a = input._a
    if a.dtype.kind != "f" and p is None:
        raise NotImplementedError(f"\"bernoulli_tensor_cpu_p_\" not implemented for '{input.dtype._c_name}'")
    if p is not None:
        return undifferentiated("bernoulli", wrap(drawing.bernoulli_(np.empty(a.shape, a.dtype), p, generator)), input)
    return _bernoulli(input, drawing.bernoulli_(np.empty(a.shape, a.dtype), a, generator))  # type: ignore[no-any-return]


@op("multinomial", out=True)
def multinomial(input: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Positions drawn with the weights of each row."""
    return wrap(choosing.multinomial(input._a, num_samples, replacement, generator))


@op("poisson")
def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Numbers of Poisson's distribution with the given rates."""
    if input._a.dtype.kind != "f":
        raise unsupported("poisson_cpu", input._a.dtype)
    return _poisson(input, rejecting.poisson(input._a, generator))  # type: ignore[no-any-return]


@op("binomial", method=False)
def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """How many of so many trials succeed, each with a probability."""
    for name, t in (("count", count), ("prob", prob)):
        if t._a.dtype.kind != "f":
            raise ValueError(f"binomial only supports floating-point dtypes for {name}, got: {t.dtype._c_name}")
    if count._a.dtype != prob._a.dtype:
        raise RuntimeError(f"Found dtype {prob.dtype._c_name} but expected {count.dtype._c_name}")
    return undifferentiated("binomial", wrap(rejecting.binomial(count._a, prob._a, generator)), count, prob)


@op("_standard_gamma")
def standard_gamma(input: Tensor, generator: Any = None) -> Tensor:
    """Gamma distributed numbers of rate one, of the given parameters of shape."""
    return _gamma(input, rejecting.standard_gamma(input._a, generator))  # type: ignore[no-any-return]


@op("_sample_dirichlet", method=False)
def sample_dirichlet(input: Tensor, generator: Any = None) -> Tensor:
    """Probabilities along the last dimension, of Dirichlet's distribution."""
    drawn = wrap(rejecting.dirichlet(input._a, generator))
    return undifferentiated("_sample_dirichlet", drawn, input)


def _writer(name: str, draw: Callable[..., Any]) -> None:
    def method(self: Tensor, *args: Any, generator: Any = None, **kwargs: Any) -> Tensor:
        check_writable(self)
        given = [a._a if isinstance(a, Tensor) else a for a in args]
        named = {_RENAMED.get(k, k): v._a if isinstance(v, Tensor) else v for k, v in kwargs.items()}
        draw(self._a, *given, generator=generator, **named)
        self._writes.bump()
        if self._needs:
            with no_grad():
                from srcgrad.torch.inplace import adopt

                adopt(self, wrap(self._a))
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Write random numbers into the tensor: see torch.{name}."
    setattr(Tensor, name, method)


_RENAMED = {"from": "low", "to": "high"}
for _name in ("uniform_", "normal_", "random_", "bernoulli_", "exponential_", "log_normal_", "cauchy_", "geometric_"):
    _writer(_name, getattr(drawing, _name))
