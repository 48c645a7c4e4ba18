"""Functions and classes of PyTorch that are here only to say why they do nothing.

What enters: a name and what to say. What leaves: something that can be imported and passed around, and that raises
when it is called.
"""

from __future__ import annotations

from typing import Any

NO_GPU = (
    "Torch not compiled with CUDA enabled: srcgrad.torch computes with NumPy on the CPU, there is no GPU. Choose the "
    "device with torch.device('cuda' if torch.cuda.is_available() else 'cpu')."
)


def function(module: str, name: str, text: str, error: type[Exception] = NotImplementedError) -> Any:
    """A function that raises when it is called."""

    def explain(*_args: Any, **_kwargs: Any) -> Any:
        raise error(text)

    explain.__name__ = explain.__qualname__ = name
    explain.__module__ = module
    explain.__doc__ = f"Raises: {text}"
    return explain


def kind(module: str, name: str, text: str, error: type[Exception] = NotImplementedError) -> Any:
    """A class of which nothing can be made."""

    def explain(self: Any, *_args: Any, **_kwargs: Any) -> None:  # noqa: ARG001 - PyTorch's parameter
        raise error(text)

    return type(name, (), {"__init__": explain, "__module__": module, "__doc__": f"Raises: {text}"})


def enter(module: str, names: str, text: str, error: type[Exception] = NotImplementedError) -> dict[str, Any]:
    """Functions and, where a name starts with a capital, classes that raise, by their names."""
    return {name: (kind if name[0].isupper() else function)(module, name, text, error) for name in names.split()}
