"""From the source of a function of tensors to one generated function of arrays and its adjoint.

What enters: a Python function, and tensors to call it with. What leaves: the text of a forward and of a backward
sweep, whose statements are the kernels that the tensors' operations would run and the rule table's entries for them.

    interpreter, statements, calls   read the function, with samples in place of its tensors
    capture                          an operation on samples, as statements of the program
    program                          the statements: what is computed, loops, branches
    forward, reverse, writing        the program as text
    known                            what may be computed with while the function is read
    guards, specialisation           for which calls the text is right; what happens in such a call

Loops stay loops and branches on data stay branches. Whatever is not positively understood raises
`NotCompilable`, and the function then runs operation by operation.
"""
