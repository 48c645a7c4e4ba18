def newton_grad(c):
    x = c
    d_saved = []
    x_saved = []
    while True:
        d = x * x * x - c
        step = d / (3 * x * x)
        x_saved.append(x)
        x = x - step
        branch = abs(step) < 1e-12
        if branch:
            d_saved.append(d)
            break
        d_saved.append(d)

    x_bar = 1.0
    c_bar = 0.0
    while d_saved:
        d = d_saved.pop()
        x = x_saved.pop()
        # primals.py:117  x = x - step
        step_bar = -x_bar
        # primals.py:116  step = (x * x * x - c) / (3 * x * x)
        p_bar = step_bar * d / (3 * x * x)**2
        d_bar = step_bar / (3 * x * x)
        x_bar -= 6 * p_bar * x
        x_bar += 3 * d_bar * x * x
        c_bar -= d_bar
    # primals.py:114  x = c
    c_bar += x_bar
    return c_bar
