def leaky_grad(x):
    branch = x < 0
    if branch:
        x = 0.1 * x

    # primals.py:76  return x * x
    x_bar = 2 * x
    if branch:
        # primals.py:75  x = 0.1 * x
        x_bar *= 0.1
    return x_bar
