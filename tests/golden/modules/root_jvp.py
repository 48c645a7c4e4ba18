def root_jvp_jvp(x, x_dot):
    y_dot = x_dot
    y = x
    while abs(y * y - x) > 1e-10:
        y_dot = 0.5 * (y_dot + (x_dot / y - x * y_dot / (y * y)))
        y = 0.5 * (y + x / y)
    return y, y_dot
