"""Attention's shortcuts for inference: there are none."""


def get_fastpath_enabled() -> bool:
    """True, as PyTorch says; the results are the same."""
    return _setting[0]


def set_fastpath_enabled(value: bool) -> None:
    """Remembered only."""
    _setting[0] = value


_setting = [True]
