"""Pooling and resizing layers. Each applies the op of the same name in ops/."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..ops.geometry import IntOrInts
from ..tensor import Tensor
from .module import Module


class _Applied(Module):
    """An op and the options it is called with."""

    op: ClassVar[str]

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def forward(self, input: Tensor) -> Any:
        """Apply the op."""
        return getattr(ops, self.op)(input, **self.options)

    def extra_repr(self) -> str:
        """Name the options that are set."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items() if value is not None)


class _MaxPool(_Applied):
    def __init__(
        self, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0, dilation: IntOrInts = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode,
            return_indices=return_indices,
        )  # fmt: skip


class MaxPool1d(_MaxPool):
    """Take the largest value of each window of (N, C, W). See `ops.max_pool1d`."""

    op = "max_pool1d"


class MaxPool2d(_MaxPool):
    """Take the largest value of each window of (N, C, H, W). See `ops.max_pool2d`."""

    op = "max_pool2d"


class MaxPool3d(_MaxPool):
    """Take the largest value of each window of (N, C, D, H, W). See `ops.max_pool3d`."""

    op = "max_pool3d"


class AvgPool1d(_Applied):
    """Average each window of (N, C, W). See `ops.avg_pool1d`."""

    op = "avg_pool1d"

    def __init__(
        self, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
        )  # fmt: skip


class _AvgPool(_Applied):
    def __init__(
        self, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode,
            count_include_pad=count_include_pad, divisor_override=divisor_override,
        )  # fmt: skip


class AvgPool2d(_AvgPool):
    """Average each window of (N, C, H, W). See `ops.avg_pool2d`."""

    op = "avg_pool2d"


class AvgPool3d(_AvgPool):
    """Average each window of (N, C, D, H, W). See `ops.avg_pool3d`."""

    op = "avg_pool3d"


class _Adaptive(_Applied):
    def __init__(self, output_size: Any) -> None:
        super().__init__(output_size=output_size)


class AdaptiveAvgPool1d(_Adaptive):
    """Average to a given size. See `ops.adaptive_avg_pool1d`."""

    op = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_Adaptive):
    """Average to a given size. See `ops.adaptive_avg_pool2d`."""

    op = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_Adaptive):
    """Average to a given size. See `ops.adaptive_avg_pool3d`."""

    op = "adaptive_avg_pool3d"


class _AdaptiveMax(_Applied):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size=output_size, return_indices=return_indices)


class AdaptiveMaxPool1d(_AdaptiveMax):
    """Take the largest values, to a given size. See `ops.adaptive_max_pool1d`."""

    op = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMax):
    """Take the largest values, to a given size. See `ops.adaptive_max_pool2d`."""

    op = "adaptive_max_pool2d"


class MaxUnpool2d(Module):
    """Put values back where `MaxPool2d(..., return_indices=True)` found them. See `ops.max_unpool2d`."""

    def __init__(self, kernel_size: IntOrInts, stride: IntOrInts | None = None, padding: IntOrInts = 0) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Unpool."""
        return ops.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """Name the options."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class Upsample(_Applied):
    """Resize by interpolation. See `ops.interpolate`."""

    op = "interpolate"

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
    ) -> None:
        super().__init__(size=size, scale_factor=scale_factor, mode=mode, align_corners=align_corners)
