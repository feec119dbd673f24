"""The kernels of good.cu and planted.cu, one build each."""

import functools

import numpy as np

from tests.cusim.build import FOLDER
from tests.cusim.simulator import SimModule


@functools.cache
def text(name):
    return (FOLDER / f"{name}.cu").read_text(encoding="utf-8")


@functools.cache
def module(name):
    return SimModule(text(name))


def good(name):
    return module("good").get_function(name)


def planted(name):
    return module("planted").get_function(name)


def wrong_lines(name):
    """Return the lines of a kernel of planted.cu that are marked as wrong."""
    lines = text("planted").splitlines()
    first = next(i for i, line in enumerate(lines) if f" {name}(" in line)
    after = next((i for i, line in enumerate(lines) if i > first and line.startswith('extern "C"')), len(lines))
    return [i + 1 for i in range(first, after) if lines[i].endswith("// wrong")]


def normal(*shape, seed=0, dtype="float32"):
    """Return normal numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(dtype)


def unset(*shape, dtype="float32"):
    """Return an array for results, full of NaN."""
    return np.full(shape, np.nan, dtype)
