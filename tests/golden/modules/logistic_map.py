def logistic_map_grad(r, n):
    x = 0.5
    x_saved = []
    for k in range(n):
        x_saved.append(x)
        x = r * x * (1 - x)  # the population next year

    x_bar = 1.0
    r_bar = 0.0
    for x in reversed(x_saved):
        # primals.py:97  x = r * x * (1 - x)
        p_bar = x_bar * (1 - x)
        r_bar += p_bar * x
        x_bar = p_bar * r - x_bar * r * x
    return r_bar
