"""Ordinary programs with sample arguments: what srcgrad must differentiate.

Each file holds the programs of one subject, written as their authors would have written them. The
decorator enters a function in the list and returns it unchanged, so a file of the corpus is a file
of plain Python and NumPy:

    @case(x=np.array([3.0, 4.0]))
    def repeated_subscript(x):
        return x[0] * x[0] + x[1]

Stacked decorators give several samples. tests/test_corpus.py runs every case in every mode.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Argnum = int | str


@dataclass(frozen=True)
class Case:
    """One program at one point.

    `argnums` names the arguments to differentiate (None: every one that holds a float); `order` is
    the highest derivative that exists at the point, with `reason` where it is not 2; `gradient`
    states the convention where the function has a kink there and differences cannot be asked.
    A program that `may_refuse` is right when its derivative is right or honestly refused.
    """

    function: Callable[..., Any]
    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    argnums: tuple[Argnum, ...]
    order: int = 2
    reason: str = ""
    aux: bool = False
    gradient: Mapping[Argnum, Any] | None = None
    tolerance: float = 1e-6
    parameters: tuple[str, ...] = field(default=())
    may_refuse: bool = False

    def fresh(self) -> tuple[list[Any], dict[str, Any]]:
        """Copies of the sample arguments, free for one call to overwrite."""
        return copy.deepcopy(list(self.args)), copy.deepcopy(dict(self.kwargs))


CASES: list[Case] = []


def case(
    *args: Any,
    order: int = 2,
    reason: str = "",
    argnums: tuple[Argnum, ...] | None = None,
    aux: bool = False,
    gradient: Mapping[Argnum, Any] | None = None,
    tolerance: float = 1e-6,
    name: str | None = None,
    may_refuse: bool = False,
    **sample: Any,
) -> Callable[[Any], Any]:
    """Enter a function with a sample of its arguments; the function comes back unchanged."""
    if order < 2 and not reason:
        raise ValueError("a case without second order says why")

    def enter(function: Any) -> Any:
        positional, keywords, parameters = _bind(function, args, sample)
        chosen = argnums
        if chosen is None:
            chosen = tuple(
                [k for k, value in enumerate(positional) if holds_float(value)]
                + [key for key, value in keywords.items() if holds_float(value)]
            )
        module = getattr(function, "__module__", None) or "library"
        label = name or getattr(function, "__name__", type(function).__name__)
        title = f"{module.rpartition('.')[2]}.{label}"
        twins = sum(1 for known in CASES if known.name.partition("#")[0] == title)
        CASES.append(
            Case(
                function,
                f"{title}#{twins + 1}" if twins else title,
                positional,
                keywords,
                chosen,
                order,
                reason,
                aux,
                gradient,
                tolerance,
                parameters,
                may_refuse,
            )
        )
        return function

    return enter


def _bind(
    function: Any, args: tuple[Any, ...], sample: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], tuple[str, ...]]:
    """The sample as a call: positional wherever the signature allows it."""
    if args:
        return args, dict(sample), ()
    try:
        bound = inspect.signature(function).bind(**sample)
    except (TypeError, ValueError):
        # Positional-only parameters, and library functions without a signature.
        return tuple(sample.values()), {}, tuple(sample)
    names = list(bound.signature.parameters)[: len(bound.args)]
    return bound.args, dict(bound.kwargs), tuple(names)


def holds_float(value: Any) -> bool:
    """Whether any leaf of a nested argument is a real or complex number."""
    from tests.oracles import coordinates

    return coordinates(value).size > 0


def all_cases() -> list[Case]:
    """Every case of every file, in the order of the files."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return CASES
