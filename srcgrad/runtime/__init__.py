"""What runs while a derivative is computed: the recorder, its traces, and the sweeps.

Enters: a function whose source has been rewritten so that each computation goes through
`recorder` (`rec.add(a, b)`, `rec.call(np.sin, x)`). Leaves: its value, and a trace from which a
sweep computes cotangents or tangents. Values are never wrapped: floats and arrays are recognised by
identity and by the memory that they own, so library code and type checks see what they always see.

NumPy and the standard library only.
"""
