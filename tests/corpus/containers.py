"""Containers: lists, tuples, dicts, deques, nested, as argument, local and result."""

import heapq
import math
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np

from tests.corpus import case


@case(x=0.6)
def list_append_in_loop(x):
    xs = [x]
    for k in range(4):
        xs.append(xs[-1] * x + k)
    return sum(xs)


@case(x=0.6, y=1.4)
def list_methods(x, y):
    xs = [x, y]
    xs.extend([x * y, 3.0])
    xs.insert(1, y * y)
    last = xs.pop()
    first = xs.pop(0)
    xs.reverse()
    ys = xs[1:] + [first] * 2
    ys[0] = ys[0] * last
    ys += (x, x)
    del ys[1]
    return sum(v * (k + 1) for k, v in enumerate(ys))


@case(xs=[3.0, 1.0, 2.0])
def list_sort_in_place(xs):
    ys = xs.copy()
    ys.sort(key=lambda v: -v)
    xs.sort()
    return ys[0] * 2 + ys[1] * xs[0] + xs[2] ** 2


@case(xs=[3.0, 1.0, 2.0])
def writes_into_list_argument(xs):
    xs[0] = xs[1] * xs[2]
    xs[1:] = [v * v for v in xs[1:]]
    xs[-1] += xs[0]
    return sum(xs)


@case(xs=[1.0, 2.0, 3.0, 4.0])
def slice_of_list(xs):
    evens, odds = xs[::2], xs[1::2]
    xs[::2] = odds
    return sum(a * b for a, b in zip(evens, xs, strict=False)) + xs[0] * odds[1]


@case(pair=(1.5, 0.5))
def tuple_argument(pair):
    a, b = pair
    return a * math.sin(b) + pair[0] ** 2


@case(nested=(1.5, (0.5, [2.0, 0.3])))
def tuples_in_tuples(nested):
    a, (b, (c, d)) = nested
    return a * b + c * d + nested[1][1][0] ** 2


@case(xs=[1.0, 2.0, 3.0, 4.0])
def star_unpacking(xs):
    first, *middle, last = xs
    merged = [*middle, first, *(last, last)]
    *_, end = merged
    return first * last + sum(middle) ** 2 + merged[2] * end


@case(params={"w": np.array([0.3, -0.4]), "b": 0.7})
def dict_argument(params):
    x = np.array([[1.0, 2.0], [0.5, -1.0]])
    return np.sum(np.tanh(x @ params["w"] + params["b"]))


@case(layers=[{"w": np.array([[0.3, 0.1]]), "b": 0.2}, {"w": np.array([[0.5], [0.4]]), "b": -0.1}])
def nested_parameters(layers):
    h = np.array([[1.0], [2.0], [-0.5]])
    for layer in layers:
        h = np.tanh(h @ layer["w"] + layer["b"])
    return h.sum()


@case(x=0.6, y=1.4)
def dict_methods(x, y):
    d = {"x": x}
    d["y"] = y
    d.update(z=x * y, x=d["x"] ** 2)
    d.setdefault("w", y * y)
    d.setdefault("x", 100.0)
    total = d.get("x") + d.get("none", y)
    total += d.pop("z") * d.pop("absent", 2.0)
    merged = {**d, "y": x} | {"q": x * 3}
    key, value = merged.popitem()
    return total + sum(merged.values()) * value + len(key)


@case(x=0.6)
def dict_accumulation(x):
    counts = {}
    for k, word in enumerate(["a", "b", "a", "c", "a"]):
        counts[word] = counts.get(word, 0.0) + x**k
    bins = defaultdict(float)
    for k in range(5):
        bins[k % 2] += x * k
    return counts["a"] * bins[1] + counts["c"] + bins[0]


@case(x=0.6)
def defaultdict_of_lists(x):
    groups = defaultdict(list)
    for k in range(6):
        groups[k % 3].append(x**k)
    return sum(math.prod(group) * (key + 1) for key, group in groups.items())


@case(x=0.6)
def deque_window(x):
    window = deque(maxlen=3)
    total = 0.0
    for k in range(6):
        window.append(math.sin(x * k))
        total += sum(window) / len(window)
    window.appendleft(x)
    window.rotate(1)
    return total * window.popleft() + window[-1]


@case(x=0.6, y=0.9)
def returns_tuple(x, y):
    return x * y, math.sin(x)


@case(x=0.6, v=np.array([1.0, 2.0]))
def returns_dict(x, v):
    return {"mean": v.mean() * x, "scaled": v * x, "nested": (x, [v[0]])}


@case(x=np.array([1.0, 2.0]))
def returns_same_array_twice(x):
    y = x * 2.0
    return y, y


@case(x=np.array([1.0, 2.0, 3.0]))
def returns_views_of_one_array(x):
    y = x * x
    return [y[1:], y[:-1], y]


@case(x=np.array([1.0, 2.0]), n=3)
def returns_value_and_aux_int(x, n):
    return np.sum(x) * n, {"steps": n, "x": x * 2}


@case(x=np.array([1.0, 2.0]), aux=True)
def has_aux(x):
    y = x**3
    return np.sum(y), {"intermediate": y, "label": "run"}


@case(x=0.6)
def heap_of_values(x):
    heap = []
    for k in range(5):
        heapq.heappush(heap, (math.cos(x * k), k))
    smallest = heapq.heappop(heap)
    heapq.heapify(heap)
    return smallest[0] * 3 + heapq.nsmallest(1, heap)[0][0] + heap[0][0] ** 2


@case(x=0.6)
def ordered_dict_moves(x):
    d = OrderedDict(a=x, b=x * x, c=2.0)
    d.move_to_end("a")
    total = 0.0
    for rank, value in enumerate(d.values()):
        total += rank * value**2
    return total


@case(weights=[0.2, 0.5, 0.9])
def counter_as_constant(weights):
    counts = Counter("abracadabra")
    return sum(w * counts[letter] for w, letter in zip(weights, "abz", strict=True))


@case(x=0.6)
def list_of_lists_matrix(x):
    n = 3
    m = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            m[i][j] = x ** (i + 1) * (j + 1)
    m[0], m[2] = m[2], m[0]
    m[1][1] += m[0][2]
    return sum(m[i][i] for i in range(n)) + math.prod(m[0])


@case(x=0.6)
def shared_row_aliasing(x):
    row = [0.0, x]
    table = [row] * 3
    table[0][0] = x * x
    table[2][1] *= 2.0
    return sum(r[0] * r[1] for r in table)


@case(rows=[(1.0, 2.0), (3.0, 0.5)])
def transpose_by_zip(rows):
    columns = list(zip(*rows, strict=True))
    return sum(a * b for a, b in columns) + columns[1][0]


@case(xs=[0.5, 2.0, 1.0])
def min_max_with_key(xs):
    far = max(xs, key=lambda v: (v - 1.2) ** 2)
    near = min(xs, key=lambda v: abs(v - 0.9))
    return far * near + min(xs) * max(xs[0], xs[1]) + max(*xs, 0.1)


@case(data={"a": [0.5, 1.0], "b": (2.0, {"c": 0.3})})
def deeply_nested_argument(data):
    return data["a"][0] * data["b"][1]["c"] + data["a"][1] ** 2 * data["b"][0]


@case(x=1.3)
def set_and_membership(x):
    allowed = {1, 2, 3}
    total = 0.0
    for k in range(5):
        if k in allowed and k not in (2,):
            total += x**k
    return total


@case(xs=[1.0, 2.0, 3.0])
def sum_min_len_any_all(xs):
    n = len(xs)
    if any(v > 2.5 for v in xs) and all(v > 0 for v in xs):
        return sum(xs, start=xs[0]) / n * min(xs)
    return 0.0


@case(xs=[1.0, 2.0, 3.0])
def index_and_count(xs):
    k = xs.index(max(xs))
    return xs[k] ** 3 + (1 + xs.count(-1.0)) * xs[0]


@case(q=deque([1.0, 2.0, 3.0]))
def deque_argument(q):
    q.rotate(1)
    return q[0] * q[1] + q.pop()


@case(arrays=[np.array([1.0, 2.0]), np.array([0.5]), np.array([3.0, 4.0, 5.0])])
def ragged_list_of_arrays(arrays):
    return sum(np.sum(a**2) * len(a) for a in arrays) * arrays[1][0]


@case(x=np.array([0.7, 1.2, 0.4, 2.2]))
def windows_of_a_deque(x):
    window = deque(maxlen=3)
    total = 0.0
    for v in x:
        window.append(v * v)
        total += np.mean(window) + np.sum(np.array(window) * 2.0) + math.fsum(window)
    rows = deque([x, x * 2.0])
    y = np.zeros(4)
    y[:] = deque(x)
    y[1:] += deque([x[0], x[1], x[2]])
    return total + np.sum(np.stack(rows) ** 2) + np.dot(deque(x), x * deque(x)) + np.sum(y**2)


@case(x=np.array([0.7, 1.2, 0.4, 2.2]))
def views_and_sets_in_functions_of_math(x):
    named = dict(zip("abcd", x, strict=True))
    total = math.prod(named.values()) + math.fsum(named.values()) + math.fsum({x[0], x[1] * 2.0})
    return total + math.dist(deque(x), list(x * 3.0)) + math.hypot(*named.values()) + math.fsum({x[2]: 1, x[3]: 2})
