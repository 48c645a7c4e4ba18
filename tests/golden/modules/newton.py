def newton_grad(c):
    x = c
    step_saved = []
    x_saved = []
    while True:
        step = (x * x * x - c) / (3 * x * x)
        x_saved.append(x)
        x = x - step
        branch = abs(step) < 1e-12
        if branch:
            step_saved.append(step)
            break
        step_saved.append(step)

    x_bar = 1.0
    c_bar = 0.0
    while step_saved:
        step = step_saved.pop()
        x = x_saved.pop()
        # primals.py:117  x = x - step
        step_bar = -x_bar
        # primals.py:116  step = (x * x * x - c) / (3 * x * x)
        q_bar = step_bar / (3 * x * x)
        p_bar = q_bar * step
        x_bar += 3 * q_bar * x * x - 6 * p_bar * x
        c_bar -= q_bar
    # primals.py:114  x = c
    c_bar += x_bar
    return c_bar
