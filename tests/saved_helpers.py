"""A helper in a module of its own, with a constant of its own."""

FACTOR = 2.5


def scale(x: float) -> float:
    return FACTOR * x
