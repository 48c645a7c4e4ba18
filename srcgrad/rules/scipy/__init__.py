"""SciPy's functions: one file of rules for each of its subpackages.

SciPy is optional. A file here is loaded when something is looked up after the program has imported the
subpackage itself; srcgrad never imports SciPy of its own accord.
"""
