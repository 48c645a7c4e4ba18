def heat_grad(u):
    u = u.copy()
    for step in range(10):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])

    # primals.py:193  return np.sum(u * u)
    u_bar = 2 * u
    for step in reversed(range(10)):
        # primals.py:192  u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
        e_bar = u_bar[1:-1].copy()
        s_bar = 0.1 * e_bar
        u_bar[2:] += s_bar
        u_bar[1:-1] -= 2 * s_bar
        u_bar[:-2] += s_bar
    return u_bar
