"""Famous networks, each on one page."""

from .alexnet import AlexNet
from .cnn import CNN
from .lenet import LeNet
from .mlp import MLP
from .resnet import ResNet

__all__ = ["CNN", "MLP", "AlexNet", "LeNet", "ResNet"]
