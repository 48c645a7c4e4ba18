from srcgrad.runtime.schedules import run_until, steps_back


def settled_vjp(x):
    y = x

    def step(_, y, left):
        before = y
        y = 0.5 * (y + x / y)
        branch = abs(y - before) < 1e-12
        if branch:
            return (y, True)
        return (y, False)

    (y, _), kept = run_until(step, range(1000), (y, False), budget=3, breaks=True)

    def pullback(y_bar):
        x_bar = 0.0
        for _, (y, _) in steps_back(step, kept):
            # primals.py:349  y = 0.5 * (y + x / y)
            s_bar = 0.5 * y_bar
            x_bar += s_bar / y
            y_bar = s_bar - s_bar * x / (y * y)
        # primals.py:346  y = x
        x_bar += y_bar
        return (x_bar,)

    return y, pullback
