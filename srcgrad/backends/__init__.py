"""Other forms of a generated module than plain NumPy.

The text that `passes` writes is for people and for NumPy: slices and whole-array calls. numba wants the
opposite, scalar loops. The modules here rewrite the text, each one step, in the order of `form`:

    ranges       reversed(range(n))                     -> range(n - 1, -1, -1)
    closures     def pullback(y_bar) inside a function  -> a function of its own and a tuple
    kinds        what each name holds: a float, an array of rank 2, …
    elementwise  u[1:] += 2 * v                         -> for i in range(len(u) - 1): u[1 + i] += 2 * v[i]

`library` holds what generated code calls in a form that numba takes, `cache` keeps the text and numba's machine
code in files, `native` makes a callable of it. numba is imported when the first derivative is asked for it.
"""
