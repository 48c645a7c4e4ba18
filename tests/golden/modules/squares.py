def squares_grad(x):
    # primals.py:135  return np.sum(x * x)
    x_bar = 2 * x
    return x_bar
