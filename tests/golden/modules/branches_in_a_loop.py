def branches_in_a_loop_grad(x, n):
    s = x
    s_saved = []
    for i in range(n):
        if i % 2 == 0:
            s_saved.append(s)
            s = s * s
        else:
            s = s + x

    s_bar = 1.0
    x_bar = 0.0
    for i in reversed(range(n)):
        if i % 2 == 0:
            s = s_saved.pop()
            # primals.py:106  s = s * s
            s_bar = 2 * s_bar * s
        else:
            # primals.py:108  s = s + x
            x_bar += s_bar
    # primals.py:103  s = x
    x_bar += s_bar
    return x_bar
