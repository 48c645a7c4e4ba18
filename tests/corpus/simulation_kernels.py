"""Simulations and solvers as they stand in scientific code."""

import heapq
import math

import numpy as np

from tests.corpus import case


def rk4(f, y, t, dt):
    k1 = f(t, y)
    k2 = f(t + dt / 2, y + dt / 2 * k1)
    k3 = f(t + dt / 2, y + dt / 2 * k2)
    k4 = f(t + dt, y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@case(y0=np.array([1.0, 0.5]), theta=np.array([0.8, 0.3, 0.9, 0.2]))
def lotka_volterra_rk4(y0, theta):
    alpha, beta, gamma, delta = theta

    def rhs(_, y):
        hare, lynx = y
        return np.array([alpha * hare - beta * hare * lynx, delta * hare * lynx - gamma * lynx])

    path = np.empty((6, 2))
    path[0] = y0
    for k in range(5):
        path[k + 1] = rk4(rhs, path[k], 0.1 * k, 0.1)
    return np.sum(np.log(path) ** 2)


@case(y=1.0, rate=1.5)
def adaptive_step_euler(y, rate):
    t, dt = 0.0, 0.2
    while t < 1.0:
        dt = min(dt, 1.0 - t)
        full = y - dt * rate * y
        half = y - dt / 2 * rate * y
        half = half - dt / 2 * rate * half
        if abs(full - half) > 5e-3:
            dt /= 2
            continue
        y = 2 * half - full
        t += dt
        dt *= 1.2
    return y


@case(
    positions=np.array([[0.0, 0.0], [1.0, 0.2], [-0.3, 1.1]]),
    velocities=np.array([[0.0, 0.1], [0.2, -0.4], [-0.5, 0.0]]),
    masses=np.array([1.0, 0.5, 0.3]),
)
def n_body(positions, velocities, masses):
    dt, n = 0.05, len(masses)
    for _ in range(3):
        acceleration = np.zeros_like(positions)
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                d = positions[j] - positions[i]
                acceleration[i] += masses[j] * d / (d @ d + 0.01) ** 1.5
        velocities += dt * acceleration
        positions += dt * velocities
    return 0.5 * np.sum(masses * np.sum(velocities**2, axis=1)) + positions[0, 1]


@case(observations=np.array([0.9, 1.3, 1.1, 1.8]), q=0.1, r=0.4)
def kalman_filter(observations, q, r):
    f = np.array([[1.0, 1.0], [0.0, 1.0]])
    h = np.array([1.0, 0.0])
    m, p = np.zeros(2), np.eye(2)
    loglik = 0.0
    for z in observations:
        m = f @ m
        p = f @ p @ f.T + q * np.eye(2)
        s = h @ p @ h + r
        gain = p @ h / s
        innovation = z - h @ m
        loglik -= 0.5 * (math.log(2 * math.pi * s) + innovation**2 / s)
        m = m + gain * innovation
        p -= np.outer(gain, h @ p)
    return loglik


@case(
    transition=np.array([[0.9, 0.1], [0.3, 0.7]]),
    emission=np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]),
    observed=[0, 2, 1, 2],
)
def hmm_forward(transition, emission, observed):
    alpha = np.array([0.5, 0.5]) * emission[:, observed[0]]
    loglik = 0.0
    for o in observed[1:]:
        scale = alpha.sum()
        loglik += np.log(scale)
        alpha = (alpha / scale) @ transition * emission[:, o]
    return loglik + np.log(alpha.sum())


@case(
    scores=np.array([[0.3, 1.0], [0.8, 0.1], [0.2, 0.9]]),
    switch=np.array([[0.0, -0.7], [-0.4, 0.1]]),
)
def viterbi_score_and_path(scores, switch):
    n, k = scores.shape
    best = scores[0].copy()
    back = np.zeros((n, k), dtype=int)
    for t in range(1, n):
        candidate = best[:, None] + switch
        back[t] = candidate.argmax(axis=0)
        best = candidate.max(axis=0) + scores[t]
    state = int(best.argmax())
    score = best[state]
    path = [state]
    for t in range(n - 1, 0, -1):
        state = back[t, state]
        path.append(int(state))
    return score**2 + sum(scores[t, s] for t, s in enumerate(reversed(path)))


@case(a=2.0, b=0.3)
def bisection(a, b):
    low, high = 0.0, 4.0
    for _ in range(6):
        middle = 0.5 * (low + high)
        if middle**3 - a * middle - b > 0:
            high = middle
        else:
            low = middle
    x = 0.5 * (low + high)
    # One Newton step makes the root depend on the parameters.
    return x - (x**3 - a * x - b) / (3 * x * x - a)


@case(c=0.7)
def golden_section(c):
    ratio = (math.sqrt(5) - 1) / 2
    low, high = c - 1.0, c + 2.0
    for _ in range(12):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if (left - 0.1) ** 2 < (right - 0.1) ** 2:
            high = right
        else:
            low = left
    return 0.5 * (low + high) * c


@case(a=np.array([1.2, 0.4]))
def newton_system(a):
    x = np.array([1.0, 1.0])
    for _ in range(20):
        f = np.array([x[0] ** 2 + x[1] - a[0] - 1.0, x[0] * x[1] - a[1]])
        if np.linalg.norm(f) < 1e-13:
            break
        jacobian = np.array([[2 * x[0], 1.0], [x[1], x[0]]])
        x = x - np.linalg.solve(jacobian, f)
    return x[0] * x[1] ** 2 + x[0]


@case(eccentricity=0.3, anomaly=1.1)
def kepler_equation(eccentricity, anomaly):
    e = anomaly
    for _ in range(10):
        delta = (e - eccentricity * math.sin(e) - anomaly) / (1 - eccentricity * math.cos(e))
        e -= delta
        if abs(delta) < 1e-15:
            break
    return math.tan(e / 2) * math.sqrt((1 + eccentricity) / (1 - eccentricity))


@case(
    spot=100.0,
    strike=95.0,
    rate=0.03,
    sigma=0.25,
    maturity=1.0,
    argnums=(0, 2, 3, 4),
    tolerance=1e-5,
)
def black_scholes_monte_carlo(spot, strike, rate, sigma, maturity):
    rng = np.random.default_rng(42)
    z = rng.standard_normal(64)
    drift = (rate - 0.5 * sigma**2) * maturity
    terminal = spot * np.exp(drift + sigma * math.sqrt(maturity) * z)
    payoff = np.logaddexp(0.0, (terminal - strike) / 5.0) * 5.0
    return math.exp(-rate * maturity) * payoff.mean()


@case(spot=100.0, strike=95.0, rate=0.03, sigma=0.25, maturity=1.0)
def black_scholes_closed_form(spot, strike, rate, sigma, maturity):
    def cdf(v):
        return 0.5 * (1.0 + math.erf(v / math.sqrt(2.0)))

    d1 = (math.log(spot / strike) + (rate + sigma**2 / 2) * maturity) / (sigma * math.sqrt(maturity))
    d2 = d1 - sigma * math.sqrt(maturity)
    return spot * cdf(d1) - strike * math.exp(-rate * maturity) * cdf(d2)


@case(volatility=0.2, drift=0.05)
def stochastic_path_euler_maruyama(volatility, drift):
    rng = np.random.default_rng(3)
    s = 1.0
    path = []
    for _ in range(8):
        s = s + drift * s * 0.1 + volatility * s * rng.standard_normal() * math.sqrt(0.1)
        path.append(s)
    return np.mean(np.array(path)) + max(path)


@case(service=0.7, arrival=0.5)
def queue_with_heap(service, arrival):
    rng = np.random.default_rng(1)
    clock, waited = 0.0, 0.0
    busy = [0.0, 0.0]
    heapq.heapify(busy)
    for _ in range(8):
        clock += arrival * rng.exponential()
        free = heapq.heappop(busy)
        start = max(clock, free)
        waited += start - clock
        heapq.heappush(busy, start + service * rng.exponential())
    return waited + max(busy)


@case(tau=np.array([0.4, 0.9, 0.2]), scattering=0.3)
def radiative_transfer_layers(tau, scattering):
    down = 1.0
    flux = np.zeros(len(tau) + 1)
    flux[0] = down
    for k, t in enumerate(tau):
        absorbed = (1.0 - scattering) * (1.0 - math.exp(-t))
        down *= 1.0 - absorbed
        flux[k + 1] = down + scattering * flux[k] * t
    return flux[-1] * flux.sum()


@case(u=np.array([[0.1, 0.4, 0.2], [0.7, 1.0, 0.3], [0.2, 0.6, 0.5]]), d=0.15, f=0.04)
def gray_scott(u, d, f):
    v = 1.0 - u

    def laplacian(w):
        return np.roll(w, 1, 0) + np.roll(w, -1, 0) + np.roll(w, 1, 1) + np.roll(w, -1, 1) - 4 * w

    for _ in range(4):
        reaction = u * v * v
        u = u + d * laplacian(u) - reaction + f * (1 - u)
        v += 0.5 * d * laplacian(v) + reaction - (f + 0.06) * v
    return np.sum(u * v)


@case(u=np.array([1.0, 0.8, 0.3, 0.1, 0.05]), c=0.4)
def upwind_advection_periodic(u, c):
    for _ in range(5):
        left = u[-1]
        for i in range(len(u) - 1, 0, -1):
            u[i] -= c * (u[i] - u[i - 1])
        u[0] -= c * (u[0] - left)
    return u @ np.arange(5.0)


@case(u=np.array([0.2, 0.9, 0.4, 0.1]), dt=0.1)
def burgers_godunov(u, dt):
    n = len(u)
    for _ in range(3):
        flux = np.zeros(n + 1)
        for i in range(1, n):
            if u[i - 1] > u[i]:
                speed = 0.5 * (u[i - 1] + u[i])
                flux[i] = 0.5 * (u[i - 1] if speed > 0 else u[i]) ** 2
            else:
                flux[i] = 0.5 * u[i - 1] ** 2
        u = u - dt * (flux[1:] - flux[:-1])
    return np.sum(u**2)


@case(u0=np.array([0.0, 0.5, 1.0, 0.5, 0.0]), c=0.8)
def wave_three_levels(u0, c):
    old, now = u0.copy(), u0.copy()
    for _ in range(6):
        new = np.zeros_like(now)
        new[1:-1] = 2 * now[1:-1] - old[1:-1] + c**2 * (now[2:] - 2 * now[1:-1] + now[:-2])
        old, now = now, new
    return np.sum(now**2) + np.max(now)


@case(angle=0.7, speed=12.0, drag=0.02)
def projectile_until_it_lands(angle, speed, drag):
    x, y = 0.0, 0.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    dt = 0.05
    while True:
        v = math.hypot(vx, vy)
        ax, ay = -drag * v * vx, -9.81 - drag * v * vy
        x_old, y_old = x, y
        x, y = x + dt * vx, y + dt * vy
        vx, vy = vx + dt * ax, vy + dt * ay
        if y < 0:
            break
    return x_old + (x - x_old) * y_old / (y_old - y)


@case(lengths=np.array([1.0, 0.8, 0.5]), angles=np.array([0.2, 0.4, -0.7]))
def robot_arm_kinematics(lengths, angles):
    transform = np.eye(3)
    for length, angle in zip(lengths, angles, strict=True):
        c, s = np.cos(angle), np.sin(angle)
        transform = transform @ np.array([[c, -s, length * c], [s, c, length * s], [0.0, 0.0, 1.0]])
    x, y = transform[:2, 2]
    return (x - 1.0) ** 2 + (y - 0.5) ** 2


@case(w=np.array([[0.4, -0.3], [0.2, 0.9]]), u=np.array([0.5, -0.6]), xs=np.array([1.0, 0.2, -0.7]))
def recurrent_network(w, u, xs):
    h = np.zeros(2)
    outputs = []
    for x in xs:
        h = np.tanh(w @ h + u * x)
        outputs.append(h)
    return np.stack(outputs)


@case(w=np.array([0.4, -0.3]))
def gradient_descent_with_momentum(w):
    velocity = np.zeros(2)
    target = np.array([1.0, 0.5])
    for _ in range(10):
        slope = 2 * (w - target) * np.array([1.0, 3.0])
        velocity *= 0.8
        velocity -= 0.05 * slope
        w = w + velocity
    return np.sum((w - target) ** 2)


@case(costs=np.array([[1.0, 2.0, 3.0], [4.0, 0.5, 1.0], [2.0, 2.5, 0.1]]))
def cheapest_path(costs):
    n, m = costs.shape
    best = np.full((n, m), np.inf)
    best[0, 0] = costs[0, 0]
    for i in range(n):
        for j in range(m):
            if i > 0:
                best[i, j] = min(best[i, j], best[i - 1, j] + costs[i, j])
            if j > 0:
                best[i, j] = min(best[i, j], best[i, j - 1] + costs[i, j])
    return best[-1, -1] ** 2


@case(a=np.array([0.1, 0.9, 0.4]), b=np.array([0.0, 1.2, 0.6, 0.3]))
def soft_dynamic_time_warping(a, b):
    n, m = len(a), len(b)
    r = np.full((n + 1, m + 1), 1e6)
    r[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            options = -np.array([r[i - 1, j - 1], r[i - 1, j], r[i, j - 1]])
            top = options.max()
            softmin = -(top + np.log(np.sum(np.exp(options - top))))
            r[i, j] = (a[i - 1] - b[j - 1]) ** 2 + softmin
    return r[n, m]


@case(edges={("a", "b"): 0.5, ("b", "c"): 0.9, ("a", "c"): 2.0})
def dijkstra(edges):
    distance = {"a": 0.0}
    queue = [(0.0, "a")]
    while queue:
        d, node = heapq.heappop(queue)
        if d > distance[node]:
            continue
        for (start, end), length in edges.items():
            if start == node and d + length < distance.get(end, math.inf):
                distance[end] = d + length
                heapq.heappush(queue, (distance[end], end))
    return distance["c"] ** 2


@case(z=0.3 + 0.5j)
def mandelbrot_escape(z):
    c = z
    for k in range(20):
        z = z * z + c
        if abs(z) > 2.0:
            break
    return abs(z) ** 2 + k


@case(x=0.9, n=12)
def continued_fraction(x, n):
    value = 0.0
    for k in range(n, 0, -1):
        value = (k * x) ** 2 / (2 * k + 1 + value)
    return x / (1 + value)


@case(x=0.8)
def series_until_small(x):
    term = total = 1.0
    k = 1
    while abs(term) > 1e-16:
        term *= -x * x / ((2 * k - 1) * (2 * k))
        total += term
        k += 1
    return total


@case(a=0.2, b=1.7)
def adaptive_simpson(a, b):
    def f(t):
        return math.exp(-t * t) * t

    def simpson(lo, hi):
        return (hi - lo) / 6 * (f(lo) + 4 * f(0.5 * (lo + hi)) + f(hi))

    def integrate(lo, hi, depth):
        mid = 0.5 * (lo + hi)
        whole, halves = simpson(lo, hi), simpson(lo, mid) + simpson(mid, hi)
        if depth == 0 or abs(whole - halves) < 1e-4:
            return halves + (halves - whole) / 15
        return integrate(lo, mid, depth - 1) + integrate(mid, hi, depth - 1)

    return integrate(a, b, 6)


@case(knots=np.array([0.0, 1.0, 0.5, 2.0]), t=1.3)
def catmull_rom(knots, t):
    i = int(t)
    u = t - i
    p0, p1, p2, p3 = (knots[(i + k - 1) % 4] for k in range(4))
    return 0.5 * (2 * p1 + (p2 - p0) * u + (2 * p0 - 5 * p1 + 4 * p2 - p3) * u**2 + (3 * p1 - p0 - 3 * p2 + p3) * u**3)


@case(control=np.array([[0.0, 0.0], [1.0, 2.0], [2.0, -1.0], [3.0, 0.5]]), t=0.35)
def de_casteljau(control, t):
    points = list(control)
    while len(points) > 1:
        points = [(1 - t) * p + t * q for p, q in zip(points, points[1:], strict=False)]
    return points[0] @ points[0]
