def power_grad(x, n):
    y = 1.0
    y_saved = []
    for _i in range(n):
        y_saved.append(y)
        y = y * x

    y_bar = 1.0
    x_bar = 0.0
    for y in reversed(y_saved):
        # primals.py:89  y = y * x
        x_bar += y_bar * y
        y_bar *= x
    return x_bar
