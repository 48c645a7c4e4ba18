"""Modules as functions of their parameters.

What enters: a module and tensors by the names of its parameters. What leaves: what the module computes with those in place of
its own, which are as before afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from srcgrad.torch.names import FUNCTIONS


@contextmanager
def _replaced(module: Any, tensors: dict[str, Any], tie_weights: bool, strict: bool) -> Iterator[None]:
    """The module with other tensors under the given names."""
    places: dict[str, tuple[dict[str, Any], str]] = {}
    for prefix, part in module.named_modules(remove_duplicate=False):
        for entries in (part._parameters, part._buffers):
            for key in entries:
                places[f"{prefix}.{key}" if prefix else key] = (entries, key)
    if strict:
        missing = [name for name in places if name not in tensors]
        unexpected = [name for name in tensors if name not in places]
        said = []
        if unexpected:
            said.append(f"Unexpected key(s): {', '.join(unexpected)}.")
        if missing:
            said.append(f"Missing key(s): {', '.join(missing)}.")
        if said:
            raise RuntimeError("Error(s) in reparametrizing:\n\t" + "\n\t".join(said))
    wanted = {name: t for name, t in tensors.items() if name in places}
    if tie_weights:
        own = {id(places[name][0][places[name][1]]): t for name, t in wanted.items()}
        for name, (entries, key) in places.items():
            if entries[key] is not None and id(entries[key]) in own:
                wanted.setdefault(name, own[id(entries[key])])
    before = [(entries, key, entries[key]) for entries, key in (places[name] for name in wanted)]
    for name, t in wanted.items():
        entries, key = places[name]
        entries[key] = t
    try:
        yield
    finally:
        for entries, key, t in before:
            entries[key] = t


def functional_call(
    module: Any, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: dict[str, Any] | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """What a module computes with other parameters and buffers."""
    if isinstance(parameter_and_buffer_dicts, dict):
        tensors = parameter_and_buffer_dicts
    elif isinstance(parameter_and_buffer_dicts, Sequence):
        if not all(isinstance(d, dict) for d in parameter_and_buffer_dicts):
            raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
        names = [name for d in parameter_and_buffer_dicts for name in d]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(
                f"{repeated[0]} appears in multiple dictionaries; behavior of functional call is ambiguous"
            )
        tensors = {name: t for d in parameter_and_buffer_dicts for name, t in d.items()}
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(parameter_and_buffer_dicts)}"
        )
    given = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, tensors, tie_weights, strict):
        return module(*given, **(kwargs or {}))


def stack_module_state(models: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of equal modules, stacked name by name."""
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    stack = FUNCTIONS["stack"]
    parameters = [dict(m.named_parameters()) for m in models]
    found: dict[str, Any] = {}
    for name, first in parameters[0].items():
        column = [p[name] for p in parameters]
        if any(t._needs != first._needs for t in column):
            raise RuntimeError(
                f"Expected {name} on each model to have the same requires_grad attribute, but got some with requires_grad=True "
                "and some with requires_grad=False"
            )
        found[name] = stack([t.detach() for t in column]).requires_grad_(first._needs)
    buffers = [dict(m.named_buffers()) for m in models]
    return found, {name: stack([b[name] for b in buffers]) for name in buffers[0]}


def functionalize(func: Any, *, remove: str = "mutations") -> Any:
    """The function: it runs as it is written."""
    if remove not in {"mutations", "mutations_and_views"}:
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are:\n     "
            "remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their "
            "out-of-place equivalents.\n     remove='mutations_and_views': In addition to the above, all aliasing operators "
            "{{view}} will be replaced with their non-aliasing counterparts, {{view}}_copy.\n"
        )
    return func


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Let batch normalisation keep no running statistics, in a module and all below it."""
    for module in root.modules():
        if getattr(module, "track_running_stats", None) is not None and "running_mean" in module._buffers:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
