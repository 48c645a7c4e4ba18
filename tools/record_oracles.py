"""Record what JAX and PyTorch say about the samples of tests/recorded, for a test that needs neither.

    python -m tools.record_oracles [FAMILY …]      writes tests/oracles_data/*.json
    python -m pytest tests/test_against_recorded.py --live      asks them again and compares

For each sample: the cotangents of its arguments, the tangent of its result, and the derivative of the
cotangents in a direction (a Hessian-vector product where the result is a number). An oracle is silent
where its function is lacking, means something else than NumPy's, or has no finite derivative.

PyTorch's gradients of complex functions are the conjugate of JAX's, and are conjugated here.
"""

from __future__ import annotations

import functools
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tests.recorded import FAMILIES, samples
from tests.recorded.drawing import arguments, seed_of

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "oracles_data"
# Families of points where a function has a first derivative by convention alone.
FIRST_ORDER = ("ties",)


def path_of(family: str) -> Path:
    """The file that holds a family's numbers."""
    return FOLDER / f"{family}.json"


def flat(tree: Any) -> Iterator[Any]:
    """The leaves of lists and tuples, in order."""
    if isinstance(tree, list | tuple):
        for part in tree:
            yield from flat(part)
    else:
        yield tree


def filled(tree: Any, leaves: Iterator[Any]) -> Any:
    """The same lists and tuples around other leaves."""
    return [filled(part, leaves) for part in tree] if isinstance(tree, list | tuple) else next(leaves)


def directions(seed: int, like: Any) -> list[np.ndarray]:
    """For each leaf an array of its shape and dtype: where to go from an argument, or how to weigh a result."""
    rng = np.random.RandomState(seed)
    found = []
    for leaf in flat(like):
        shape, dtype = np.shape(leaf), np.dtype(getattr(leaf, "dtype", float))
        drawn = rng.uniform(-1.0, 1.0, shape)
        if dtype.kind == "c":
            drawn = drawn + 1j * rng.uniform(-1.0, 1.0, shape)
        found.append(np.asarray(drawn, dtype))
    return found


def by_jax(family: str, name: str) -> dict[str, list[Any]]:
    """The quantities of a sample by JAX; without those that it cannot compute."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    function, given = sample(family, name, jnp)
    seed = seed_of(family, name)
    inputs = [x if type(x) is float else jnp.asarray(x) for x in flat(given)]
    # The tangent of a Python float has the dtype that JAX gives one.
    dots = [jnp.asarray(v, jnp.asarray(x).dtype) for v, x in zip(directions(seed + 1, inputs), inputs, strict=True)]

    def outputs(*leaves: Any) -> list[Any]:
        return smooth(function(*filled(given, iter(leaves))))

    def pulled(*leaves: Any) -> Any:
        y, pull = jax.vjp(outputs, *leaves)
        return pull([jnp.asarray(w) for w in directions(seed + 2, y)])

    ways = {
        "value": outputs,
        "vjp": pulled,
        "jvp": lambda *leaves: jax.jvp(outputs, list(leaves), dots)[1],
        "second": lambda *leaves: jax.jvp(pulled, list(leaves), dots)[1],
    }

    def computed(f: Callable[..., Any]) -> Any:
        try:
            return jax.jit(f)(*inputs)
        except TypeError:  # the shape of the result depends on values
            return f(*inputs)

    return answers(family, name, {quantity: functools.partial(computed, f) for quantity, f in ways.items()})


def by_torch(family: str, name: str) -> dict[str, list[Any]]:
    """The quantities of a sample by PyTorch, where the sample's words mean the same to it."""
    import torch

    function, given = sample(family, name, torch)
    seed = seed_of(family, name)
    inputs = [torch.tensor(np.asarray(x), requires_grad=True) for x in flat(given)]
    dots = [torch.tensor(v) for v in directions(seed + 1, given)]

    def outputs() -> list[Any]:
        return smooth(function(*filled(given, iter(inputs))))

    def pulled() -> list[Any]:
        y = outputs()
        weights = [torch.tensor(np.conj(w)) for w in directions(seed + 2, [in_numpy(part) for part in y])]
        return list(torch.autograd.grad(y, inputs, weights, create_graph=True, allow_unused=True))

    def second() -> list[Any]:
        # A row of the symmetric second derivative: the transpose applied to the direction.
        active = [(g, v) for g, v in zip(pulled(), dots, strict=True) if g is not None and g.requires_grad]
        if not active:
            return [torch.zeros_like(x) for x in inputs]
        gradients, along = zip(*active, strict=True)
        return conjugated(torch.autograd.grad(gradients, inputs, along, allow_unused=True))

    def conjugated(found: Any) -> list[Any]:
        return [torch.zeros_like(x) if g is None else g.conj() for g, x in zip(found, inputs, strict=True)]

    return answers(family, name, {"value": outputs, "vjp": lambda: conjugated(pulled()), "second": second})


def sample(family: str, name: str, xp: ModuleType) -> tuple[Callable[..., Any], list[Any]]:
    """A sample's function over a module, and its arguments as NumPy's."""
    function, *draws = samples(family, xp)[name]
    return function, arguments(seed_of(family, name), draws)


def smooth(y: Any) -> list[Any]:
    """The leaves of a result that have a derivative; asked by the name of the dtype, which JAX's tracers have too."""
    return [leaf for leaf in flat(y) if "float" in (kind := str(getattr(leaf, "dtype", "float"))) or "complex" in kind]


def in_numpy(leaf: Any) -> np.ndarray:
    """An oracle's array as NumPy's; PyTorch's may be a conjugate or a zero that is yet to be formed."""
    return np.asarray(leaf.numpy(force=True) if hasattr(leaf, "resolve_conj") else leaf)


def answers(family: str, name: str, ways: dict[str, Callable[[], Any]]) -> dict[str, list[Any]]:
    """What an oracle says, as plain numbers; nothing unless it gives the function NumPy's values."""
    function, given = sample(family, name, np)
    found: dict[str, list[Any]] = {}
    for quantity, compute in ways.items():
        if quantity == "second" and family in FIRST_ORDER:
            continue
        try:
            leaves = [in_numpy(leaf) for leaf in flat(compute())]
        except Exception as error:  # whatever an oracle raises for what it does not have
            if quantity != "value":
                print(f"{family}/{name}: no {quantity}: {type(error).__name__}: {str(error).splitlines()[0]}")
            leaves = []
        if quantity == "value":
            ours = smooth(function(*given))
            if [np.shape(a) for a in ours] != [np.shape(b) for b in leaves] or not all(map(close, ours, leaves)):
                return {}
        elif leaves and all(np.all(np.isfinite(leaf)) for leaf in leaves):
            found[quantity] = [plain(leaf) for leaf in leaves]
    return found


def close(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True))


def plain(leaf: np.ndarray) -> list[float]:
    """The numbers of an array in order, real parts before imaginary ones, with the digits that are worth keeping."""
    parts = [leaf.real, leaf.imag] if leaf.dtype.kind == "c" else [leaf]
    digits = 7 if leaf.dtype.itemsize // len(parts) == 4 else 11
    return [float(f"{v:.{digits}g}") for part in parts for v in np.ravel(part)]


ORACLES = {"jax": by_jax, "torch": by_torch}


def record(family: str) -> dict[str, Any]:
    """All that the oracles say about a family."""
    found: dict[str, Any] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name in samples(family, np):
            said = {oracle: ask(family, name) for oracle, ask in ORACLES.items()}
            found[name] = {"seed": seed_of(family, name), **{oracle: v for oracle, v in said.items() if v}}
    for oracle in ORACLES:
        for quantity in ("vjp", "jvp", "second"):
            silent = [name for name, sample in found.items() if quantity not in sample.get(oracle, {})]
            if len(silent) < len(found):
                said = len(found) - len(silent)
                print(f"{family}: {oracle} gives {said} {quantity} of {len(found)}, none of: {', '.join(silent)}")
    return found


def text(found: dict[str, Any]) -> str:
    """A record as JSON with one line for each quantity, so that a change shows where it belongs."""
    lines = []
    for name, sample in found.items():
        quantities = [f'  "seed": {sample["seed"]}']
        for oracle in ORACLES:
            quantities += [f'  "{oracle} {q}": {json.dumps(v)}' for q, v in sample.get(oracle, {}).items()]
        lines.append(f"{json.dumps(name)}: {{\n" + ",\n".join(quantities) + "\n}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Write the files of the families named, or of all."""
    FOLDER.mkdir(exist_ok=True)
    for family in sys.argv[1:] or FAMILIES:
        path_of(family).write_text(text(record(family)))


if __name__ == "__main__":
    main()
