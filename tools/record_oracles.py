"""Record what JAX and PyTorch say about the samples of tests/recorded, for a test that needs neither.

    python -m tools.record_oracles             writes tests/oracles_data/*.json
    python -m tools.record_oracles --check     fails when a file says something else

For each sample: the cotangents of its arguments, the tangent of its result, and the derivative of the
cotangents in a direction (a Hessian-vector product where the result is a number). An oracle that
lacks a function, or a derivative of one, is silent; so are NaN and infinity.

PyTorch's gradients of complex functions are the conjugate of JAX's, and are conjugated here.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.recorded import FAMILIES, samples
from tests.recorded.drawing import arguments, seed_of

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "oracles_data"
QUANTITIES = ("vjp", "jvp", "second")


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
        leaf = np.asarray(leaf)
        drawn = rng.uniform(-1.0, 1.0, leaf.shape)
        if leaf.dtype.kind == "c":
            drawn = drawn + 1j * rng.uniform(-1.0, 1.0, leaf.shape)
        found.append(np.asarray(drawn, leaf.dtype if leaf.dtype.kind in "fc" else float))
    return found


def by_jax(family: str, name: str) -> dict[str, list[Any]]:
    """The quantities of a sample by JAX; without those that it cannot compute."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    function, *draws = samples(family, jnp)[name]
    seed = seed_of(family, name)
    given = arguments(seed, draws)
    inputs = [x if type(x) is float else jnp.asarray(x) for x in flat(given)]

    def of_leaves(*leaves: Any) -> list[Any]:
        return [y for y in flat(function(*filled(given, iter(leaves)))) if jnp.asarray(y).dtype.kind in "fc"]

    # A cotangent or tangent has the dtype that JAX gives a Python float.
    x_dots = [jnp.asarray(v) for v in directions(seed + 1, inputs)]

    def pulled(*leaves: Any) -> Any:
        y, pull = jax.vjp(of_leaves, *leaves)
        return pull([jnp.asarray(w) for w in directions(seed + 2, y)])

    dots = [jnp.asarray(v, jnp.asarray(x).dtype) for v, x in zip(x_dots, inputs, strict=True)]
    ways: dict[str, Callable[[], Any]] = {
        "vjp": lambda: pulled(*inputs),
        "jvp": lambda: jax.jvp(of_leaves, inputs, dots)[1],
        "second": lambda: jax.jvp(pulled, inputs, dots)[1],
    }
    return answers(ways, (NotImplementedError, AttributeError, TypeError, ValueError), order=1 if family == "ties" else 2)


def by_torch(family: str, name: str) -> dict[str, list[Any]]:
    """The quantities of a sample by PyTorch, where the sample's words mean the same to it."""
    import torch

    function, *draws = samples(family, torch)[name]
    seed = seed_of(family, name)
    given = arguments(seed, draws)
    inputs = [torch.tensor(np.asarray(x), requires_grad=True) for x in flat(given)]
    dots = [torch.tensor(np.conj(v)) for v in directions(seed + 1, list(flat(given)))]

    def conjugated(found: Any, like: Any) -> list[Any]:
        return [torch.zeros_like(x) if g is None else g.conj() for g, x in zip(found, like, strict=True)]

    def pulled() -> list[Any]:
        outputs = [y for y in flat(function(*filled(given, iter(inputs)))) if y.is_floating_point() or y.is_complex()]
        weights = [torch.tensor(np.conj(w)) for w in directions(seed + 2, [in_numpy(y) for y in outputs])]
        return list(torch.autograd.grad(outputs, inputs, weights, create_graph=True, allow_unused=True))

    def second() -> list[Any]:
        active = [(g, v) for g, v in zip(pulled(), dots, strict=True) if g is not None and g.requires_grad]
        if not active:
            return [torch.zeros_like(x) for x in inputs]
        found = torch.autograd.grad([g for g, _ in active], inputs, [v for _, v in active], allow_unused=True)
        return conjugated(found, inputs)

    ways = {"vjp": lambda: conjugated(pulled(), inputs), "second": second}
    return answers(ways, (Exception,), order=1 if family == "ties" else 2)


def answers(ways: dict[str, Callable[[], Any]], silent: tuple[type[Exception], ...], order: int) -> dict[str, list[Any]]:
    """What an oracle says, as plain numbers."""
    found = {}
    for quantity, compute in ways.items():
        if quantity == "second" and order == 1:
            continue
        try:
            leaves = [in_numpy(leaf) for leaf in flat(compute())]
        except silent:
            continue
        if all(np.all(np.isfinite(leaf)) for leaf in leaves):
            found[quantity] = [plain(leaf) for leaf in leaves]
    return found


def in_numpy(leaf: Any) -> np.ndarray:
    """An oracle's array as NumPy's; PyTorch's may be a conjugate that is yet to be formed."""
    return leaf.detach().resolve_conj().resolve_neg().numpy() if hasattr(leaf, "resolve_conj") else np.asarray(leaf)


def plain(leaf: np.ndarray) -> Any:
    """The numbers of an array in order, real parts before imaginary ones, with the digits that are worth keeping."""
    parts = [leaf.real, leaf.imag] if leaf.dtype.kind == "c" else [leaf]
    digits = 8 if leaf.dtype.itemsize // len(parts) == 4 else 13
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
        silent = [name for name, sample in found.items() if oracle not in sample]
        print(f"{family}: {oracle} answers {len(found) - len(silent)} of {len(found)}; nothing on {', '.join(silent) or 'none'}")
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


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file would change")
    parser.add_argument("families", nargs="*", default=FAMILIES)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    stale = 0
    for family in options.families:
        found = text(record(family))
        if not options.check:
            path_of(family).write_text(found)
        elif not path_of(family).exists() or path_of(family).read_text() != found:
            stale += 1
            print(f"{path_of(family)} is out of date")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
