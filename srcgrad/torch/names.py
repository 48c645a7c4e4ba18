"""Where the modules under `ops` enter what they define: as `torch.name`, as a method, or both.

An operation is written once, out of place; its `out=` form and its in-place form (`add_`) follow from it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar

from srcgrad.torch.dtypes import can_cast, of
from srcgrad.torch.inplace import check_writable, write
from srcgrad.torch.modes import state
from srcgrad.torch.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

# What `srcgrad.torch` offers by name.
FUNCTIONS: dict[str, Any] = {}
# The methods that write into their tensor and are functions of `srcgrad.torch` too.
WRITERS = frozenset(
    "abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ as_strided_ asin_ asinh_ atan_ atanh_ ceil_ "
    "clamp_ clamp_max_ clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ exp2_ exp_ expm1_ fill_ fix_ "
    "floor_ frac_ gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_ "
    "reciprocal_ relu_ resize_as_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ xlogy_ zero_".split()
)


def op(
    *names: str, function: bool = True, method: bool = True, out: bool = False, inplace: bool = False
) -> Callable[[F], F]:
    """Enter a function under its names: `torch.add`, `Tensor.add`; with `inplace` also `Tensor.add_` and `torch.add_`'s like."""

    def enter(f: F) -> F:
        public = with_out(f, names[0]) if out else explaining(f, names[0]) if function else f
        for name in names:
            if function:
                FUNCTIONS[name] = public
            if method:
                setattr(Tensor, name, f)
            if inplace:
                enter_inplace(name, f)
        return f

    return enter


def enter_inplace(name: str, f: Callable[..., Any]) -> None:
    """The in-place form of an operation, as the method `name_`."""

    node = f"{name.title().replace('_', '')}Backward0"

    @functools.wraps(f)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return write(self, lambda before: f(before, *args, **kwargs), name=node, others=args)

    method.__name__ = f"{name}_"
    setattr(Tensor, f"{name}_", method)


class ArgumentError(TypeError):
    """An argument of a wrong type; the text is what stands after the function's name."""


def explaining(f: F, name: str) -> F:
    """The function, with PyTorch's words where an argument is no tensor or there are too few or too many."""

    @functools.wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except (AttributeError, TypeError) as error:
            raise explained(f, name, args, kwargs, error) from None

    return wrapper  # type: ignore[return-value]


def explained(
    f: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception
) -> Exception:
    """The error of a call in PyTorch's words, or as it is."""
    if isinstance(error, ArgumentError):
        return TypeError(f"{name}(): {error}")
    text = str(error)
    if isinstance(error, TypeError) and (found := _MISSING.match(text)):
        missing = ", ".join(f'"{word}"' for word in re.findall(r"'(\w+)'", found[2]))
        return TypeError(f"{name}() missing {found[1]} required positional arguments: {missing}")
    if isinstance(error, TypeError) and (found := _UNEXPECTED.match(text)):
        return TypeError(f"{name}() got an unexpected keyword argument '{found[1]}'")
    if isinstance(error, TypeError) and text.startswith(f"{name}("):
        return error
    code = getattr(f, "__code__", None)
    first = code.co_varnames[0] if code is not None and code.co_argcount else ""
    if first in {"input", "self"}:
        given = args[0] if args else kwargs.get(first)
        if (args or first in kwargs) and not isinstance(given, Tensor):
            return TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(given).__name__}")
    return error


_MISSING = re.compile(r"\w+\(\) missing (\d+) required positional arguments?: (.*)")
_UNEXPECTED = re.compile(r"\w+\(\) got an unexpected keyword argument '(\w+)'")


def with_out(f: F, name: str) -> F:
    """The function with a keyword `out`: the result is written there, resized if need be."""

    @functools.wraps(f)
    def wrapper(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            try:
                return f(*args, **kwargs)
            except (AttributeError, TypeError) as error:
                raise explained(f, name, args, kwargs, error) from None
        targets = out if isinstance(out, (tuple, list)) else (out,)
        given = [a for a in (*args, *kwargs.values(), *targets) if isinstance(a, Tensor)]
        if state.enabled and any(t._needs for t in given):
            raise RuntimeError(
                f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
                "arguments requires grad."
            )
        result = f(*args, **kwargs)
        results = result if isinstance(result, tuple) else (result,)
        for target, value in zip(targets, results, strict=True):
            deliver(target, value)
        return out

    return wrapper  # type: ignore[return-value]


def deliver(target: Tensor, value: Tensor) -> None:
    """Write a result into the tensor that the caller gave for it."""
    check_writable(target)
    if not can_cast(of(value._a.dtype), of(target._a.dtype)):
        raise RuntimeError(
            f"result type {of(value._a.dtype)._c_name} can't be cast to the desired output type "
            f"{of(target._a.dtype)._c_name}"
        )
    if target._a.shape != value._a.shape:
        if target._a.size:
            import warnings

            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(target._a.shape)}, which does not match the required output shape {list(value._a.shape)}. "
                "This behavior is deprecated, and in a future PyTorch release outputs will not be resized unless "
                "they have zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero "
                "elements with t.resize_(0).",
                UserWarning,
                stacklevel=3,
            )
        target._a = value._a.astype(target._a.dtype)
    else:
        target._a[...] = value._a
    target._writes.bump()
