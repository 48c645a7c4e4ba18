"""Other forms of a generated module than plain NumPy.

The text that `passes` writes is for people and for NumPy: slices and whole-array calls. numba wants the
opposite, scalar loops. The modules here rewrite the text, each one step, in the order of `form`:

    ranges       reversed(range(n))                     -> range(n - 1, -1, -1)
    closures     def pullback(y_bar) inside a function  -> a function of its own and a tuple
    kinds        what each name holds: a float, an array of rank 2, …
    parameters   u = u.copy()                           -> u = u_given.copy()
    elementwise  u[1:] += 2 * v                         -> for i in range(len(u) - 1): u[1 + i] += 2 * v[i]
    gather       u[:-2] += s; u[1:-1] -= s; u[2:] += s  -> one loop that reads s three times
    fusion       loops over the same elements           -> one loop
    sums         s[i] = s[i] + a[i, k] in a loop over k -> a number, stored after the loop
    steady       lengths and arrays made in a loop      -> made in front of it
    bounds       indices compared in a loop             -> compared in front of it

Those from `gather` on are optimisations, which `steps` can leave out.

`library` holds what generated code calls in a form that numba takes, `cache` keeps the text and numba's machine
code in files, `native` makes a callable of it. numba is imported when the first derivative is asked for it.
"""
