"""Intel's library: used only if NumPy was built with it, which is not asked."""

VERBOSE_OFF = 0
VERBOSE_ON = 1


def is_available() -> bool:
    """False."""
    return False
