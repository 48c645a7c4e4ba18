"""What PyTorch computes and NumPy lacks: plain functions of arrays, each followed by its entry in the rule table.

A kernel knows no tensors. It keeps its arguments' dtype, and what it returns is contiguous, as PyTorch's result is.
The helpers in a rule's texts are differentiated by the engine for second derivatives; those that are kernels have
entries of their own, and linear ones name each other as transposes.
"""
