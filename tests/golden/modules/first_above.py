def first_above_grad(x, n):
    y = x
    returned = False
    y_saved = []
    trips = 0
    for k in range(n):
        trips += 1
        y_saved.append(y)
        y = y * x
        if y > 10:
            result = y
            returned = True
            break
    if returned:
        value = result
    else:
        value = y

    if returned:
        result_bar = 1.0
        y_bar = 0.0
    else:
        # primals.py:130  return y
        y_bar = 1.0
        result_bar = 0.0
    x_bar = 0.0
    for k in reversed(range(n)[:trips]):
        if y > 10:
            # primals.py:129  return y
            y_bar += result_bar
            result_bar = 0.0
        y = y_saved.pop()
        # primals.py:127  y = y * x
        x_bar += y_bar * y
        y_bar *= x
    # primals.py:125  y = x
    x_bar += y_bar
    return x_bar
