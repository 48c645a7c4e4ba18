"""The operations on tensors, family by family.

What enters: tensors and numbers as PyTorch's functions take them. What leaves: tensors. Each module checks
and promotes its operands as PyTorch does, calls primitives, and enters its functions under their names.
"""
