def swapped_grad(x, y):
    x2, y2 = y, x * y

    # primals.py:62  return x - 2 * y
    x2_bar = 1.0
    y2_bar = -2.0
    # primals.py:61  x, y = y, x * y
    y_bar = x2_bar + y2_bar * x
    x_bar = y2_bar * y
    return x_bar, y_bar
