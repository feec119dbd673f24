"""Famous networks, each on one page."""

from .cnn import CNN
from .lenet import LeNet
from .mlp import MLP

__all__ = ["CNN", "MLP", "LeNet"]
