"""Branches: if, ternary, short circuit, chained comparison, match, walrus, with."""

import contextlib
import math
from dataclasses import dataclass

import numpy as np

from tests.corpus import case


@case(x=0.3)
@case(x=1.5)
@case(x=-2.0)
def piecewise_three_ways(x):
    if x < 0:
        y = x * x
    elif x < 1:
        y = math.sin(x)
    else:
        y = math.log(x) + x
    return 3.0 * y


@case(t=0.4, mass=1.2)
@case(t=1.7, mass=1.2)
def bound_in_both_branches(t, mass):
    if t > 1.0:
        drag = 0.47 * t**2
        gain = drag / mass
    else:
        gain = mass * t
    return gain * t


@case(x=0.7)
@case(x=-0.7)
def bound_inside_one_branch(x):
    y = x
    if x > 0:
        scale = x * x
        y = scale + scale * y
    return y * y


@case(x=0.8)
@case(x=-0.8)
def softplus_or_line(x):
    return math.log1p(math.exp(x)) if x > 0 else 0.5 * x + math.log(2.0)


@case(x=2.0)
@case(x=-2.0)
def and_or_chain(x):
    return x > 0 and x * x or -x


@case(a=0.0, b=3.0, argnums=(1,))
@case(a=2.0, b=3.0)
def first_truthy(a, b):
    value = a or b
    return value * b


@case(x=0.5, y=2.0)
@case(x=-0.5, y=2.0)
def guarded_division(x, y):
    if x > 0 and y / x > 1.0:
        return y / x
    return x * y


@case(x=np.array([0.2, 0.6, 1.4, -0.5]))
def chained_comparison(x):
    total = 0.0
    for v in x:
        if 0.0 < v <= 1.0:
            total += v * v
        elif not -1.0 <= v < 0.0:
            total += 2.0 * v
        else:
            total -= v**3
    return total


@case(x=0.4, kind="quadratic")
@case(x=0.4, kind="cubic")
@case(x=0.4, kind="other")
def match_on_string(x, kind):
    match kind:
        case "linear" | "quadratic":
            return x * x
        case "cubic":
            y = x**3
        case _:
            y = math.exp(x)
    return 2.0 * y


@case(points=[(1.0, 2.0), (0.0, 3.0), (4.0, 0.5, 2.0)])
def match_sequences(points):
    total = 0.0
    for point in points:
        match point:
            case (a, b) if a > 0.5:
                total += a * b
            case (a, b):
                total += a + b * b
            case [first, *rest]:
                total += first * sum(rest)
    return total


@dataclass
class Circle:
    radius: float


@dataclass
class Box:
    width: float
    height: float


@case(r=1.5, w=2.0, h=0.5)
def match_classes(r, w, h):
    area = 0.0
    for shape in [Circle(r), Box(w, h), Box(height=r, width=w), Circle(radius=w * h)]:
        match shape:
            case Circle(radius=radius):
                area += math.pi * radius**2
            case Box(width, height) if width > height:
                area += width * height
            case Box() as box:
                area += 2 * box.width * box.height
    return area


@case(event={"type": "decay", "rate": 0.3, "time": 2.0})
@case(event={"type": "growth", "rate": 0.3})
def match_mapping(event):
    match event:
        case {"type": "decay", "rate": k, "time": t}:
            return math.exp(-k * t)
        case {"type": "growth", **others}:
            return others["rate"] ** 2
    return 0.0


@case(x=7.0)
def walrus_in_if(x):
    if (half := x / 2) > 3:
        return half * half
    return half


@case(x=30.0)
def walrus_in_while(x):
    total = 0.0
    while (x := math.sqrt(x)) > 1.2:
        total += x * x
    return total + x


@case(xs=[0.3, -0.2, 1.1, 2.0])
def walrus_in_comprehension(xs):
    kept = [y * y for x in xs if (y := math.sin(x)) > 0]
    return sum(kept) + y


@case(sigma=0.8, x=1.3)
def raise_in_branch_not_taken(sigma, x):
    if sigma <= 0:
        raise ValueError(f"sigma must be positive, not {sigma!r}")
    assert x > 0, "x is a distance"
    return math.exp(-0.5 * (x / sigma) ** 2) / sigma


@case(x=np.array([1.0, 2.0, 3.0]))
@case(x=np.array([1.0, -2.0, 3.0]))
def early_return_in_nested_loop(x):
    total = x[0] * 2.0
    for i in range(3):
        for j in range(i):
            if x[i] * x[j] < 0:
                return total * x[i]
            total += x[i] * x[j]
        if total > 8.0:
            return total**2
    return total


@case(x=1.1)
@case(x=0.2)
@case(x=-1.0)
def many_returns(x):
    if x > 0:
        if x > 1:
            return x**3
        x = x + 1.0
        if x > 3:
            return x
        return x * x
    x = x * 2
    return math.cos(x)


class Scaled:
    """A context that hands out a factor and forgets it."""

    def __init__(self, factor):
        self.factor = factor
        self.depth = 0

    def __enter__(self):
        self.depth += 1
        return self

    def __exit__(self, *exc):
        self.depth -= 1
        return False

    def apply(self, x):
        return self.factor * x


@case(x=0.9, k=2.5)
def own_context_manager(x, k):
    with Scaled(k) as scaled:
        y = scaled.apply(x) * x
    return y + scaled.depth


@case(x=0.9, k=2.5)
def return_inside_with(x, k):
    with Scaled(k) as outer, Scaled(x) as inner:
        if x > 0.5:
            return outer.apply(inner.factor) ** 2
        x = x * k
    return x


@contextlib.contextmanager
def collecting():
    log = []
    yield log
    log.clear()


@case(x=1.2)
def contextlib_manager(x):
    with collecting() as log:
        log.append(x * x)
        log.append(math.sin(x))
        y = log[0] * log[1]
    return y + len(log)


@case(x=np.array([-0.5, 1.0, -1.0, 4.0]), argnums=("x",))
def errstate_and_suppress(x):
    with np.errstate(invalid="ignore", divide="ignore"):
        y = np.where(x > 0, np.log(x), 0.0)
    with contextlib.suppress(ZeroDivisionError):
        y = y * 2.0
        y = y / (1.0 + len(y))
    return np.sum(y)


@case(x=2.0, verbose=False)
@case(x=2.0, verbose=True)
def pass_del_and_fstring(x, verbose):
    temporary = x * x
    label = f"{temporary:.3f}"
    if verbose:
        pass
    else:
        label += "!"
    y = temporary * len(label)
    del temporary
    temporary = y * x
    return temporary


@case(x=np.array([2.0, 0.5]))
def condition_on_array_reduction(x):
    if np.all(x > 0) and x.max() < 10:
        return np.prod(x) ** 2
    return np.sum(x)


@case(x=1.5, limits=(0.0, 1.0))
@case(x=0.5, limits=(0.0, 1.0))
def clamp_with_ternaries(x, limits):
    low, high = limits
    inside = low if x < low else high if x > high else x
    return inside * x


@case(x=0.3, data=None)
@case(x=0.3, data=np.array([0.1, 0.2]))
def optional_argument(x: float, data: np.ndarray | None = None) -> float:
    if data is None:
        data = np.ones(2)
    return float(np.sum(data * x)) * x
