def elimination_grad(a):
    a = a.copy()
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]

    # primals.py:271  return np.sum(a * a)
    a_bar = 2 * a
    for k in reversed(range(n)):
        for i in reversed(range(k + 1, n)):
            # primals.py:270  a[i, k + 1 :] -= a[i, k] * a[k, k + 1 :]
            e_bar = a_bar[i, k + 1 :]
            a_bar[i, k] -= e_bar @ a[k, k + 1 :]
            a_bar[k, k + 1 :] -= e_bar * a[i, k]
            # primals.py:269  a[i, k] /= a[k, k]
            q_bar = a_bar[i, k] / a[k, k]
            a_bar[i, k] = q_bar
            a_bar[k, k] -= q_bar * a[i, k]
    return a_bar
