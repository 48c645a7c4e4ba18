"""Kernels as one writes them for programs whose arrays do not change: `t` is the peer that runs them.

recurrent(t, w, u, inputs):  t.np.tanh, t.fold and t.scan for loops, t.write for a part of an array
"""

from tools.bench.ports import arrays, loops

PORTS = {
    f.__name__: f
    for module in (arrays, loops)
    for f in vars(module).values()
    if callable(f) and getattr(f, "__module__", "") == module.__name__
}
