import numpy as np


def thinned_twice_grad(field, part):
    field = field * 2.0
    branch_saved = []
    field_saved = []
    for i in range(len(field)):
        # only where it is worth it
        branch = field[i] > 1.0
        if branch:
            field_saved.append(field[i])
            field[i] *= part
        branch_saved.append(branch)
    total = np.sum(field)
    left = total * part
    branch2_saved = []
    field_saved2 = []
    for i2 in range(len(field)):
        # only where it is worth it
        branch2 = field[i2] > 1.0
        if branch2:
            field_saved2.append(field[i2])
            field[i2] *= 0.5
        branch2_saved.append(branch2)
    u = np.sum(field * field)

    # primals.py:387  return left * np.sum(field * field) - right
    left_bar = u
    u_bar = left
    field_bar = 2 * u_bar * field
    for i2, branch2 in zip(reversed(range(len(field))), reversed(branch2_saved)):
        if branch2:
            field[i2] = field_saved2.pop()
            # primals.py:373  field[i] *= part
            e_bar = field_bar[i2]
            field_bar[i2] = 0.5 * e_bar
    # primals.py:385  left, right = halves(np.sum(field), part)
    total_bar = left_bar * part
    part_bar = left_bar * total
    # primals.py:377  rest = total * (1.0 - share)
    total_bar -= 1.0 - part
    part_bar += total
    # primals.py:385  left, right = halves(np.sum(field), part)
    field_bar += total_bar
    for i, branch in zip(reversed(range(len(field))), reversed(branch_saved)):
        if branch:
            field[i] = field_saved.pop()
            # primals.py:373  field[i] *= part
            e_bar = field_bar[i]
            field_bar[i] = e_bar * part
            part_bar += e_bar * field[i]
    # primals.py:383  field = field * 2.0
    field_bar *= 2.0
    return field_bar, part_bar
