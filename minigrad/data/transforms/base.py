"""What every transform of images is: a function of an array (C, H, W), or of a whole batch (N, C, H, W).

A random transform decides for every image of a batch separately, and draws from `generator`. Without one it draws
from the stream of the DataLoader it works for, which makes an interrupted epoch resumable bit for bit; a generator
of your own has a state that you must save yourself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ...dtypes import Dtype
from ...errors import ArgumentError, DtypeError, ShapeError
from ...random import Generator
from ..stream import stream_for

Images: TypeAlias = "np.ndarray[Any, Any]"


class ImageTransform:
    """Base class: define `apply`, which takes a batch x_nchw and returns one."""

    batched = True

    def __call__(self, x: Images) -> Images:
        """Transform an image or a batch of images; `x` itself is left as it is."""
        name = type(self).__name__
        x = check_array(name, x)
        if x.ndim not in (3, 4):
            raise ShapeError(
                f"{name}: x needs the axes (C, H, W) or (N, C, H, W), its shape is {x.shape}\n"
                "Hint: AddChannel() gives grey images their axis C"
            )
        return self.apply(x) if x.ndim == 4 else self.apply(x[None])[0]

    def apply(self, x_nchw: Images) -> Images:
        """Return the transformed batch."""
        raise NotImplementedError(f"{type(self).__name__} must define apply")


class RandomTransform(ImageTransform):
    """Base class of transforms that draw random numbers."""

    def __init__(self, generator: Generator | None = None) -> None:
        self.generator = generator

    def uniform(self, *shape: int) -> Images:
        """Draw float64 numbers from [0, 1)."""
        return np.asarray(stream_for(self.generator).uniform(shape, np.dtype("float64")))


class Compose:
    """Several transforms, one after the other."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = list(transforms)

    @property
    def batched(self) -> bool:
        """Whether every one of the transforms takes whole batches."""
        return all(getattr(transform, "batched", False) for transform in self.transforms)

    def __call__(self, x: Any) -> Any:
        """Apply the transforms in order."""
        for transform in self.transforms:
            x = transform(x)
        return x


class Lambda:
    """A function as a transform. Say `batched=True` if it may be given whole batches."""

    def __init__(self, lambd: Callable[[Any], Any], batched: bool = False) -> None:
        if not callable(lambd):
            raise ArgumentError(f"Lambda: needs a function, got {type(lambd).__name__}")
        self.lambd = lambd
        self.batched = batched

    def __call__(self, x: Any) -> Any:
        """Apply the function."""
        return self.lambd(x)


class AddChannel:
    """Give grey images their axis C: (H, W) to (1, H, W), and (N, H, W) to (N, 1, H, W)."""

    batched = True

    def __call__(self, x: Images) -> Images:
        """Insert an axis of size 1 before the last two."""
        x = check_array("AddChannel", x)
        if x.ndim not in (2, 3):
            raise ShapeError(f"AddChannel: x needs the axes (H, W) or (N, H, W), its shape is {x.shape}")
        return x[..., None, :, :]


class ToFloat:
    """Bring pixels to floats in [0, 1] by dividing by the largest value of their type; floats keep their values.

    Forward   y = x / 255 for uint8, x / 65535 for uint16
    Raises    DtypeError for wider or signed integers, whose largest value says nothing about the pixels
    """

    batched = True

    def __init__(self, dtype: Any = np.float32) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype.kind != "f":
            raise DtypeError(f"ToFloat: needs a floating dtype, got {self.dtype}")

    def __call__(self, x: Images) -> Images:
        """Convert `x`, which may have any shape."""
        x = check_array("ToFloat", x)
        if x.dtype.kind in "fb":
            return x.astype(self.dtype)
        if x.dtype not in (np.uint8, np.uint16):
            raise DtypeError(f"ToFloat: takes uint8, uint16 or floats, got {x.dtype}\nHint: divide by the largest")
        wide = np.float64 if self.dtype == np.float64 else np.float32
        return np.divide(x, np.iinfo(x.dtype).max, dtype=wide).astype(self.dtype, copy=False)


class Normalize(ImageTransform):
    """Shift and scale each channel.

    Forward   y_c = (x_c - mean_c) / std_c
    """

    def __init__(self, mean: float | Sequence[float], std: float | Sequence[float]) -> None:
        self.mean = np.atleast_1d(np.asarray(mean, np.float64))
        self.std = np.atleast_1d(np.asarray(std, np.float64))
        finite = np.isfinite(self.mean).all() and np.isfinite(self.std).all()
        if self.mean.ndim > 1 or self.std.ndim > 1 or not finite or not (self.std > 0).all():
            raise ArgumentError(f"Normalize: needs finite means and stds above 0, got {mean!r} and {std!r}")

    def apply(self, x_nchw: Images) -> Images:
        """Normalize a batch of floats."""
        C, dtype = x_nchw.shape[1], x_nchw.dtype
        if dtype.kind != "f":
            raise DtypeError(f"Normalize: needs floats, got {dtype}\nHint: put ToFloat() before it")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, C):
                raise ShapeError(f"Normalize: C is {C} in x but {name} has {len(values)} values")
        mean, std = (values.astype(dtype)[:, None, None] for values in (self.mean, self.std))
        y: Images = (x_nchw - mean) / std
        return y


def check_array(name: str, x: object) -> Images:
    """Return `x` if it is a NumPy array of numbers."""
    if not isinstance(x, np.ndarray):
        raise DtypeError(
            f"{name}: takes NumPy arrays, got {type(x).__name__}\n"
            "Hint: transforms belong into the data set, before tensors are made; x.numpy() gives a tensor's array"
        )
    if x.dtype.kind not in "fiub":
        raise DtypeError(f"{name}: takes numbers, got an array of {x.dtype}")
    return x


def check_probability(name: str, p: float) -> float:
    """Return `p` if it is a probability."""
    if not 0 <= p <= 1:
        raise ArgumentError(f"{name}: p must lie in [0, 1], got {p}")
    return p


def pair(name: str, size: int | Sequence[int]) -> tuple[int, int]:
    """Return (height, width) of a size that may be given as one number."""
    both = (size, size) if isinstance(size, int) else size
    if not isinstance(both, Sequence) or len(both) != 2 or not all(isinstance(n, int) and n > 0 for n in both):
        raise ArgumentError(f"{name}: size must be a positive integer or a pair (height, width), got {size!r}")
    return both[0], both[1]


def two_numbers(name: str, what: str, values: Sequence[float]) -> tuple[float, float]:
    """Return the two finite numbers that an argument consists of."""
    numbers = [v for v in values if isinstance(v, (int, float, np.number))] if isinstance(values, Sequence) else []
    if len(numbers) != 2 or len(numbers) != len(values) or not np.isfinite(numbers).all():
        raise ArgumentError(f"{name}: {what} must be two numbers, got {values!r}")
    return float(numbers[0]), float(numbers[1])


def low_high(name: str, what: str, values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of a range."""
    low, high = two_numbers(name, what, values)
    if low > high:
        raise ArgumentError(f"{name}: {what} must be (low, high), got {values!r}")
    return low, high


def fill_value(name: str, fill: float, dtype: Dtype) -> Any:
    """Return `fill` as an element of an image, if it is one exactly or the image holds floats."""
    if dtype.kind == "f":
        return dtype.type(fill)
    limits = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not limits[0] <= fill <= limits[1] or fill != int(fill):
        raise ArgumentError(f"{name}: images of {dtype} cannot be filled with {fill}\nHint: put ToFloat() before it")
    return dtype.type(fill)


def working_dtype(x: Images) -> Dtype:
    """Return the type to interpolate in: float64 for float64, else float32."""
    return np.dtype("float64" if x.dtype == np.float64 else "float32")


def as_pixels(y: Images, dtype: Dtype) -> Images:
    """Return interpolated values in the type of the image that they come from, rounded if it holds integers."""
    return y.astype(dtype, copy=False) if dtype.kind == "f" else np.rint(y).astype(dtype)
