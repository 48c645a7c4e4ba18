"""Values that leave Python's objects: into text, bytes, buffers, threads. Never a silent zero."""

import array
import json
import math
import pickle
import random
import statistics
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import numpy as np

from tests.corpus import case


@case(x=0.7, may_refuse=True)
def through_text(x):
    return float(repr(x)) * 2.0


@case(x=0.7, may_refuse=True)
def through_formatted_text(x):
    return float(f"{x * x:.17g}") + x


@case(x=0.7, may_refuse=True)
def through_json(x):
    return json.loads(json.dumps({"x": [x]}))["x"][0] * x


@case(x=0.7, may_refuse=True)
def through_pickle(x):
    return pickle.loads(pickle.dumps(x)) * x


@case(x=0.7, may_refuse=True)
def through_struct(x):
    return struct.unpack("d", struct.pack("d", x * x))[0]


@case(x=0.7, may_refuse=True)
def through_array_module(x):
    values = array.array("d", [x, x * x])
    values.append(2.0)
    return values[1] * values[2]


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def read_through_memoryview(x):
    return memoryview(x)[0] * 3.0


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def written_through_memoryview(x):
    y = np.zeros(2)
    memoryview(y)[0] = x[1]
    return y[0] ** 2


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def written_through_data(x):
    y = np.zeros(2)
    y.data[1] = x[0]
    return np.sum(y**2)


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def through_bytes(x):
    return np.sum(np.frombuffer((x * x).tobytes()))


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def array_over_a_buffer(x):
    y = np.ndarray((2,), buffer=x)
    z = np.asarray(memoryview(x))
    return y[0] ** 2 * z[1]


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def reinterpreted_as_complex(x):
    z = x.view(np.complex128)
    return np.abs(z[0]) ** 2


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def through_dlpack(x):
    return np.from_dlpack(x)[0] ** 2


@case(x=0.7, may_refuse=True)
def in_a_thread(x):
    found = []
    thread = threading.Thread(target=lambda: found.append(x * x))
    thread.start()
    thread.join()
    return found[0] * x


@case(x=0.7, may_refuse=True)
def in_a_pool(x):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda k: k * x * x, [1.0, 2.0]))


@case(x=0.7, may_refuse=True)
def through_a_queue(x):
    queue = Queue()
    queue.put(x * x)
    return queue.get() * x


@case(x=0.7, may_refuse=True)
def drawn_around_a_parameter(x):
    return np.random.default_rng(0).normal(x, 1.0) ** 2


@case(x=0.7, may_refuse=True)
def shuffled_by_the_random_module(x):
    values = [x, x * x, 3.0]
    generator = random.Random(1)
    generator.shuffle(values)
    return values[0] * values[1] + generator.choice([x, 2 * x]) + generator.uniform(0.0, x)


@case(x=0.7, may_refuse=True)
def exact_statistics(x):
    return statistics.stdev([x, x * x, 3.0]) + statistics.mean([x, 1.0])


@case(x=0.7, may_refuse=True)
def evaluated_text(x):
    return eval("x * x") + x


@case(x=0.7, may_refuse=True)
def executed_text(x):
    namespace = {"x": x, "math": math}
    exec("y = math.sin(x)", namespace)
    return namespace["y"]


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def masked_array(x):
    return np.ma.array(x, mask=[False, True]).sum() ** 2


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def matrix_class(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        m = np.matrix([[x[0], 1.0], [2.0, x[1]]])
        return float((m * m)[0, 1])


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def sum_of_an_object_array(x):
    y = np.array([x[0], x[1] * 2], dtype=object)
    return (y * y).sum()


@case(x=np.array([0.7, 1.2]), may_refuse=True)
def record_written_whole(x):
    state = np.zeros(1, dtype=[("p", float), ("q", float)])
    state[0] = (x[0], x[1])
    return state["p"][0] * state["q"][0]


V = np.array([0.7, 1.2, -0.4])


@case(x=V, may_refuse=True)
def array_of_a_buffer(x):
    return np.sum(np.array(memoryview(x * 2.0)) * np.asarray((x * 3.0).data))


@case(x=V, may_refuse=True)
def arithmetic_with_buffers(x):
    total = np.dot(memoryview(x * 2.0), np.ones(3)) + np.sum(x * (x * 2.0).data)
    return total + np.sum(np.array([memoryview(x), memoryview(x * x)])) + sum((x * 2.0).data.tolist())


@case(x=V, may_refuse=True)
def buffer_written_into_a_buffer(x):
    y = np.zeros(3)
    y.data[:] = (x * 2.0).data
    y.data[1] = x[0] * x[1]
    return np.sum(y * y)


@case(x=V, may_refuse=True)
def array_interface_handed_over(x):
    y = x * 2.0

    class Shown:
        __array_interface__ = y.__array_interface__

    return np.sum(np.asarray(Shown()))


@case(x=V, may_refuse=True)
def array_of_texts(x):
    texts = (x * 2.0).astype(str)
    return float(texts[0]) + np.sum(texts[1:].astype(float))


@case(x=V, may_refuse=True)
def arithmetic_on_bits(x):
    bits = (x * 2.0).view(np.int64)
    return np.sum((bits + 0).view(float))


@case(x=V, may_refuse=True)
def bits_shifted(x):
    halved = (1 + (np.array([0.5, 1.5]) * x[0]).view(np.int64) // 1).view(float)
    return np.sum(halved)
