"""The activations as layers. Each applies the op of the same name; the maths is in ops/activation.py and its kin.

`inplace` is accepted where PyTorch has it, and makes no difference.
"""

from __future__ import annotations

from typing import Any

from .. import ops
from ..tensor import Tensor
from .module import Module


class _Activation(Module):
    """An op and the options it is called with."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def extra_repr(self) -> str:
        """Name the options."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class CELU(_Activation):
    """Apply `ops.celu`."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.celu(input, **self.options)


class ELU(_Activation):
    """Apply `ops.elu`."""

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha=alpha)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.elu(input, **self.options)


class GELU(_Activation):
    """Apply `ops.gelu`."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate=approximate)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.gelu(input, **self.options)


class GLU(_Activation):
    """Apply `ops.glu`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.glu(input, **self.options)


class Hardshrink(_Activation):
    """Apply `ops.hardshrink`."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.hardshrink(input, **self.options)


class Hardsigmoid(_Activation):
    """Apply `ops.hardsigmoid`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.hardsigmoid(input)


class Hardswish(_Activation):
    """Apply `ops.hardswish`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.hardswish(input)


class Hardtanh(_Activation):
    """Apply `ops.hardtanh`."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(min_val=min_val, max_val=max_val)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.hardtanh(input, **self.options)


class LeakyReLU(_Activation):
    """Apply `ops.leaky_relu`."""

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(negative_slope=negative_slope)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.leaky_relu(input, **self.options)


class LogSigmoid(_Activation):
    """Apply `ops.logsigmoid`."""

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.logsigmoid(input)


class LogSoftmax(_Activation):
    """Apply `ops.log_softmax`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.log_softmax(input, **self.options)


class Mish(_Activation):
    """Apply `ops.mish`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.mish(input)


class ReLU(_Activation):
    """Apply `ops.relu`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.relu(input)


class ReLU6(_Activation):
    """Apply `ops.relu6`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.relu6(input)


class SELU(_Activation):
    """Apply `ops.selu`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.selu(input)


class SiLU(_Activation):
    """Apply `ops.silu`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.silu(input)


class Sigmoid(_Activation):
    """Apply `ops.sigmoid`."""

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.sigmoid(input)


class Softmax(_Activation):
    """Apply `ops.softmax`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.softmax(input, **self.options)


class Softmin(_Activation):
    """Apply `ops.softmin`."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim=dim)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.softmin(input, **self.options)


class Softplus(_Activation):
    """Apply `ops.softplus`."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta=beta, threshold=threshold)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.softplus(input, **self.options)


class Softshrink(_Activation):
    """Apply `ops.softshrink`."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd=lambd)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.softshrink(input, **self.options)


class Softsign(_Activation):
    """Apply `ops.softsign`."""

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.softsign(input)


class Tanh(_Activation):
    """Apply `ops.tanh`."""

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.tanh(input)


class Tanhshrink(_Activation):
    """Apply `ops.tanhshrink`."""

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.tanhshrink(input)


class Threshold(_Activation):
    """Apply `ops.threshold`."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold=threshold, value=value)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation."""
        return ops.threshold(input, **self.options)
