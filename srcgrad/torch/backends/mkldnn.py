"""oneDNN: not used."""

enabled = False
deterministic = False


def is_available() -> bool:
    """False."""
    return False
