"""The order in which einsum contracts: NumPy's own search for one."""

enabled = True
strategy: str | None = "auto"


def is_available() -> bool:
    """False: opt_einsum is not used."""
    return False
