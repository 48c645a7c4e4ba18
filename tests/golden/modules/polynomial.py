def polynomial_grad(x, y):
    a = 3 * x**2 - x * y
    b = a * a + 2 * y**3

    # primals.py:41  return b / (1 + x**2)
    q_bar = 1.0 / (1 + x**2)
    b_bar = q_bar
    x_bar = -2 * (q_bar * b / (1 + x**2)) * x
    # primals.py:40  b = a * a + 2 * y**3
    a_bar = 2 * b_bar * a
    y_bar = 6 * b_bar * y**2
    # primals.py:39  a = 3 * x**2 - x * y
    x_bar += 6 * a_bar * x - a_bar * y
    y_bar -= a_bar * x
    return x_bar, y_bar
