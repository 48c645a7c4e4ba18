"""Data sets and loaders: what feeds a training loop.

What enters: anything with `__getitem__` and `__len__`, or an iterable. What leaves: batches of tensors.
"""

from srcgrad.torch.utils.data.datasets import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from srcgrad.torch.utils.data.distributed import DistributedSampler as DistributedSampler
from srcgrad.torch.utils.data.loader import DataLoader, default_collate, default_convert, get_worker_info
from srcgrad.torch.utils.data.sampling import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler", "TensorDataset",
    "WeightedRandomSampler", "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip
