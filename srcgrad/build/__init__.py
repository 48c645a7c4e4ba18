"""From a function and the kinds of its arguments to something that computes its derivative.

`recorded` runs a rewritten function and its trace: it takes every program. `compiled` asks the passes
for an adjoint as source and makes a callable of it: what is faster and can be read. Both come with the
same two faces, a vjp and a jvp over lists of leaves.
"""
