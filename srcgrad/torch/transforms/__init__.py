"""What torch.func and forward-mode differentiation are made of.

trees          nested tuples, lists and dicts of tensors
levels         tensors as they enter a function that is differentiated, and as they leave it
derivatives    grad, vjp, jvp and what follows from them
mapping        vmap
modules        modules as functions of their parameters
"""
