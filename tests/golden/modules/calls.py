def area_vjp(w, h):
    def pullback(y_bar):
        # primals.py:219  return w * h
        w_bar = y_bar * h
        return (w_bar,)

    return w * h, pullback


def area_vjp2(w, h):
    def pullback(y_bar):
        # primals.py:219  return w * h
        w_bar = y_bar * h
        h_bar = y_bar * w
        return (w_bar, h_bar)

    return w * h, pullback


def calls_grad(x):
    a, area_pullback = area_vjp(x, 2.0)
    u, area_pullback2 = area_vjp2(a, a)

    u_bar = 1.0
    # primals.py:225  return area(a, a)
    w_bar, h_bar = area_pullback2(u_bar)
    a_bar = w_bar + h_bar
    # primals.py:224  a = area(x, 2.0)
    (x_bar,) = area_pullback(a_bar)
    return x_bar
