def absolute_grad(x):
    if x < 0:
        # primals.py:68  return -x
        x_bar = -1.0
    else:
        # primals.py:69  return x
        x_bar = 1.0
    return x_bar
