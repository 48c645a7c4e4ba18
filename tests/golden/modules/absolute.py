def absolute_grad(x):
    if x < 0:
        value = -x
    else:
        value = x

    value_bar = 1.0
    if x < 0:
        # primals.py:68  return -x
        x_bar = -value_bar
    else:
        # primals.py:69  return x
        x_bar = value_bar
    return x_bar
