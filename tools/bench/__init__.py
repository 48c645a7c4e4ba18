"""How fast srcgrad is: `python -m tools.bench`."""
