"""What the functions of matrices ask of their arguments, and what they say where they do not get it.

What enters: tensors. What leaves: nothing, or an error with PyTorch's text.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from srcgrad.torch.names import with_out
from srcgrad.torch.pointwise import not_a_tensor, unsupported
from srcgrad.torch.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])


class LinAlgError(RuntimeError):
    """A matrix for which a problem of linear algebra has no solution."""


LinAlgError.__module__ = "torch._C"
LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"


# The functions whose first argument PyTorch calls so in its errors.
_CALLED_INPUT = frozenset(
    "cholesky cholesky_ex cond cross eig eigh eigvals eigvalsh householder_product ldl_factor ldl_factor_ex lstsq matmul "
    "matrix_exp matrix_norm matrix_power matrix_rank norm pinv solve_triangular tensorinv tensorsolve vector_norm".split()
)


def public(function: F) -> F:
    """A function of torch.linalg: with `out=`, and an error for what is no tensor."""
    name = function.__name__
    first = function.__code__.co_varnames[0]
    checked = named_argument(function, f"linalg_{name}", "input" if name in _CALLED_INPUT else first)
    return with_out(checked, f"linalg_{name}")


def named_argument(function: F, name: str, shown: str = "input") -> F:
    """The function under a check of its first argument, which may come under both of the names that PyTorch has for it."""
    own = function.__code__.co_varnames[0]
    needed = [k for k, p in inspect.signature(function).parameters.items() if p.default is p.empty]

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not args:
            for other in (shown, "A", "input"):
                if other != own and other in kwargs:
                    kwargs[own] = kwargs.pop(other)
                    break
        first = args[0] if args else kwargs.get(own)
        if (args or own in kwargs) and not isinstance(first, Tensor):
            raise not_a_tensor(name, first, shown)
        missing = [k for k in needed[len(args) :] if k not in kwargs]
        if missing:
            words = ", ".join(f'"{shown if k == own else k}"' for k in missing)
            raise TypeError(f"{name}() missing {len(missing)} required positional arguments: {words}")
        return function(*args, **kwargs)

    return checked  # type: ignore[return-value]


def check_matrix(x: Tensor, name: str, parameter: str = "A") -> None:
    """At least two dimensions."""
    if x._a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {parameter} must have at least 2 dimensions.")


def check_square(x: Tensor, name: str, parameter: str = "A") -> None:
    """Square matrices."""
    check_matrix(x, name, parameter)
    n, m = x._a.shape[-2:]
    if n != m:
        raise RuntimeError(f"{name}: {parameter} must be batches of square matrices, but they are {n} by {m} matrices")


def check_floating(x: Tensor, name: str, low: str | None = None) -> None:
    """Floats or complex numbers; half precision is refused, in the words of the kernel `low` if that is given."""
    if x._a.dtype.kind not in "fc":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {x.dtype._c_name}")
    if x._a.dtype == np.float16:
        if low is not None:
            raise unsupported(low, x._a.dtype)
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {x.dtype._c_name}")


def batch_words(infos: Any) -> tuple[str, int]:
    """Where among stacked matrices the first failure is, in words, and its number."""
    flat = np.ravel(infos)
    first = int(np.flatnonzero(flat)[0])
    return (f"(Batch element {first}): " if np.ndim(infos) else ""), int(flat[first])


def int32(values: Any) -> Tensor:
    """A tensor of LAPACK's integers."""
    return Tensor._wrap(np.asarray(values, np.int32))
