def choice_grad(x):
    if x > 1:
        y = x * x
    else:
        y = 2 * x - 1

    # primals.py:82  return y * x
    y_bar = x
    x_bar = y
    if x > 1:
        # primals.py:81  y = x * x if x > 1 else 2 * x - 1
        x_bar += 2 * y_bar * x
    else:
        # primals.py:81  y = x * x if x > 1 else 2 * x - 1
        x_bar += 2 * y_bar
    return x_bar
