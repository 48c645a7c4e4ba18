def root_vjp_vjp(x):
    y = x
    y_saved = []
    while abs(y * y - x) > 1e-10:
        y_saved.append(y)
        y = 0.5 * (y + x / y)

    def pullback(y_bar):
        x_bar = 0.0
        for y in reversed(y_saved):
            # primals.py:239  y = 0.5 * (y + x / y)
            s_bar = 0.5 * y_bar
            x_bar += s_bar / y
            y_bar = s_bar - s_bar * x / (y * y)
        # primals.py:237  y = x
        x_bar += y_bar
        return (x_bar,)

    return y, pullback
