"""A compiled function for one kind of call, and what a call does.

What enters: a call. What leaves: its results, hung on one node of the graph. A specialisation is right for arguments of
the shapes, dtypes and values for which it was made, as long as everything else that the function reads is as it was.
Before it is trusted, its results and gradients are compared with those of the operations one by one.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from srcgrad.torch import dtypes
from srcgrad.torch.autograd.sweeping import grad
from srcgrad.torch.compiling.interpreter import Closure, Method
from srcgrad.torch.compiling.program import NotCompilable, Number, Program, Unavailable, Value, refused
from srcgrad.torch.compiling.statements import Statements
from srcgrad.torch.compiling.structures import flat, mapped
from srcgrad.torch.compiling.writing import Written, write
from srcgrad.torch.graph import FREED, Node
from srcgrad.torch.making import INFERENCE
from srcgrad.torch.modes import enable_grad, state
from srcgrad.torch.nn import Module
from srcgrad.torch.primitive import wrapped
from srcgrad.torch.tensor import Tensor, edge_of, wrap

CHANGED = "what the compiled function reads has changed since it ran; its graph cannot be made anew"
NO_EDGE = (None, 0)
_NOTHING = np.zeros(0)
_PLAIN = frozenset([int, float, bool, str, complex, type(None)])
_FIXED = (dtypes.dtype, dtypes.layout, dtypes.memory_format)


class Specialisation:
    """The text for one kind of call, with its guards."""

    def __init__(self, owner: Callable[..., Any], given: list[Any], args: Any, kwargs: Any) -> None:
        self.owner = owner
        reading = read(owner, given, args, kwargs, perturbed=False)
        again = read(owner, given, args, kwargs, perturbed=True)
        if reading.text.source != again.text.source or not _same(reading.constants, again.constants):
            raise refused(f"{_title(owner)}(), whose steps depend on the values in its tensors")
        self.reading = reading
        self.written = reading.text
        self.fetched = reading.guards.compiled(
            [(get, given[get] if isinstance(get, int) else get()) for get in reading.fetch]
        )
        program = reading.program
        self.inputs = program.inputs
        self.active = [k for k, v in enumerate(program.inputs) if v.needs]
        kept = {v.name for v in self.written.kept}
        self.kept_inputs = [k for k, v in enumerate(program.inputs) if v.name in kept]
        self.others = [k for k, v in enumerate(program.inputs) if v.name not in kept]
        self.kept_outputs = [k for k, o in enumerate(program.outputs) if isinstance(o, Value) and o.name in kept]
        self.outputs = program.outputs
        self.alone = isinstance(reading.made, Tensor) and len(program.outputs) == 1
        self.numbers = [k for k, o in enumerate(program.outputs) if isinstance(o, Number)]
        self.needed = [k for k, o in enumerate(program.outputs) if isinstance(o, Value) and o.needs]

    def fetch(self, given: list[Any]) -> Any:
        """The tensors that the text reads, or None where it is not right for a call with these arguments."""
        try:
            return self.fetched(given)
        except Exception:  # an option that cannot be compared is not what it was
            return None

    def call(self, tensors: Sequence[Tensor], given: list[Any], args: Any, kwargs: Any) -> Any:
        """The results of a call."""
        made, kept = self.written.forward(*[t._a for t in tensors])
        results: list[Any] = []
        for k, (a, out) in enumerate(zip(made, self.outputs, strict=True)):
            if isinstance(out, Value):
                a = np.asarray(a)
                if a.shape != out.shape or a.dtype != out.dtype:
                    raise Unavailable(f"result {k}")
                results.append(wrapped(a))
            else:
                results.append(a)
        if self.needed:
            self._record(tensors, results, kept, given, args, kwargs)
        return results[0] if self.alone else self.reading.structure(results, given)

    def _record(
        self, tensors: Sequence[Tensor], results: list[Any], kept: Any, given: Any, args: Any, kwargs: Any
    ) -> None:  # fmt: skip
        if any(tensors[k]._inference for k in self.kept_inputs):
            raise RuntimeError(INFERENCE)
        node = CompiledNode()
        edges = [edge_of(tensors[k]) for k in self.active]
        node.edges = tuple(NO_EDGE if e is None else e for e in edges)
        node.inputs = [tensors[k] for k in self.active]
        outs = [results[k] for k in self.needed]
        node.outputs = tuple((t._a.shape, t._a.dtype) for t in outs)
        node.owner, node.args, node.kwargs, node.given, node.kept = self, args, kwargs, given, kept
        node.checks = [(t._writes, t._writes.count, t) for t in (tensors[k] for k in self.kept_inputs)]
        for number, t in enumerate(outs):
            t._node, t._output, t._needs = node, number, True
        node.read = [(tensors[k]._writes, tensors[k]._writes.count) for k in self.others]
        node.results = [(results[k]._writes, 0, results[k]._a) for k in self.kept_outputs if k not in self.numbers]


class CompiledNode(Node):
    """The node of a compiled function."""

    owner: Specialisation
    args: Any
    kwargs: Any
    given: Any
    kept: Any
    inputs: Any
    checks: Any
    results: Any
    read: Any

    def name(self) -> str:
        return "CompiledFunctionBackward"

    @property
    def source(self) -> str:  # type: ignore[override]
        """The generated text: forward and backward."""
        return self.owner.written.source

    def release(self) -> None:
        if self.kept:
            self.kept = None

    def _check(self) -> None:
        if self.kept is None:
            raise RuntimeError(FREED)
        for version, count, holder in (*self.checks, *self.results):
            if version.count != count:
                array = holder._a if isinstance(holder, Tensor) else holder
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an inplace "
                    f"operation: [torch.{dtypes.of(array.dtype)._c_name}Tensor {list(array.shape)}] is at version "
                    f"{version.count}; expected version {count} instead. Hint: enable anomaly detection to find the "
                    "operation that failed to compute its gradient, with "
                    "torch.autograd.set_detect_anomaly(True, check_nan=False)."
                )

    def _filled(self, cotangents: Any, face: Callable[[Any], Any]) -> list[Any]:
        parts = cotangents if len(self.outputs) > 1 else [cotangents]
        return [face(np.zeros(*meta)) if g is None else g for g, meta in zip(parts, self.outputs, strict=True)]

    def run(self, cotangents: Any) -> Sequence[Any]:
        self._check()
        backward = self.owner.written.backward
        assert backward is not None
        x_bars = backward(self.kept, *self._filled(cotangents, np.asarray))
        # A rule may compute in another dtype for some data, such as that of a product with a zero among its factors.
        return [np.asarray(g, t._a.dtype) for g, t in zip(x_bars, self.inputs, strict=True)]

    def run_recorded(self, cotangents: Any) -> Sequence[Any]:
        """Operation by operation, so that the gradients have a graph."""
        self._check()
        if self.owner.fetch(self.given) is None or any(writes.count != count for writes, count in self.read):
            raise RuntimeError(CHANGED)
        with enable_grad():
            made = _plain(self.owner.owner)(*self.args, **self.kwargs)
        tensors = [t for t in flat(made) if isinstance(t, Tensor)]
        outs = [tensors[k] for k in self.owner.reading.places_of(self.owner.needed)]
        parts = self._filled(cotangents, wrap)
        found = grad(outs, self.inputs, parts, create_graph=True, allow_unused=True)
        # Writes that nobody counts, such as those by NumPy, show in the gradients.
        for g, x_bar in zip(found, self.run(mapped(cotangents, lambda t: t._a)), strict=True):
            if not agrees(np.zeros_like(x_bar) if g is None else g._a, x_bar):
                raise RuntimeError(CHANGED)
        return found


# Reading -----------------------------------------------------------------------------------------


class Reading:
    """What reading a function has given."""

    def __init__(self, reader: Statements, program: Program, made: Any, places: dict[int, Any]) -> None:
        self.guards = reader.guards
        self.program = program
        self.text: Written = write(program, reader.samples)
        self.constants = {
            k: v for k, v in reader.samples.constants.items() if isinstance(v, np.ndarray) and k in self.text.source
        }
        self.fetch = [get for _, get in reader.state.inputs]
        self.made = made
        for t in flat(made):
            if isinstance(t, Tensor):
                t._a = _NOTHING  # only which tensor stands where is asked from now on
        self.places = places
        self.kept_alive = reader.kept_alive

    def structure(self, results: list[Any], given: list[Any]) -> Any:
        """The results of a call in the structure that the function gives them."""
        return _filled(self.made, self.places, results, given)

    def places_of(self, outputs: list[int]) -> list[int]:
        """Where the outputs stand among the tensors of the structure."""
        order = [self.places[id(t)] for t in flat(self.made) if isinstance(t, Tensor)]
        return [order.index(k) for k in outputs]


def _filled(made: Any, places: dict[int, Any], results: list[Any], given: list[Any]) -> Any:
    def face(t: Any) -> Any:
        place = places[id(t)]
        return given[place[0]] if isinstance(place, tuple) else results[place]

    if isinstance(made, Number):
        return results[places[id(made)]]
    if type(made) in {tuple, list}:
        return type(made)(_filled(v, places, results, given) for v in made)
    if type(made) is dict:
        return {k: _filled(v, places, results, given) for k, v in made.items()}
    return mapped(made, face)


def read(owner: Callable[..., Any], given: list[Any], args: Any, kwargs: Any, *, perturbed: bool) -> Reading:
    """Read a function for arguments like these; with `perturbed`, with other values in its tensors."""
    reader = Statements()
    try:
        return _read(reader, owner, given, args, kwargs, perturbed)
    except NotCompilable as error:
        error.guards = reader.guards
        raise


def _read(reader: Statements, owner: Any, given: list[Any], args: Any, kwargs: Any, perturbed: bool) -> Reading:
    reader.granted = reader.samples.recording = state.enabled
    reader.make_sample = perturbation if perturbed else sampled
    positions = {id(t): k for k, t in enumerate(given)}
    names = iter(_argument_names(owner, args, kwargs))

    def entered(t: Tensor) -> Tensor:
        known = reader.state.outside.get(id(t))
        if known is not None:
            return known[1]
        k = positions[id(t)]
        return reader.input(t, k, next(names, "x"))

    own_args, own_kwargs = mapped(tuple(args), entered), mapped(dict(kwargs), entered)
    for thing in flat((own_args, own_kwargs)):
        if type(thing) not in _PLAIN and not isinstance(thing, (Tensor, np.generic, enum.Enum, Module, *_FIXED)):
            raise refused(f"an argument of type {type(thing).__name__}")
    if isinstance(owner, Module):
        made = reader.module(owner, list(own_args), own_kwargs, None)  # type: ignore[arg-type]
    else:
        made = reader.call(owner, list(own_args), own_kwargs, None)
    outputs: list[Any] = []
    places: dict[int, Any] = {}
    samples_outside = {id(s): get for (_, s), (_, get) in zip(
        reader.state.outside.values(), reader.state.inputs, strict=True)}  # fmt: skip
    arrays = [s._a for _, s in reader.state.outside.values()]
    for thing in flat(made):
        if isinstance(thing, Number):
            places[id(thing)] = len(outputs)
            outputs.append(thing)
        elif isinstance(thing, Tensor) and id(thing) not in places:
            if id(thing) in samples_outside:
                get = samples_outside[id(thing)]
                if not isinstance(get, int):
                    raise refused("a result that is a tensor from outside")
                places[id(thing)] = (get,)
                continue
            value = reader.samples.value_of(thing)
            if value.needs is None:
                raise refused("a result that needs a gradient on some ways only")
            if any(np.may_share_memory(thing._a, a) for a in arrays):
                raise refused("a result that shares memory with an argument or another result")
            arrays.append(thing._a)
            places[id(thing)] = len(outputs)
            outputs.append(value)
        elif isinstance(thing, (Closure, Method, Module)) or not isinstance(
            thing, (Tensor, int, float, bool, str, type(None), *_FIXED)
        ):
            raise refused(f"a result of type {type(thing).__name__}")
    if not any(isinstance(o, Value) for o in outputs):
        raise refused("a function without a tensor among its results that it has computed")
    title = _title(owner)
    program = Program(
        title, [v for v, _ in reader.state.inputs], reader.samples.block, outputs, reader.samples.constants,
        reader.samples.names,
    )  # fmt: skip
    constants = set(reader.samples.constants)
    fixed = [o for o in outputs if isinstance(o, Value) and o.name in constants]
    if fixed:
        raise refused("a result that is the same in all calls")
    return Reading(reader, program, made, places)


def _title(owner: Any) -> str:
    name = getattr(owner, "__name__", type(owner).__name__)
    return name if name.isidentifier() else "compiled"


def _argument_names(owner: Any, args: Any, kwargs: Any) -> list[str]:
    """Names for the tensors among the arguments, as the parameters are called."""
    function = owner.forward if isinstance(owner, Module) else owner
    code = getattr(function, "__code__", None)
    skip = int(isinstance(function, MethodType))
    parameters = list(code.co_varnames[skip : code.co_argcount]) if code is not None else []
    names = []
    for k, a in enumerate(args):
        wanted = parameters[k] if k < len(parameters) else "x"
        names += [wanted for v in flat(a) if isinstance(v, Tensor)]
    for key, a in kwargs.items():
        names += [key for v in flat(a) if isinstance(v, Tensor)]
    return names


def sampled(a: Any) -> Any:
    """A sample of an array: the same values, in memory of its own that lies as the array's does."""
    if any(s < 0 for s in a.strides):
        raise refused("a tensor whose memory runs backwards")
    size = sum((n - 1) * s for n, s in zip(a.shape, a.strides, strict=True)) // a.itemsize + 1 if a.size else 1
    memory = np.zeros(size, a.dtype)
    view = np.lib.stride_tricks.as_strided(memory, a.shape, a.strides)
    view[...] = a
    return view


def perturbation(a: Any) -> Any:
    """A sample with other values of the same range, in another order and without ties."""
    view = sampled(a)
    if a.dtype.kind == "f":
        shrunk = 0.9 + 0.1 * np.cos(np.arange(a.size, dtype=np.float64)).reshape(a.shape)
        view[...] = np.flip(a) * shrunk + np.where(a == 0, 0.01 * np.abs(shrunk), 0)
    elif a.dtype.kind == "b":
        view[...] = ~a
    else:
        # In reverse; one below, or else one, where that is the same.
        other = np.flip(a)
        view[...] = np.where(other == a, np.where(a > 0, a - 1, 1), other)
    return view


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[k], other[k], equal_nan=one[k].dtype.kind == "f") for k in one
    )


def _plain(owner: Any) -> Any:
    return owner


# Trust -------------------------------------------------------------------------------------------

_CLOSE = {"float64": (1e-9, 1e-11), "float32": (2e-4, 2e-5), "float16": (2e-2, 2e-3)}


def agrees(one: Any, other: Any) -> bool:
    """Whether two arrays hold the same but for rounding."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    relative, absolute = _CLOSE[one.dtype.name]
    scale = float(np.max(np.abs(other), initial=0, where=np.isfinite(other)))
    return bool(np.allclose(one, other, relative, absolute * max(scale, 1), equal_nan=True))


def trust(made: Specialisation, given: list[Any], args: Any, kwargs: Any) -> None:
    """Refuse a text that does not give what the operations give: whatever the reason, it must not be used."""
    if not trusted(made, given, args, kwargs):
        raise refused(f"{_title(made.owner)}(), for which the text would give another result")


def trusted(made: Specialisation, given: list[Any], args: Any, kwargs: Any) -> bool:
    """Whether the text gives what the operations one by one give: results, what needs a gradient, and gradients."""
    tensors = made.fetch(given)
    if tensors is None:
        return False
    mine = [t for t in flat(made.call(tensors, given, args, kwargs)) if not isinstance(t, str)]
    theirs = [t for t in flat(_plain(made.owner)(*args, **kwargs)) if not isinstance(t, str)]
    if len(mine) != len(theirs):
        return False
    for a, b in zip(mine, theirs, strict=True):
        if isinstance(a, Tensor) != isinstance(b, Tensor):
            return False
        if isinstance(a, Tensor) and (a._needs != b._needs or not agrees(a._a, b._a)):
            return False
        if not isinstance(a, Tensor) and a != b and not (a != a and b != b):
            return False
    if not made.needed:
        return True
    inputs = [tensors[k] for k in made.active]
    if any((edge := edge_of(t)) is not None and edge[0].watched for t in inputs):
        # Hooks would be called.
        return True
    found = []
    for results in (mine, theirs):
        outs = [t for t in results if isinstance(t, Tensor) and t._needs and not any(t is x for x in inputs)]
        weights = [wrap(np.cos(np.arange(t._a.size)).reshape(t._a.shape).astype(t._a.dtype)) for t in outs]
        found.append(grad(outs, inputs, weights, allow_unused=True))
    for a, b in zip(*found, strict=True):
        zeros = a if b is None else b
        if a is not None and not agrees(a._a, np.zeros_like(zeros._a) if b is None else b._a):
            return False
        if a is None and b is not None and np.any(b._a):
            return False
    return True


__all__ = ["NotCompilable", "Specialisation", "trust"]
