"""Order of evaluation, odd targets, scoping: what a rewriting of the source can get wrong."""

import math

import numpy as np

from tests.corpus import case


@case(x=0.7)
def chained_and_nested_targets(x):
    a = b = [x, x * x]
    (p, (q, *r)), s = (x, (2 * x, 3.0, x**3)), a[1]
    a[0] = c = s * 2
    return p * q + sum(r) + b[0] * c


@case(x=0.7)
def target_uses_earlier_target(x):
    v = [0.0, 0.0, 0.0]
    i = 0
    i, v[i] = 2, x * x
    j, v[j + 1 if (j := 0) else 1] = 1, x
    return v[0] * 3 + v[2] + v[1] + i


@case(x=np.array([0.7, 1.2, 0.1]))
def index_with_side_effect_once(x):
    order = [2, 0, 1]
    y = np.ones(3)
    y[order.pop()] += x[0] * 3
    y[order.pop()] *= x[1]
    return np.sum(y**2) * len(order)


@case(x=0.7)
def middle_of_comparison_once(x):
    seen = []

    def probe(v):
        seen.append(v)
        return v

    if 0.0 < probe(x * x) < 5.0:
        return sum(seen) * 3
    return 0.0


@case(x=0.7)
def loop_target_is_a_place(x):
    v = np.zeros(2)
    box = {"last": 0.0}
    total = 0.0
    for v[1] in [x, x * x]:
        total += v[1] ** 2
    for box["last"], (k, *_) in zip([x, 3.0], [(x, 1), (2.0, 2, 3)], strict=True):
        total += k
    return total + v[1] * box["last"]


@case(x=0.7)
def class_body_computes(x):
    class Settings:
        base = x * x
        table = [base, 2.0 * base]
        __secret = 3.0 * base

        def value(self):
            return self.__secret + self.table[1]

    return Settings().value() * Settings.base


@case(x=0.7)
def annotated_assignments(x: float) -> float:
    y: float
    y = x * x
    z: "np.ndarray | float" = y + x
    return z * y


@case(x=0.7)
def return_in_finally_wins(x):
    y = x
    try:
        y = x * x
        return y
    finally:
        if y < 1:
            return y * 3 + x  # noqa: B012


@case(x=0.7)
def mixed_star_arguments(x):
    def f(a, b=1.0, *rest, k, **more):
        return a * b + sum(rest) * k + sum(more.values())

    first, second = [x], (x * x, 2.0)
    options = {"extra": x}
    return f(*first, *second, 3.0 * x, k=x, **options, **{"other": 2 * x})


@case(a=np.arange(12.0).reshape(3, 4) / 7)
def slice_objects_and_star_index(a):
    rows, columns = slice(1, None), np.s_[::2]
    index = (0, ...)
    where = (1, slice(None, 2))
    return np.sum(a[rows, columns] ** 2) + a[index].sum() + np.sum(a[where] * a[(2, *where[1:])])


@case(x=np.array([0.7, 1.2]))
def scalar_boolean_index(x):
    y = x[True] * 2
    z = x.copy()
    z[x[0] > 0] = x * x
    z[None, x > 1] += 1.0
    return np.sum(y * z) + x[..., x > 0.8].sum()


@case(x=0.7)
def deleted_and_rebound(x):
    y = x * x
    values = [x, y, 3.0]
    del values[0], y
    y = values[0] * x
    table = {"a": x, "b": y}
    del table["a"]
    return y + sum(table.values())


@case(x=0.7)
def list_slices_change_length(x):
    v = [x, 1.0, x * x, 2.0]
    v[1:2] = [x, x, 5.0]
    v[:0] = [2 * x]
    v[-1:] = []
    v *= 2
    v.remove(5.0)
    return sum(k * t for k, t in enumerate(v))


@case(x=0.7)
def lazy_generator_sees_late_values(x):
    scale = 1.0
    values = (scale * t for t in [x, x * x])
    scale = x
    return sum(values) * scale


@case(x=0.7)
def conditional_side_effects(x):
    log = []
    ok = (log.append(x) or True) and (log.append(x * x) or False) or bool(log.append(3.0 * x))
    return sum(log) * (2.0 if ok else 1.0) + (log.pop() if len(log) == 3 else 0.0)


@case(x=0.7)
def lambda_with_everything(x):
    f = lambda a, /, b=x, *c, d=2.0, **e: a * b + sum(c) * d + e.get("z", x)  # noqa: E731
    return f(1.5) + f(x, 2.0, x, d=x) + f(x, z=x * x)


@case(x=0.7)
def exception_name_is_unbound(x):
    error = x
    try:
        raise ValueError(x * 2)
    except ValueError as caught:
        y = caught.args[0]
    return y * error


@case(x=np.array([0.7, 1.2]))
def augmented_through_deep_places(x):
    class Cell:
        def __init__(self):
            self.rows = [{"v": np.zeros(2)}, {"v": 1.0}]

    cell = Cell()
    cell.rows[0]["v"][1] += x[0]
    cell.rows[0]["v"] += x
    cell.rows[1]["v"] *= cell.rows[0]["v"][1]
    return cell.rows[1]["v"] ** 2 + np.sum(cell.rows[0]["v"])


@case(x=0.7)
def generator_with_try_finally(x):
    log = []

    def produce():
        try:
            yield x
            yield x * x
            yield 5.0
        finally:
            log.append(x**3)

    total = 0.0
    source = produce()
    for v in source:
        total += v
        if v < 0.6:
            break
    source.close()
    return total * log[0]


@case(x=0.7)
def shadowing_in_nested_scopes(x):
    def f():
        x = 3.0

        def g():
            return x * y

        y = x + 1.0
        return g() * [x for x in (2.0,)][0]

    return f() * x + (lambda x: x * x)(x)


@case(x=0.7)
def match_binds_and_guards(x):
    total = 0.0
    for item in [x, [x, 2.0], {"k": x, "m": 1}, (x * x,), "skip", None]:
        match item:
            case float() as v if v > 0:
                total += v * v
            case [a, b] | (a, b, _):
                total += a * b
            case {"k": k, **rest}:
                total += k * len(rest)
            case (only,):
                total *= only
            case str() | None:
                total += 0.5
    return total


@case(n=3, x=0.7, argnums=(1,))
def while_condition_with_effect(n, x):
    values = [x, x * x, x**3, 4.0]
    total = 0.0
    while (v := values.pop()) != x and n > 0:
        total += v
    return total * v


@case(x=0.7)
def super_and_private_names(x):
    class Base:
        def __init__(self, k):
            self.__k = k

        def energy(self):
            return self.__k * x

    class Derived(Base):
        def __init__(self, k):
            super().__init__(k * k)
            self.__k = 100.0

        def energy(self):
            return super().energy() + super(Derived, self).energy() * self.__k * 0.01

    return Derived(x + 1.0).energy()


@case(x=0.7)
def fstring_with_expressions(x):
    text = f"{x * x:.3f} {x=} {'big' if x > 0.5 else 'small':>{int(x * 10)}}"
    return x * x if "big" in text else math.nan


@case(x=np.array([3.0, 4.0, 5.0]))
def conditional_write_targets(x):
    low, high = np.zeros(3), np.ones(3)
    for i, v in enumerate(x):
        (low if v < 4.5 else high)[i] = v * v
        [low, high][i % 2][2 - i] += v
    return np.sum(low * high)


@case(x=0.7, y=0.2)
def one_name_bound_twice(x, y):
    x, x = x, x
    y, y, x = x * y, y * y, 3.0 * x
    return x * y + y


@case(x=np.array([0.3, -0.8, 1.1, 0.55]))
def add_at_over_its_own_operand(x):
    for _ in range(6):
        np.add.at(x, [0, 0, 0], x[0:3])
    return x[0]
