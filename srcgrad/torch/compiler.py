"""`torch.compile`: a function of tensors as one generated function of arrays, with a generated adjoint.

What enters: a function or a module. What leaves: one that does the same. At its first call its source is read
(`srcgrad.torch.compiling`), and what it computes becomes one text, forward and backward, and one node of the graph;
`y.grad_fn.source` shows it. What cannot be read runs operation by operation, as without `compile`.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

from srcgrad.torch import dtypes
from srcgrad.torch.autograd import forward_ad
from srcgrad.torch.modes import state
from srcgrad.torch.profiling import watch
from srcgrad.torch.saving import EXTRAS
from srcgrad.torch.tensor import Tensor

# For more kinds of calls than these a function runs operation by operation, as in PyTorch.
LIMIT = 8


class _Compiling(threading.local):
    depth = 0


_compiling = _Compiling()
_all: weakref.WeakSet[Compiled] = weakref.WeakSet()


def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
) -> Any:
    """A function or module that does what the given one does, by one generated function for each kind of call.

    The text is made for the shapes and dtypes of the first call's tensors and for the values of its other arguments, and
    again for calls with others, up to eight times. Loops over ranges and branches on data stay loops and
    branches. Where the function does what the generator does not understand (random numbers, writes into its
    arguments, printing, …) it runs operation by operation; with `fullgraph=True` the first call raises an error
    instead that names the line and the reason. `backend="eager"` and `disable=True` change nothing about the function.
    The other options are PyTorch's and have no meaning here. As a decorator with or without arguments.

    >>> import srcgrad.torch as torch
    >>> @torch.compile
    ... def energy(x, w):
    ...     return torch.tanh(x @ w).sum()
    >>> x, w = torch.ones(2, 3), torch.ones(3, requires_grad=True)
    >>> print(energy(x, w).grad_fn.name())
    CompiledFunctionBackward
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if model is None:
        return functools.partial(
            compile, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options, disable=disable
        )
    from srcgrad.torch.nn import Module

    if not callable(model):
        raise RuntimeError(f"torch.compile expects a function or a module, not {type(model).__name__}")
    if isinstance(model, Module):
        return _compiled_module()(model, fullgraph, disable or backend == "eager")
    if disable or backend == "eager":
        return model
    compiled = Compiled(model, fullgraph)

    @functools.wraps(model)
    def run(*args: Any, **kwargs: Any) -> Any:
        return compiled(*args, **kwargs)

    run._torchdynamo_orig_callable = model  # type: ignore[attr-defined]
    run._compiled = compiled  # type: ignore[attr-defined]
    return run


class Compiled:
    """A function with its generated texts, by the kind of call."""

    def __init__(self, function: Callable[..., Any], fullgraph: bool) -> None:
        self.function = function
        self.fullgraph = fullgraph
        self.made: dict[Any, list[Any]] = {}
        self.count = 0
        self.why: Exception | None = None
        _all.add(self)

    def __reduce__(self) -> Any:
        # Copies and pickles make texts of their own: these hold for the objects that this function reads.
        return Compiled, (self.function, self.fullgraph)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if _compiling.depth or stance.off or EXTRAS or watch.on or state.inference or forward_ad._levels:
            # What watches operations wants to see each of them.
            return self.function(*args, **kwargs)
        given: list[Any] = []
        key = (_key(args, given), _key(kwargs, given) if kwargs else None, state.enabled, dtypes.default_float())
        try:
            entries = self.made.get(key, ())
        except TypeError:  # an argument that cannot be a key
            return self.refused(_unhashable(args, kwargs), args, kwargs)
        for entry in entries:
            if isinstance(entry, Refusal):
                if entry.holds(given):
                    return self.refused(entry.error, args, kwargs)
                continue
            tensors = entry.fetch(given)
            if tensors is not None:
                try:
                    return entry.call(tensors, given, args, kwargs)
                except Exception:  # the operations say what is wrong, in PyTorch's words
                    return self.function(*args, **kwargs)
        return self.first(key, given, args, kwargs)

    def first(self, key: Any, given: list[Any], args: Any, kwargs: Any) -> Any:
        """A call of a kind that has not been met."""
        from srcgrad.torch.compiling import specialisation as special
        from srcgrad.torch.compiling.program import refused

        if self.count >= LIMIT:
            return self.refused(refused("so many kinds of calls of one function"), args, kwargs)
        self.count += 1
        _compiling.depth += 1
        try:
            made = special.Specialisation(self.function, given, args, kwargs)
            special.trust(made, given, args, kwargs)
        except Exception as error:  # whatever goes wrong while compiling must not stop the function
            _compiling.depth -= 1
            if not isinstance(error, special.NotCompilable):
                error = refused(f"this function: {type(error).__name__}: {error}")
            self.made.setdefault(key, []).append(Refusal(error))
            return self.refused(error, args, kwargs)
        _compiling.depth -= 1
        self.made.setdefault(key, []).insert(0, made)
        return made.call(made.fetch(given), given, args, kwargs)

    def refused(self, error: Any, args: Any, kwargs: Any) -> Any:
        """The call, operation by operation, unless the user wants to know."""
        self.why = error
        if self.fullgraph:
            raise error
        return self.function(*args, **kwargs)


class Refusal:
    """A kind of call for which the function runs operation by operation."""

    def __init__(self, error: Any) -> None:
        self.error = error
        read = getattr(error, "guards", None)
        self.fetched = None if read is None else read.compiled([])

    def holds(self, given: list[Any]) -> bool:
        """Whether what was read before the refusal is as it was: a module that has changed may be compiled now."""
        try:
            return self.fetched is None or self.fetched(given) is not None
        except Exception:  # an option that cannot be compared is not what it was
            return False


def _unhashable(args: Any, kwargs: Any) -> Exception:
    from srcgrad.torch.compiling.program import refused

    wrong = next(a for a in (*args, *kwargs.values()) if type(a).__hash__ is None or isinstance(a, (tuple, list, dict)))
    return refused(f"an argument of type {type(wrong).__name__}")


_PLAIN = frozenset([int, float, bool, str, type(None)])


def _key(thing: Any, given: list[Any]) -> Any:
    """What the text for a call depends on of an argument; the tensors go into `given`."""
    kind = type(thing)
    if kind is Tensor or isinstance(thing, Tensor):
        a = thing._a
        for k, other in enumerate(given):
            if other is thing:
                return k
        given.append(thing)
        return kind, a.shape, a.dtype, thing._needs, a.strides
    if kind in _PLAIN:
        return kind, thing or str(thing)  # 0.0 is not -0.0
    if kind is list or isinstance(thing, tuple):
        return kind, tuple([_key(v, given) for v in thing])
    if kind is dict:
        return kind, tuple([(k, _key(v, given)) for k, v in thing.items()])
    return kind, (repr(thing) if isinstance(thing, (float, complex)) else thing)


@functools.cache
def _compiled_module() -> Any:
    from srcgrad.torch.nn import Module

    class OptimizedModule(Module):
        """A module that stands for another, which is its child `_orig_mod`."""

        def __init__(self, mod: Any, fullgraph: bool = False, disabled: bool = False) -> None:
            super().__init__()
            self._orig_mod = mod
            self.__dict__["_compiled"] = mod if disabled else Compiled(mod, fullgraph)

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            return self.__dict__["_compiled"](*args, **kwargs)

        @property
        def training(self) -> bool:
            """The flag of the module that this one stands for."""
            return bool(self._orig_mod.training)

        @training.setter
        def training(self, value: bool) -> None:
            if "_orig_mod" in self._modules:  # not while Module's own constructor runs
                self._orig_mod.training = value

        def __getattr__(self, name: str) -> Any:
            if name == "_orig_mod":
                return self._modules["_orig_mod"]
            return getattr(self._orig_mod, name)

    return OptimizedModule


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:  # noqa: ARG001 - PyTorch's parameters
    """A function that is never compiled, nor a part of what is: whoever calls it runs operation by operation."""
    if fn is None:
        return functools.partial(disable, recursive=recursive)

    @functools.wraps(fn)
    def plain(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    plain._torchdynamo_disable = True  # type: ignore[attr-defined]
    return plain


def _same(fn: Any = None, *_args: Any, **_kwargs: Any) -> Any:
    """The function as it is."""
    return (lambda f: f) if fn is None else fn


allow_in_graph = assume_constant_result = wrap_numpy = nested_compile_region = _same


def reset() -> None:
    """Forget all generated texts; they are made anew when they are needed."""
    for function in list(_all):
        function.made.clear()
        function.count = 0


def is_compiling() -> bool:
    """Whether the function that asks is being compiled: a compiled text holds True for it."""
    return _compiling.depth > 0


def is_dynamo_compiling() -> bool:
    """The same as `is_compiling`."""
    return is_compiling()


def is_exporting() -> bool:
    """False."""
    return False


def list_backends(exclude_tags: Any = ()) -> list[str]:  # noqa: ARG001 - PyTorch's parameter
    """Empty: there is one way to compile."""
    return []


def cudagraph_mark_step_begin() -> None:
    """Nothing to mark."""


class _Stance(threading.local):
    off = False


stance = _Stance()


class set_stance:  # noqa: N801 - PyTorch's name
    """From now on, or for a block: "force_eager" lets compiled functions run operation by operation, others compile."""

    def __init__(self, stance_: str = "default", **_options: Any) -> None:
        self._before = stance.off
        self._wanted = stance_ == "force_eager"
        stance.off = self._wanted

    def __enter__(self) -> None:
        stance.off = self._wanted

    def __exit__(self, *_: object) -> None:
        stance.off = self._before

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        stance.off = self._before

        @functools.wraps(function)
        def within(*args: Any, **kwargs: Any) -> Any:
            before, stance.off = stance.off, self._wanted
            try:
                return function(*args, **kwargs)
            finally:
                stance.off = before

        return within
