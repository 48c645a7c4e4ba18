"""A module called with other parameters than its own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any


def _places(module: Any) -> dict[str, tuple[dict[str, Any], str]]:
    """Where each parameter and buffer is kept, by its dotted name."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for path, child in module.named_modules(remove_duplicate=False):
        for kind in (child._parameters, child._buffers):
            for name in kind:
                found[f"{path}.{name}" if path else name] = (kind, name)
    return found


def _with_tied(values: dict[str, Any], places: Any) -> dict[str, Any]:
    """The values also under the other names of what was tied."""
    names: dict[int, list[str]] = {}
    for name, (held, key) in places.items():
        if held[key] is not None:
            names.setdefault(id(held[key]), []).append(name)
    full = dict(values)
    for tied in names.values():
        given = [name for name in tied if name in values]
        if len(given) > 1 and any(values[name] is not values[given[0]] for name in given):
            raise ValueError(
                f"functional_call got multiple values for keys {given}, which are tied. Consider using tie_weights=False"
            )
        for name in tied if given else ():
            full[name] = values[given[0]]
    return full


@contextlib.contextmanager
def replaced(module: Any, values: dict[str, Any], tie_weights: bool = True, strict: bool = False) -> Iterator[None]:
    """The module with other parameters and buffers in a `with` block."""
    places = _places(module)
    unexpected = [name for name in values if name not in places]
    full = _with_tied(values, places) if tie_weights else dict(values)
    if strict:
        missing = [name for name, (held, key) in places.items() if name not in full and held[key] is not None]
        if missing or unexpected:
            texts = []
            if unexpected:
                texts.append(f"Unexpected key(s): {', '.join(map(repr, unexpected))}.")
            if missing:
                texts.append(f"Missing key(s): {', '.join(map(repr, missing))}.")
            raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(texts))
    before = {name: places[name][0][places[name][1]] for name in full if name in places}
    try:
        for name in before:
            held, key = places[name]
            held[key] = full[name]
        yield
        for name in before:
            held, key = places[name]
            if name in values and held[key] is not full[name]:
                values[name] = held[key]
    finally:
        for name, value in before.items():
            held, key = places[name]
            held[key] = value


def called(
    module: Any, values: dict[str, Any], args: Any = None, kwargs: Any = None, *, tie_weights: bool = True,
    strict: bool = False,
) -> Any:  # fmt: skip
    """The module of some arguments, with other parameters and buffers."""
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    with replaced(module, values, tie_weights, strict):
        return module(*arguments, **(kwargs or {}))


def functional_call(
    module: Any, parameters_and_buffers: dict[str, Any], args: Any = None, kwargs: Any = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`torch.func.functional_call`, under its old name."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future "
        "version of PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return called(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
