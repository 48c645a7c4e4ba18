"""Derivative rules as data: one entry per library function, read by every mode.

What enters: the mathematics of each function, one line each, in files by subject. What leaves:
`lookup(function)` and its neighbours in `table`. The files register themselves the first time that
anything is looked up, so that importing srcgrad costs nothing for rules that are never read.
"""
