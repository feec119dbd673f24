"""Layers that shift and scale to mean 0 and variance 1, then learn another shift and scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError, ShapeError
from ..overwrites import note_overwrite
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


class _ChannelNorm(Module):
    """What batch and instance norm share: a weight and bias per channel, running statistics."""

    ndims: ClassVar[tuple[int, ...]]  # of the inputs that are accepted

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool,
        dtype: DtypeLike | None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(ops.ones(num_features, dtype=dtype)) if affine else None
        self.bias = Parameter(ops.zeros(num_features, dtype=dtype)) if affine else None
        kept = track_running_stats
        self.register_buffer("running_mean", ops.zeros(num_features, dtype=dtype) if kept else None)
        self.register_buffer("running_var", ops.ones(num_features, dtype=dtype) if kept else None)
        self.register_buffer("num_batches_tracked", ops.zeros((), dtype="int64") if kept else None)

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def reset_running_stats(self) -> None:
        """Forget the running statistics."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Forget the running statistics and set the weight to 1, the bias to 0."""
        self.reset_running_stats()
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def _check(self, input: Tensor) -> None:
        if input.ndim not in self.ndims:
            raise ShapeError(f"{type(self).__name__}: needs {self.ndims} axes, got shape {input.shape}")

    def _step_size(self) -> float:
        """Count the batch and return the weight of its statistics: momentum, or 1/n for a plain average."""
        if self.num_batches_tracked is None:
            return 0.0
        self.num_batches_tracked.array += 1  # in its own memory: on the GPU nobody waits for the count
        note_overwrite(self.num_batches_tracked, type(self).__name__)
        return 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum

    def extra_repr(self) -> str:
        """Name the sizes and options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize by the statistics of the batch in training, by the running ones in evaluation."""
        self._check(input)
        momentum = self._step_size() if self.training else 0.0
        by_batch = self.training or self.running_mean is None
        return ops.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias, by_batch, momentum, self.eps
        )


class BatchNorm1d(_BatchNorm):
    """Normalize each channel over the batch: (N, C) or (N, C, W). See `ops.batch_norm`.

    Source  Ioffe and Szegedy, "Batch normalization", 2015
    """

    ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalize each channel over the batch and the pixels: (N, C, H, W). See `ops.batch_norm`.

    Source  Ioffe and Szegedy, "Batch normalization", 2015
    """

    ndims = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalize each channel over the batch and the voxels: (N, C, D, H, W). See `ops.batch_norm`."""

    ndims = (5,)


class _InstanceNorm(_ChannelNorm):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalize each channel of each instance."""
        self._check(input)
        batch = input if input.ndim == self.ndims[1] else input.unsqueeze(0)
        momentum = self.momentum if self.training and self.momentum is not None else 0.0
        y = ops.instance_norm(
            batch, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, momentum, self.eps,
        )  # fmt: skip
        return y if input.ndim == self.ndims[1] else y.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalize each channel of each sequence: (N, C, W) or (C, W).

    Source  Ulyanov et al., "Instance normalization", 2016
    """

    ndims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalize each channel of each image: (N, C, H, W) or (C, H, W)."""

    ndims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalize each channel of each volume: (N, C, D, H, W) or (C, D, H, W)."""

    ndims = (4, 5)


class LayerNorm(Module):
    """Normalize each example over its last axes, `normalized_shape`. See `ops.layer_norm`.

    Source  Ba et al., "Layer normalization", 2016
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5, elementwise_affine: bool = True,
        bias: bool = True, dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(ops.ones(shape, dtype=dtype)) if elementwise_affine else None
        self.bias = Parameter(ops.zeros(shape, dtype=dtype)) if elementwise_affine and bias else None

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        return ops.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Name the shape and options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(Module):
    """Scale each example to root mean square 1 over its last axes. See `ops.rms_norm`.

    Source  Zhang and Sennrich, "Root mean square layer normalization", 2019
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None, elementwise_affine: bool = True,
        dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(ops.ones(shape, dtype=dtype)) if elementwise_affine else None

    def forward(self, input: Tensor) -> Tensor:
        """Scale."""
        return ops.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Name the shape and options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalize groups of channels of each example. See `ops.group_norm`.

    Source  Wu and He, "Group normalization", 2018
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, dtype: DtypeLike | None = None
    ) -> None:
        super().__init__()
        if num_groups < 1 or num_channels % num_groups:
            raise ArgumentError(f"GroupNorm: num_groups = {num_groups} must divide num_channels = {num_channels}")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self.weight = Parameter(ops.ones(num_channels, dtype=dtype)) if affine else None
        self.bias = Parameter(ops.zeros(num_channels, dtype=dtype)) if affine else None

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        return ops.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Name the sizes and options."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class LocalResponseNorm(Module):
    """Divide each value by the energy of its neighbouring channels. See `ops.local_response_norm`.

    Source  Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        if size < 1 or not math.isfinite(alpha):
            raise ArgumentError(f"LocalResponseNorm: needs size >= 1 and a finite alpha, got {size} and {alpha}")
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """Normalize."""
        return ops.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Name the options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
