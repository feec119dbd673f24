"""Changes of images, most of them random, on arrays (C, H, W) or whole batches (N, C, H, W).

    Compose([ToFloat(), RandomCrop(28, padding=2), RandomHorizontalFlip(), Normalize(0.13, 0.31)])
"""

from .base import AddChannel, Compose, ImageTransform, Lambda, Normalize, RandomTransform, ToFloat
from .crop import CenterCrop, Pad, RandomCrop
from .erase import RandomErasing
from .flip import RandomHorizontalFlip, RandomVerticalFlip
from .mix import mixup
from .resize import Resize
from .warp import RandomAffine, RandomRotation

__all__ = [
    "AddChannel",
    "CenterCrop",
    "Compose",
    "ImageTransform",
    "Lambda",
    "Normalize",
    "Pad",
    "RandomAffine",
    "RandomCrop",
    "RandomErasing",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomTransform",
    "RandomVerticalFlip",
    "Resize",
    "ToFloat",
    "mixup",
]
