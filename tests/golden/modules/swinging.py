import numpy as np

from srcgrad.runtime.schedules import run_keeping, steps_back


def swinging_grad(angle, dt, n):
    speed = 0.0

    def step(_, angle, speed):
        u = np.sin(angle)
        speed = speed - dt * u
        angle = angle + dt * speed
        return (angle, speed)

    (angle, speed), kept = run_keeping(step, range(n), (angle, speed), budget=5)

    angle_bar = 1.0
    dt_bar = 0.0
    speed_bar = 0.0
    for _, (angle, speed) in steps_back(step, kept):
        u = np.sin(angle)
        speed = speed - dt * u
        # primals.py:328  angle = angle + dt * speed
        dt_bar += angle_bar * speed
        speed_bar += angle_bar * dt
        # primals.py:327  speed = speed - dt * np.sin(angle)
        dt_bar -= speed_bar * u
        u_bar = -speed_bar * dt
        angle_bar += u_bar * np.cos(angle)
    return angle_bar, dt_bar
