"""Recipes, what they build, and the file that holds a trained classifier."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.cli.classifier import (
    MODELS,
    PICTURES,
    Recipe,
    build_model,
    load_classifier,
    load_pictures,
    save_classifier,
    transform,
)
from minigrad.errors import ArgumentError, FileFormatError, MinigradError
from minigrad.io import load, save


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("data", PICTURES)
def test_every_model_takes_the_pictures_of_every_data_set_or_says_that_it_cannot(model, data):
    size, mean, _ = PICTURES[data]
    if model == "lenet" and size != 28:
        with pytest.raises(ArgumentError, match=f"lenet takes pictures of 28×28 pixels, those of {data} are larger"):
            Recipe(model=model, data=data)
        return
    recipe = Recipe(model=model, data=data)
    shape = (3, size, size) if len(mean) == 1 else (3, len(mean), size, size)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    x = minigrad.from_numpy(transform(recipe, training=True)(pixels))
    assert x.dtype == np.float32 and build_model(recipe)(x).shape == (3, 10)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "vgg"}, "model 'vgg' is unknown; use one of mlp, lenet, cnn"),
        ({"data": "faces"}, "data 'faces' is unknown; use one of digits, mnist"),
        ({"optimizer": "lbfgs"}, "optimizer 'lbfgs' is unknown; use one of adam, adamw, sgd"),
        ({"dtype": "int64"}, "dtype 'int64' is unknown; use one of float32, float64"),
        ({"epochs": 0}, "epochs 0"),
        ({"batch_size": 0}, "batch size 0"),
        ({"lr": 0.0}, r"lr 0\.0"),
        ({"lr": float("nan")}, "lr nan"),
        ({"lr": float("inf")}, "lr inf"),
    ],
)
def test_recipes_that_cannot_be_followed_are_refused(fields, message):
    with pytest.raises(ArgumentError, match=message):
        Recipe(**fields)


def test_the_numbers_of_the_digits_are_their_mean_and_standard_deviation():
    size, mean, std = PICTURES["digits"]
    pixels = load_pictures(Recipe(augment=False), "train").x / 255
    assert pixels.shape[1:] == (size, size)
    assert pixels.mean() == pytest.approx(mean[0], abs=0.01) and pixels.std() == pytest.approx(std[0], abs=0.01)


def test_pictures_are_changed_at_random_in_training_only(few_digits):
    recipe = Recipe()
    train, test = load_pictures(recipe, "train"), load_pictures(recipe, "test")
    assert not np.array_equal(train[0][0], train[0][0])
    assert np.array_equal(test[0][0], test[0][0])
    expected = (test.x[0] / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(test[0][0][0], expected, atol=1e-5)
    plain = load_pictures(Recipe(augment=False), "train")
    assert np.array_equal(plain[0][0], plain[0][0])


def test_a_classifier_is_the_same_after_its_file(tmp_path):
    path, recipe = tmp_path / "model.safetensors", Recipe(model="mlp", dtype="float64", lr=0.5)
    model = build_model(recipe)
    save_classifier(path, model, recipe, tuple("abcdefghij"))
    again, same, classes = load_classifier(path)
    assert same == recipe and classes == list("abcdefghij") and not again.training
    x = minigrad.randn(3, 784, dtype=minigrad.float64)
    assert np.array_equal(model(x).numpy(), again(x).numpy())


def test_a_classifier_trained_on_a_gpu_is_used_on_the_cpu(tmp_path):
    path, recipe = tmp_path / "model.safetensors", Recipe(model="mlp")
    save_classifier(path, build_model(recipe), recipe, tuple("0123456789"))
    state = load(path)
    save({**state, "recipe": {**state["recipe"], "device": "cuda"}}, path)
    assert load_classifier(path)[1].device == "cpu"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": None}, "its recipe is not of this version"),
        ({"recipe": {"model": "mlp", "width": 3}}, "its recipe is not of this version.*width"),
        ({"recipe": {"model": "vgg"}}, "its recipe is not of this version.*'vgg' is unknown"),
        ({"recipe": {"model": "mlp", "epochs": "8"}}, "its recipe is not of this version"),
        ({"recipe": {"model": "mlp", "dtype": "int64"}}, "its recipe is not of this version.*int64"),
        ({"recipe": {"model": ["mlp"]}}, "its recipe is not of this version"),
        ({"recipe": {"model": "lenet"}}, "load_state_dict"),
        ({"model": {}}, "load_state_dict"),
        ({"model": None}, "needs the weights by name and 10 names of classes"),
        ({"classes": ["one"]}, "needs the weights by name and 10 names of classes"),
        ({"classes": 5}, "needs the weights by name and 10 names of classes"),
    ],
)
def test_a_file_with_unknown_values_is_explained(change, message, tmp_path):
    path, recipe = tmp_path / "model.safetensors", Recipe(model="mlp")
    save_classifier(path, build_model(recipe), recipe, tuple("0123456789"))
    save({**load(path), **change}, path)
    with pytest.raises(MinigradError, match=message):
        load_classifier(path)


def test_a_file_of_another_kind_is_explained(tmp_path):
    path = tmp_path / "other.safetensors"
    save({"weight": minigrad.ones(2)}, path)
    with pytest.raises(FileFormatError, match=r"not a classifier\nHint: give the model\.safetensors of a run"):
        load_classifier(path)
