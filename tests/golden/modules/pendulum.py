import math


def pendulum_value_and_grad(theta):
    # The period to third order in the amplitude.
    s = math.sin(theta / 2)
    value = 2 * math.pi * (1 + s * s / 4 + 9 * s**4 / 64)

    # primals.py:56  return 2 * math.pi * (1 + s * s / 4 + 9 * s**4 / 64)
    s_bar2 = 2 * math.pi
    p_bar = s_bar2 / 4
    s_bar = 2 * p_bar * s + 36 * s_bar2 / 64 * s**3
    # primals.py:55  s = math.sin(theta / 2)
    theta_bar = s_bar * math.cos(theta / 2) / 2
    return value, theta_bar
