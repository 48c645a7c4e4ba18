def recursive_vjp(x, n):
    if n == 0:
        value = 1.0
    else:
        u, recursive_pullback = recursive_vjp(x, n - 1)
        value = x * u

    def pullback(value_bar):
        x_bar = 0.0
        if n != 0:
            # primals.py:232  return x * recursive(x, n - 1)
            x_bar = value_bar * u
            u_bar = value_bar * x
            (x_bar2,) = recursive_pullback(u_bar)
            x_bar += x_bar2
        return (x_bar,)

    return value, pullback


def recursive_grad(x, n):
    if n != 0:
        u, recursive_pullback = recursive_vjp(x, n - 1)

    x_bar = 0.0
    if n != 0:
        # primals.py:232  return x * recursive(x, n - 1)
        x_bar = u
        u_bar = x
        (x_bar2,) = recursive_pullback(u_bar)
        x_bar += x_bar2
    return x_bar
