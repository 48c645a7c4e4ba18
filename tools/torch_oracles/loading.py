"""The order and the form in which data loaders give items, for a seed."""

from __future__ import annotations

from collections import namedtuple
from importlib import import_module
from typing import Any

import numpy as np

from tools.torch_oracles import plain, raised

Pair = namedtuple("Pair", "a b")


def answers(torch: Any) -> dict[str, Any]:
    data = import_module(f"{torch.__name__}.utils.data")
    torch.manual_seed(1)
    rows = data.TensorDataset(torch.arange(10.0), torch.arange(10))
    structured = [{"a": 1.0, "b": np.ones(2), "c": "x"}, {"a": 2.0, "b": np.zeros(2), "c": "y"}]

    class Stream(data.IterableDataset):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Any:
            return iter(range(5))

    def listed(loader: Any) -> Any:
        return plain([list(b) if isinstance(b, tuple) else b for b in loader])

    return {
        "in order": listed(data.DataLoader(rows, batch_size=4)),
        "shuffled": listed(data.DataLoader(rows, batch_size=4, shuffle=True)),
        "shuffled again": listed(data.DataLoader(rows, batch_size=3, shuffle=True, drop_last=True)),
        "with a generator": listed(
            data.DataLoader(rows, batch_size=4, shuffle=True, generator=torch.Generator().manual_seed(7))
        ),
        "no batches": listed(data.DataLoader(rows, batch_size=None)),
        "structures": listed(data.DataLoader(structured, batch_size=2)),
        "named": listed(data.DataLoader([Pair(1, 2.0), Pair(3, 4.0)], batch_size=2)),
        "a stream": listed(data.DataLoader(Stream(), batch_size=2)),
        "split": [list(part.indices) for part in data.random_split(rows, [0.7, 0.3])],
        "split by lengths": [list(part.indices) for part in data.random_split(rows, [6, 4])],
        "weighted": list(data.WeightedRandomSampler([0.1, 0.9, 0.5], 5)),
        "with replacement": list(data.RandomSampler(rows, True, 7)),
        "lengths": [len(data.DataLoader(rows, batch_size=3)), len(data.ConcatDataset([rows, rows])), len(rows)],
        "joined": plain(list((rows + rows)[13])),
        "stacked": plain(list(data.StackDataset(rows, rows)[1][1])),
        "refused": [
            raised(data.DataLoader, rows, batch_size=0),
            raised(data.DataLoader, rows, shuffle=True, sampler=data.SequentialSampler(rows)),
            raised(data.random_split, rows, [1, 2]),
            raised(data.TensorDataset, torch.arange(3), torch.arange(4)),
            raised(lambda: next(iter(data.DataLoader([object()])))).get("raises"),
        ],
    }
