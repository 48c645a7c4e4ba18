"""Modules whose sizes are inferred from the first input."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from srcgrad.torch.nn.batch_norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    _InstanceNorm,
)
from srcgrad.torch.nn.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from srcgrad.torch.nn.linear import Linear
from srcgrad.torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from srcgrad.torch.tensor import wrap


class LazyModuleMixin:
    """What waits for the first input: before it the module is of this class, after it of `cls_to_become`."""

    cls_to_become: ClassVar[Any] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module: Any = self
        self._load_hook = module._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = module.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        module: Any = self
        for kind in ("_parameters", "_buffers"):
            for name, value in getattr(module, kind).items():
                if value is not None and name not in module._non_persistent_buffers_set:
                    destination[prefix + name] = value if is_lazy(value) or keep_vars else value.detach()

    def _lazy_load_hook(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: Any, missing_keys: Any, unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:  # fmt: skip
        del local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        module: Any = self
        for name, value in (*module._parameters.items(), *module._buffers.items()):
            given = state_dict.get(prefix + name)
            if given is not None and value is not None and is_lazy(value) and not is_lazy(given):
                value.materialize(given._a.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Infer the sizes from the arguments of the first call; a subclass writes its own."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or buffer still waits for its size."""
        module: Any = self
        return any(is_lazy(value) for value in (*module._parameters.values(), *module._buffers.values()))

    def _infer_parameters(self, module: Any, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")  # type: ignore[attr-defined]
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook
        del module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _replicate_for_data_parallel(self) -> Any:
        raise RuntimeError(
            "Modules with uninitialized parameters can't be used with `DataParallel`. Run a dummy forward pass to "
            "correctly initialize the modules"
        )


class LazyLinear(LazyModuleMixin, Linear):
    """A linear map that takes the size of its input."""

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        weight: Any = self.weight
        bias: Any = self.bias
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            weight.materialize((self.out_features, self.in_features))
            if bias is not None:
                bias.materialize((self.out_features,))
            self.reset_parameters()
        if self.in_features == 0:
            self.in_features = weight.shape[-1]


class _LazyConv(LazyModuleMixin):
    """A convolution that takes the channels of its input."""

    _rank: int
    transposed: bool

    def __init__(
        self, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0, *args: Any, bias: bool = True,
        device: Any = None, dtype: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        names: tuple[str, ...] = ("output_padding", "groups", "bias", "dilation", "padding_mode")
        if not issubclass(type(self), (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)):
            names = ("dilation", "groups", "bias", "padding_mode")
        options = {**dict(zip(names, args, strict=False)), **kwargs}
        bias = options.pop("bias", bias)
        # The groups may not divide the channels that are not there yet.
        super().__init__(0, 0, kernel_size, stride, padding, bias=False, **options)
        module: Any = self
        module.weight = UninitializedParameter(device=device, dtype=dtype)
        module.out_channels = out_channels
        if bias:
            module.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        module: Any = self
        if not self.has_uninitialized_params() and module.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        del args, kwargs
        if not self.has_uninitialized_params():
            return
        module: Any = self
        n = input.dim()
        if n not in {self._rank + 1, self._rank + 2}:
            raise RuntimeError(
                f"Expected {self._rank + 1}D (unbatched) or {self._rank + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        module.in_channels = input.shape[n - self._rank - 1]
        if module.in_channels % module.groups:
            raise ValueError("in_channels must be divisible by groups")
        first, second = module.out_channels, module.in_channels // module.groups
        if module.transposed:
            first, second = module.in_channels, module.out_channels // module.groups
        module.weight.materialize((first, second, *module.kernel_size))
        if module.bias is not None:
            module.bias.materialize((module.out_channels,))
        self.reset_parameters()


class _LazyNorm(LazyModuleMixin):
    """A normalisation that takes the channels of its input."""

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(0, eps, momentum, False, False)
        module: Any = self
        module.affine = affine
        module.track_running_stats = track_running_stats
        if affine:
            module.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                module.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            module.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            module.running_var = UninitializedBuffer(device=device, dtype=dtype)
            module.num_batches_tracked = wrap(np.array(0))

    def reset_parameters(self) -> None:
        module: Any = self
        if not self.has_uninitialized_params() and module.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Any) -> None:
        if not self.has_uninitialized_params():
            return
        module: Any = self
        module._check_input_dim(input)
        module.num_features = input.shape[self._channel_dim(input)]
        for name in ("weight", "bias", "running_mean", "running_var"):
            value = getattr(module, name)
            if value is not None:
                value.materialize((module.num_features,))
        self.reset_parameters()

    def _channel_dim(self, input: Any) -> int:
        return int(input.dim() - self._rank - 1) if isinstance(self, _InstanceNorm) else 1


class _LazyInstanceNorm(_LazyNorm):
    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(eps, momentum, affine, track_running_stats, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A convolution in one dimension that takes the channels of its input."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A convolution in two dimensions that takes the channels of its input."""

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A convolution in three dimensions that takes the channels of its input."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """The transpose of a convolution in one dimension that takes the channels of its input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """The transpose of a convolution in two dimensions that takes the channels of its input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """The transpose of a convolution in three dimensions that takes the channels of its input."""

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A batch normalisation that takes the channels of its input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A batch normalisation of images that takes the channels of its input."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A batch normalisation of volumes that takes the channels of its input."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """An instance normalisation that takes the channels of its input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """An instance normalisation of images that takes the channels of its input."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """An instance normalisation of volumes that takes the channels of its input."""

    cls_to_become = InstanceNorm3d
