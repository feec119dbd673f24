"""ResNet for small pictures: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015, section 4.2.

A block computes a correction and adds it to what it was given: y = relu(x + f(x)). Gradients pass the addition
unchanged, so that depth does not make them vanish.
"""

from __future__ import annotations

from .. import nn
from ..errors import ArgumentError
from ..nn import functional as F
from ..tensor import Tensor


class BasicBlock(nn.Module):
    """y = relu(x + f(x)), f two 3×3 convolutions; where the size changes, x goes through a 1×1 convolution."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            resize = nn.Conv2d(channels, width, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(resize, nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(x + f(x))."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """A convolution, three stages of blocks that halve the picture and double the width, an average, a linear layer.

    `depth` is 6n + 2 layers: 8, 20, 32, 44, 56, ...

    Shapes  x (N, channels, H, W)  ->  scores (N, classes)
    """

    def __init__(self, depth: int = 20, channels: int = 3, classes: int = 10, width: int = 16) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ArgumentError(f"ResNet: depth is 6n + 2 (8, 20, 32, ...), got {depth}")
        self.conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        stages, before = list[nn.Module](), width
        for stage in range(3):
            after = width * 2**stage
            for block in range((depth - 2) // 6):
                stages.append(BasicBlock(before, after, stride=2 if stage and not block else 1))
                before = after
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(before, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        x = self.stages(F.relu(self.bn(self.conv(x))))
        y: Tensor = self.fc(x.mean((2, 3)))
        return y
