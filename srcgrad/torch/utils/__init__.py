"""What PyTorch keeps under `torch.utils`: data loading, checkpointing, and pictures of graphs."""

from srcgrad.torch.utils import checkpoint, data
from srcgrad.torch.utils.dot import make_dot

__all__ = ["checkpoint", "data", "make_dot"]
