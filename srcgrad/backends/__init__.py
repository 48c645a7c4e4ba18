"""Other forms of a generated module than plain NumPy.

The text that `passes` writes is for people and for NumPy: slices and whole-array calls. numba wants the
opposite, scalar loops. The modules here rewrite the text, each one step, in the order of `form`:

    ranges       reversed(range(n))                     -> range(n - 1, -1, -1)
    closures     def pullback(y_bar) inside a function  -> a function of its own and a tuple
    entries      f_vjp                                  -> the value, and the cotangents, as two functions
    kinds        what each name holds: a float, an array of rank 2, …
    settled      np.where(x > 0, x, 0.0), x a number    -> x if x > 0 else 0.0
    tangent      a gradient                             -> its tangent, for Hessian-vector products
    parameters   u = u.copy()                           -> u = u_given.copy()
    elementwise  u[1:] += 2 * v                         -> for i in range(len(u) - 1): u[1 + i] += 2 * v[i]
    gather       u[:-2] += s; u[1:-1] -= s; u[2:] += s  -> one loop that reads s three times
    fusion       loops over the same elements           -> one loop
    sums         s[i] = s[i] + a[i, k] in a loop over k -> a number, stored after the loop
    steady       lengths and arrays made in a loop      -> made in front of it
    bounds       indices compared in a loop             -> compared in front of it
    exact        fact * i                               -> times(fact, i), which raises beyond 64 bits
    parallel     loops that are proven independent      -> numba.prange

Those from `gather` to `bounds` are optimisations, which `steps` can leave out.

`library` holds what generated code calls in a form that numba takes, `choosing` decides for backend="auto", `cache` and
`text` keep what was made and numba's machine code in files, `native` makes a callable of it. numba is imported when the first derivative is asked for it.
"""
