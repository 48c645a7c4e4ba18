"""`detect_anomaly`: stop at the first NaN or infinity, where it is born."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from srcgrad.runtime import anomaly


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Within it, the first NaN or infinity born in a forward or a backward sweep raises AnomalyError.

    The error names the user's file, line and expression, and how often that expression had been
    evaluated. Every derivative inside takes the recorded way, which is slower.

    >>> import numpy as np, srcgrad as sg
    >>> with sg.detect_anomaly():
    ...     sg.grad(lambda x: x * np.sin(x))(1.0)
    np.float64(1.3817732906760363)
    """
    with anomaly.watching():
        yield
