"""What runs while a derivative is computed: the recorder, its traces, and the sweeps.

Enters: a function whose source has been rewritten so that each computation goes through
`recorder` (`rec.add(a, b)`, `rec.call(np.sin, x)`). Leaves: its value, and a trace from which a
sweep computes cotangents or tangents. Values are never wrapped: floats and arrays are recognised by
identity and by the memory that they own, so library code and type checks see what they always see.

NumPy and the standard library only.
"""

# The modules on calls, operators and library functions call each other; this is the order in which they load.
from srcgrad.runtime import calls as _calls

__all__: list[str] = []
del _calls
