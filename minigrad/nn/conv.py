"""Convolution layers: filters and biases for the ops of ops/convolution.py."""

from __future__ import annotations

import math
from typing import ClassVar

from .. import ops
from ..dtypes import DtypeLike
from ..errors import ArgumentError
from ..ops.geometry import IntOrInts, per_axis
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


class _ConvNd(Module):
    """What the convolutions share. Filters (K, C/groups, taps...), or (C_in, K/groups, taps...) if transposed."""

    ndim: ClassVar[int]
    transposed: ClassVar[bool] = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: IntOrInts, stride: IntOrInts = 1,
        padding: IntOrInts | str = 0, dilation: IntOrInts = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name, d = type(self).__name__, self.ndim
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ArgumentError(f"{name}: groups = {groups} must divide {in_channels} and {out_channels} channels")
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ArgumentError(f"{name}: padding_mode is {padding_mode!r}; use zeros, reflect, replicate or circular")
        if self.transposed and padding_mode != "zeros":
            raise ArgumentError(f'{name}: padding_mode is {padding_mode!r}, only "zeros" is possible')
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = per_axis(name, "kernel_size", kernel_size, d, 1)
        self.stride = per_axis(name, "stride", stride, d, 1)
        self.dilation = per_axis(name, "dilation", dilation, d, 1)
        self.padding = padding if isinstance(padding, str) else per_axis(name, "padding", padding, d, 0)
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.padding_mode = padding_mode
        self.weight = Parameter(ops.empty(first, second // groups, *self.kernel_size, dtype=dtype))
        self.bias = Parameter(ops.empty(out_channels, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the filters and biases anew, uniform in ±1/√fan_in."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan_in = init.fans(self.weight)[0]
        if self.bias is not None and fan_in:
            init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def forward(self, input: Tensor) -> Tensor:
        """Convolve."""
        op = getattr(ops, f"conv{self.ndim}d")
        padding: IntOrInts | str = self.padding
        if self.padding_mode != "zeros":
            input, padding = ops.pad(input, self._around(), mode=self.padding_mode), 0
        y: Tensor = op(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return y

    def _around(self) -> list[int]:
        """Return the padding as `ops.pad` takes it: (front, back) of the last axis first."""
        if self.padding == "same":
            total = [t * (r - 1) for t, r in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(n // 2, n - n // 2) for n in total]
        elif self.padding == "valid":
            pairs = [(0, 0)] * self.ndim
        else:
            pairs = [(int(n), int(n)) for n in self.padding]
        return [n for pair in reversed(pairs) for n in pair]

    def extra_repr(self) -> str:
        """Name the sizes, and whatever is not at its default."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * self.ndim:
            parts.append(f"padding={self.padding!r}")
        if self.dilation != (1,) * self.ndim:
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode!r}")
        return ", ".join(parts)


class Conv1d(_ConvNd):
    """Slide filters along sequences: (N, C, W) -> (N, K, Q). See `ops.conv1d`."""

    ndim = 1


class Conv2d(_ConvNd):
    """Slide filters over images: (N, C, H, W) -> (N, K, P, Q). See `ops.conv2d`.

    Shapes   weight (out_channels, in_channels/groups, *kernel_size), bias (out_channels)
    Initial  uniform in ±1/√fan_in, fan_in = in_channels/groups · taps
    """

    ndim = 2


class Conv3d(_ConvNd):
    """Slide filters through volumes: (N, C, D, H, W) -> (N, K, ...). See `ops.conv3d`."""

    ndim = 3


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: IntOrInts, stride: IntOrInts = 1,
        padding: IntOrInts = 0, output_padding: IntOrInts = 0, groups: int = 1, bias: bool = True,
        dilation: IntOrInts = 1, padding_mode: str = "zeros", dtype: DtypeLike | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, dtype
        )
        self.output_padding = per_axis(type(self).__name__, "output_padding", output_padding, self.ndim, 0)

    def forward(self, input: Tensor) -> Tensor:
        """Paint the filters."""
        op = getattr(ops, f"conv_transpose{self.ndim}d")
        y: Tensor = op(
            input, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )
        return y


class ConvTranspose1d(_ConvTransposeNd):
    """Paint filters along sequences, the adjoint of Conv1d. See `ops.conv_transpose1d`."""

    ndim = 1


class ConvTranspose2d(_ConvTransposeNd):
    """Paint filters over images, the adjoint of Conv2d. See `ops.conv_transpose2d`.

    Shapes   weight (in_channels, out_channels/groups, *kernel_size), bias (out_channels)
    """

    ndim = 2


class ConvTranspose3d(_ConvTransposeNd):
    """Paint filters through volumes, the adjoint of Conv3d. See `ops.conv_transpose3d`."""

    ndim = 3
