"""Neural networks: modules, their parameters, and the functions behind them."""

from __future__ import annotations

from typing import Any

from srcgrad.torch.nn import attention as attention
from srcgrad.torch.nn import functional as functional
from srcgrad.torch.nn import grad as grad
from srcgrad.torch.nn import init as init
from srcgrad.torch.nn import loss, simple, windows
from srcgrad.torch.nn import parallel as parallel
from srcgrad.torch.nn import parameter as parameter
from srcgrad.torch.nn import utils as utils
from srcgrad.torch.nn.adaptive import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
from srcgrad.torch.nn.batch_norm import BatchNorm1d as BatchNorm1d
from srcgrad.torch.nn.batch_norm import BatchNorm2d as BatchNorm2d
from srcgrad.torch.nn.batch_norm import BatchNorm3d as BatchNorm3d
from srcgrad.torch.nn.batch_norm import InstanceNorm1d as InstanceNorm1d
from srcgrad.torch.nn.batch_norm import InstanceNorm2d as InstanceNorm2d
from srcgrad.torch.nn.batch_norm import InstanceNorm3d as InstanceNorm3d
from srcgrad.torch.nn.batch_norm import SyncBatchNorm as SyncBatchNorm
from srcgrad.torch.nn.cells import GRUCell as GRUCell
from srcgrad.torch.nn.cells import LSTMCell as LSTMCell
from srcgrad.torch.nn.cells import RNNCell as RNNCell
from srcgrad.torch.nn.cells import RNNCellBase as RNNCellBase
from srcgrad.torch.nn.containers import Container as Container
from srcgrad.torch.nn.containers import ModuleDict as ModuleDict
from srcgrad.torch.nn.containers import ModuleList as ModuleList
from srcgrad.torch.nn.containers import Sequential as Sequential
from srcgrad.torch.nn.convolution import Conv1d as Conv1d
from srcgrad.torch.nn.convolution import Conv2d as Conv2d
from srcgrad.torch.nn.convolution import Conv3d as Conv3d
from srcgrad.torch.nn.convolution import ConvTranspose1d as ConvTranspose1d
from srcgrad.torch.nn.convolution import ConvTranspose2d as ConvTranspose2d
from srcgrad.torch.nn.convolution import ConvTranspose3d as ConvTranspose3d
from srcgrad.torch.nn.embedding import Embedding as Embedding
from srcgrad.torch.nn.embedding import EmbeddingBag as EmbeddingBag
from srcgrad.torch.nn.layer_norm import CrossMapLRN2d as CrossMapLRN2d
from srcgrad.torch.nn.layer_norm import GroupNorm as GroupNorm
from srcgrad.torch.nn.layer_norm import LayerNorm as LayerNorm
from srcgrad.torch.nn.layer_norm import LocalResponseNorm as LocalResponseNorm
from srcgrad.torch.nn.layer_norm import RMSNorm as RMSNorm
from srcgrad.torch.nn.lazy import LazyBatchNorm1d as LazyBatchNorm1d
from srcgrad.torch.nn.lazy import LazyBatchNorm2d as LazyBatchNorm2d
from srcgrad.torch.nn.lazy import LazyBatchNorm3d as LazyBatchNorm3d
from srcgrad.torch.nn.lazy import LazyConv1d as LazyConv1d
from srcgrad.torch.nn.lazy import LazyConv2d as LazyConv2d
from srcgrad.torch.nn.lazy import LazyConv3d as LazyConv3d
from srcgrad.torch.nn.lazy import LazyConvTranspose1d as LazyConvTranspose1d
from srcgrad.torch.nn.lazy import LazyConvTranspose2d as LazyConvTranspose2d
from srcgrad.torch.nn.lazy import LazyConvTranspose3d as LazyConvTranspose3d
from srcgrad.torch.nn.lazy import LazyInstanceNorm1d as LazyInstanceNorm1d
from srcgrad.torch.nn.lazy import LazyInstanceNorm2d as LazyInstanceNorm2d
from srcgrad.torch.nn.lazy import LazyInstanceNorm3d as LazyInstanceNorm3d
from srcgrad.torch.nn.lazy import LazyLinear as LazyLinear
from srcgrad.torch.nn.linear import Bilinear as Bilinear
from srcgrad.torch.nn.linear import Linear as Linear
from srcgrad.torch.nn.linear import PReLU as PReLU
from srcgrad.torch.nn.loss import LinearCrossEntropyOptions as LinearCrossEntropyOptions
from srcgrad.torch.nn.module import Module as Module
from srcgrad.torch.nn.multihead import MultiheadAttention as MultiheadAttention
from srcgrad.torch.nn.parallel import DataParallel as DataParallel
from srcgrad.torch.nn.parameter import Buffer as Buffer
from srcgrad.torch.nn.parameter import Parameter as Parameter
from srcgrad.torch.nn.parameter import UninitializedBuffer as UninitializedBuffer
from srcgrad.torch.nn.parameter import UninitializedParameter as UninitializedParameter
from srcgrad.torch.nn.parameter_containers import ParameterDict as ParameterDict
from srcgrad.torch.nn.parameter_containers import ParameterList as ParameterList
from srcgrad.torch.nn.recurrent import GRU as GRU
from srcgrad.torch.nn.recurrent import LSTM as LSTM
from srcgrad.torch.nn.recurrent import RNN as RNN
from srcgrad.torch.nn.recurrent import RNNBase as RNNBase
from srcgrad.torch.nn.transformer import Transformer as Transformer
from srcgrad.torch.nn.transformer import TransformerDecoder as TransformerDecoder
from srcgrad.torch.nn.transformer import TransformerDecoderLayer as TransformerDecoderLayer
from srcgrad.torch.nn.transformer import TransformerEncoder as TransformerEncoder
from srcgrad.torch.nn.transformer import TransformerEncoderLayer as TransformerEncoderLayer


def _public(module: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Module) and not name.startswith("_")
    }


globals().update({**_public(simple), **_public(windows), **_public(loss)})


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """The options of a module that say where its parameters are made."""
    if kwargs is None:
        return {}
    simple_keys = {"device", "dtype", "memory_format"}
    expected = simple_keys | {"factory_kwargs"}
    if not kwargs.keys() <= expected:
        raise TypeError(f"unexpected kwargs {kwargs.keys() - expected}")
    made = dict(kwargs.get("factory_kwargs", {}))
    for key in simple_keys:
        if key in kwargs:
            if key in made:
                raise TypeError(f"{key} specified twice, in **kwargs and in factory_kwargs")
            made[key] = kwargs[key]
    return made


from srcgrad.torch.nn import modules as modules  # noqa: E402 - it mirrors what stands above
