"""Every entry of the table is right at its samples, and none is without a sample."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checking import check, without_rule

from srcgrad.rules import table

Sample = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

KNOWN = {*table.BUILTIN, *(f"scipy_{name.replace('.', '_')}" for name in table.SCIPY)}
FAMILIES = [
    path.stem.removeprefix("test_")
    for path in sorted(Path(__file__).parent.glob("test_*.py"))
    if path.stem.removeprefix("test_") in KNOWN
]


def samples() -> dict[str, Sample]:
    """All samples, named by family, function and number."""
    return {
        f"{family}-{table.full_name(sample[0])}-{number}": sample
        for family in FAMILIES
        for number, sample in enumerate(importlib.import_module(f"test_{family}").SAMPLES)
    }


def subjects() -> dict[int, Any]:
    """The rules and substitutes; functions that share one count once, and those that are refused not at all.

    The Tensor facade enters rules of its own, which its own tests check.
    """
    composed = [body for function, body in table._composed.items() if function not in table._refused]
    entries = [entry for entry in table.entries() if entry.scope["__name__"].startswith("srcgrad.rules.")]
    bodies = [body for body in composed if body.__module__.startswith("srcgrad.rules.")]
    return {id(entry): entry for entry in [*entries, *bodies]}


def subject(function: Callable[..., Any]) -> Any:
    return table.lookup(function) or table.substitute(function)


def name_of(entry: Any) -> str:
    return entry.name if isinstance(entry, table.Rule) else table.full_name(entry)


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")
@pytest.mark.parametrize("sample", samples().values(), ids=samples())
def test_rule_at_sample(sample: Sample) -> None:
    function, args, kwargs = sample
    check(function, *args, **kwargs)


def test_no_entry_without_a_sample() -> None:
    sampled = {id(subject(function)) for function, _, _ in samples().values()}
    missing = [name_of(entry) for key, entry in subjects().items() if key not in sampled]
    assert missing == []


def test_rules_call_only_what_has_rules() -> None:
    """Second derivatives differentiate the rules' texts and helpers."""
    lost = {name_of(entry): names for entry in subjects().values() if (names := without_rule(entry))}
    assert lost == {}
