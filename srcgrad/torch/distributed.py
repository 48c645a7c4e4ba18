"""Several processes: not here. Programs that ask learn that they are alone."""

from __future__ import annotations

from srcgrad.torch import unavailable


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


globals().update(
    unavailable.enter(
        __name__,
        "init_process_group destroy_process_group get_rank get_world_size all_reduce all_gather broadcast reduce scatter "
        "gather barrier send recv isend irecv new_group reduce_scatter all_to_all get_backend DataParallel",
        "srcgrad.torch runs in one process: there is no process group. Guard with torch.distributed.is_available()",
        RuntimeError,
    )
)
