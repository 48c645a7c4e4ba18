"""A short run of the random programs; `python -m tests.fuzz` is the long one."""

from __future__ import annotations

from hypothesis import HealthCheck, given, reject, settings

from tests.fuzz.check import Unusable, check, check_second_order
from tests.fuzz.kernels import kernels
from tests.fuzz.programs import programs

short = settings(
    max_examples=90,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@short
@given(programs() | kernels())
def test_first_order(source: str) -> None:
    try:
        check(source)
    except Unusable:
        reject()


@settings(short, max_examples=30)
@given(programs() | kernels())
def test_second_order(source: str) -> None:
    try:
        check_second_order(source)
    except Unusable:
        reject()
