import numpy as np


def gathered_grad(table):
    rows = table[[0, 2, 2]]

    # primals.py:215  return np.sum(rows**2)
    rows_bar = 2 * rows
    # primals.py:214  rows = table[[0, 2, 2]]
    table_bar = np.zeros(table.shape)
    np.add.at(table_bar, [0, 2, 2], rows_bar)
    return table_bar
