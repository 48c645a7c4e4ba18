"""Functions and classes that random programs call; each program carries the ones it uses."""

HELPERS = {
    "wave": """
def wave(a, b=0.5):
    return math.sin(a) * b + 0.3 * a
""",
    "both": """
def both(a, b):
    return 0.5 * a + b, np.tanh(a * b)
""",
    "shift": """
def shift(w, s):
    w += s
    return w
""",
    "store": """
def store(w, i, s):
    w[i] = s
""",
    "smooth": """
def smooth(w):
    out = w.copy()
    for i in range(1, len(w)):
        out[i] = 0.5 * (w[i] + out[i - 1])
    return out
""",
    "first_above": """
def first_above(w, level):
    for e in w:
        if e > level:
            return e * e
    return 0.5 * w[-1]
""",
    "fold": """
def fold(w, k):
    if k == 0:
        return w[0]
    return math.sin(fold(w, k - 1)) + 0.3 * w[k]
""",
    "running": """
def running(w):
    total = 0.0
    for count, e in enumerate(w, start=1):
        total += e
        yield 0.3 * total / count
""",
    "apply": """
def apply(f, *values, scale=0.5):
    return scale * sum(f(value) for value in values)
""",
    "Meter": """
class Meter:
    def __init__(self, total):
        self.total = total
        self.trace = np.zeros(3)

    def add(self, s):
        self.total = 0.5 * self.total + s
        self.trace[1:] = self.trace[:-1]
        self.trace[0] = s
        return self.total
""",
}
