"""Python's multiprocessing. Tensors that are sent to another process are copied."""

from __future__ import annotations

from multiprocessing import *  # noqa: F403 - all of its names
from multiprocessing import Process, get_context
from typing import Any


def get_all_sharing_strategies() -> set[str]:
    """How PyTorch could share memory; here it is copied."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """PyTorch's default."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepts PyTorch's names."""
    if new_strategy not in get_all_sharing_strategies():
        raise AssertionError(f"invalid sharing strategy {new_strategy!r}")


def spawn(
    fn: Any,
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> Any:
    """Run `fn(i, *args)` in processes of their own."""
    context = get_context(start_method)
    made: list[Process] = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]  # type: ignore[attr-defined]
    for process in made:
        process.start()
    if not join:
        return made
    for process in made:
        process.join()
    failed = [process.exitcode for process in made if process.exitcode]
    if failed:
        raise RuntimeError(f"a process ended with exit code {failed[0]}")
    return None
