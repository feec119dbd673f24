from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.data.stream import drawing_from
from minigrad.data.transforms import (
    AddChannel,
    CenterCrop,
    Compose,
    ImageTransform,
    Lambda,
    Normalize,
    Pad,
    RandomAffine,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomRotation,
    RandomVerticalFlip,
    Resize,
    ToFloat,
)
from minigrad.errors import ArgumentError, DtypeError, MinigradError, ShapeError
from minigrad.random import Generator, manual_seed

FIXED = (
    Pad(2),
    Pad((1, 2, 3, 0), padding_mode="reflect"),
    CenterCrop((5, 4)),
    Resize((9, 6)),
    Normalize([0.1, 0.2, 0.3], 2.0),
)
RANDOM = {
    "crop": lambda generator: RandomCrop((6, 5), padding=1, generator=generator),
    "horizontal": lambda generator: RandomHorizontalFlip(generator=generator),
    "vertical": lambda generator: RandomVerticalFlip(generator=generator),
    "rotation": lambda generator: RandomRotation(40, generator=generator),
    "affine": lambda generator: RandomAffine(10, (0.2, 0.1), (0.8, 1.2), 5, generator=generator),
    "erasing": lambda generator: RandomErasing(0.8, generator=generator),
    "noise": lambda generator: RandomErasing(0.8, value="random", generator=generator),
}


@pytest.mark.parametrize("transform", FIXED, ids=lambda t: type(t).__name__)
def test_a_batch_is_its_images_transformed_one_by_one(transform: ImageTransform, images: np.ndarray) -> None:
    batch = transform(images)
    assert batch.dtype == images.dtype and transform.batched
    np.testing.assert_allclose(batch, np.stack([transform(image) for image in images]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_decides_and_every_image_has_its_own_chance(name: str, images: np.ndarray) -> None:
    make = RANDOM[name]
    same = np.repeat(images[:1], 40, axis=0)
    first = make(Generator(1))(same)
    np.testing.assert_array_equal(make(Generator(1))(same), first)
    assert (make(Generator(2))(same) != first).any()
    assert len({image.tobytes() for image in first}) > (1 if "al" in name else 8)


@pytest.mark.parametrize("name", RANDOM)
def test_an_image_alone_is_a_batch_of_one(name: str, images: np.ndarray) -> None:
    make = RANDOM[name]
    for seed in range(5):
        alone, batch = make(Generator(seed))(images[0]), make(Generator(seed))(images[:1])
        np.testing.assert_array_equal(alone, batch[0])


@pytest.mark.parametrize("name", RANDOM)
def test_without_a_generator_the_stream_of_the_loader_decides(name: str, images: np.ndarray) -> None:
    make = RANDOM[name]
    expected = make(Generator(4))(images)
    with drawing_from(Generator(4)):
        np.testing.assert_array_equal(make(None)(images), expected)
    manual_seed(4)
    np.testing.assert_array_equal(make(None)(images), expected)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
@pytest.mark.parametrize("name", [*RANDOM, "fixed"])
def test_the_type_is_kept_and_the_input_is_left_alone(name: str, dtype: str) -> None:
    x = np.random.default_rng(1).integers(0, 200, (3, 3, 7, 10)).astype(dtype)
    before = x.copy()
    x.flags.writeable = False
    for transform in FIXED[:4] if name == "fixed" else [RANDOM[name](Generator(0))]:
        if name == "noise" and dtype == "uint8":
            continue
        assert transform(x).dtype == dtype
        assert transform(x[:0]).shape[0] == 0
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("transform", [*FIXED, *(make(None) for make in RANDOM.values())])
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros((28, 28)), ShapeError, "its shape is (28, 28)\nHint: AddChannel() gives grey images their axis C"),
        (np.zeros((1, 1, 1, 7, 10)), ShapeError, "x needs the axes (C, H, W) or (N, C, H, W)"),
        (np.zeros((1, 3, 3)).tolist(), DtypeError, "takes NumPy arrays, got list"),
        (mg.zeros(1, 7, 10), DtypeError, "takes NumPy arrays, got Tensor\nHint: transforms belong into the data set"),
        (np.array([[["a"]]]), DtypeError, "takes numbers, got an array of <U1"),
    ],
)
def test_what_is_not_an_image_is_refused(
    transform: ImageTransform, x: Any, error: type[MinigradError], message: str
) -> None:
    with pytest.raises(error) as caught:
        transform(x)
    assert str(caught.value).startswith(f"{type(transform).__name__}: ") and message in str(caught.value)


def test_compose_applies_in_order_and_is_batched_if_all_are() -> None:
    both = Compose([ToFloat(), Lambda(lambda x: x + 1)])
    assert both(np.uint8([255]).reshape(1, 1, 1)).item() == 2.0
    assert not both.batched and Compose([ToFloat(), Pad(1)]).batched and Compose([]).batched
    assert Compose([Compose([Pad(1)]), Lambda(abs, batched=True)]).batched
    assert not Compose([Compose([Lambda(abs)])]).batched


def test_a_lambda_needs_a_function() -> None:
    with pytest.raises(ArgumentError, match="Lambda: needs a function, got int"):
        Lambda(3)  # type: ignore[arg-type]


def test_grey_images_get_a_channel() -> None:
    assert AddChannel()(np.zeros((28, 20))).shape == (1, 28, 20)
    assert AddChannel()(np.zeros((5, 28, 20))).shape == (5, 1, 28, 20)
    with pytest.raises(ShapeError, match=r"AddChannel: x needs the axes \(H, W\) or \(N, H, W\)"):
        AddChannel()(np.zeros((5, 1, 28, 20)))


def test_integers_become_floats_in_the_unit_interval() -> None:
    x = np.array([0, 51, 255], np.uint8)
    y = ToFloat()(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [0, 0.2, 1], rtol=1e-7)
    assert ToFloat("float64")(np.array([65535, 0], np.uint16)).tolist() == [1.0, 0.0]
    assert ToFloat("float16")(np.array([65535, 0], np.uint16)).tolist() == [1.0, 0.0]
    np.testing.assert_array_equal(ToFloat()(np.array([0.25, 7.0])), np.array([0.25, 7.0], np.float32))
    assert ToFloat()(np.array([True, False])).tolist() == [1.0, 0.0]
    with pytest.raises(DtypeError, match="ToFloat: needs a floating dtype, got int32"):
        ToFloat(np.int32)
    for dtype in ("int64", "int8", "uint32"):
        with pytest.raises(DtypeError, match=f"ToFloat: takes uint8, uint16 or floats, got {dtype}"):
            ToFloat()(x.astype(dtype))


@pytest.mark.parametrize("fill", [0.5, -1, 256, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["Pad", "RandomAffine", "RandomRotation", "RandomErasing"])
def test_integers_cannot_be_filled_with_what_they_cannot_hold(name: str, fill: float) -> None:
    transform = {
        "Pad": lambda: Pad(1, fill),
        "RandomAffine": lambda: RandomAffine(5, fill=fill),
        "RandomRotation": lambda: RandomRotation(5, fill),
        "RandomErasing": lambda: RandomErasing(1, value=fill),
    }[name]()
    with pytest.raises(ArgumentError, match=f"{name}: images of uint8 cannot be filled with {fill}"):
        transform(np.zeros((1, 4, 4), np.uint8))
    assert transform(np.zeros((1, 4, 4), np.float32)).dtype == np.float32


def test_normalizing_makes_mean_0_and_std_1(images: np.ndarray) -> None:
    x = images * [[[2.0]], [[3.0]], [[4.0]]] + [[[1.0]], [[0.0]], [[-5.0]]]
    mean, std = x.mean(axis=(0, 2, 3)), x.std(axis=(0, 2, 3))
    y = Normalize(mean, std)(x)
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=(0, 2, 3)), 1, rtol=1e-12)
    np.testing.assert_allclose(Normalize(2, 4.0)(x), (x - 2) / 4)


@pytest.mark.parametrize(
    ("mean", "std", "error", "message"),
    [
        (0, 0, ArgumentError, "needs finite means and stds above 0"),
        (float("nan"), 1, ArgumentError, "needs finite means and stds above 0"),
        (0, float("inf"), ArgumentError, "needs finite means and stds above 0"),
        (0, [1, -1], ArgumentError, "needs finite means and stds above 0"),
        ([0, 0], 1, ShapeError, "Normalize: C is 3 in x but mean has 2 values"),
        (0, [1, 1, 1, 1], ShapeError, "Normalize: C is 3 in x but std has 4 values"),
    ],
)
def test_statistics_that_do_not_fit_are_refused(
    mean: Any, std: Any, error: type[Exception], message: str, images: np.ndarray
) -> None:
    with pytest.raises(error) as caught:
        Normalize(mean, std)(images)
    assert message in str(caught.value)


def test_integers_cannot_be_normalized() -> None:
    with pytest.raises(DtypeError, match=r"Normalize: needs floats, got uint8\nHint: put ToFloat\(\) before it"):
        Normalize(0, 1)(np.zeros((1, 2, 2), np.uint8))


def test_the_base_class_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="ImageTransform must define apply"):
        ImageTransform()(np.zeros((1, 2, 2)))


@pytest.mark.parametrize("size", [0, -1, (3,), (1, 2, 3), (4, 0), (2.5, 3), 2.5, "ab"])
@pytest.mark.parametrize("make", [CenterCrop, RandomCrop, Resize])
def test_a_size_is_one_or_two_positive_integers(make: Any, size: Any) -> None:
    with pytest.raises(ArgumentError, match=f"{make.__name__}: size must be a positive integer or a pair"):
        make(size)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("make", [RandomHorizontalFlip, RandomVerticalFlip, RandomErasing])
def test_p_is_a_probability(make: Any, p: float) -> None:
    with pytest.raises(ArgumentError, match=rf"{make.__name__}: p must lie in \[0, 1\], got {p}"):
        make(p)
