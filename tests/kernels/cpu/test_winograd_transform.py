"""Winograd's identities, in exact arithmetic, and the same transforms as a kernel applies them."""

from fractions import Fraction

import numpy as np
import pytest
from numba import njit

from minigrad_kernels.cpu import winograd_transform as t
from minigrad_kernels.cpu.simd import LANES


def matrix(transform, size):
    """Return the matrix of a transform, column by column."""
    return np.array([transform(list(row)) for row in np.eye(size)]).T


A, B, G = matrix(t.of_outputs, 4), matrix(t.of_pixels, 6).T, matrix(t.of_taps, 3)


def test_four_outputs_from_six_products():
    d, g = np.random.default_rng(0).normal(size=6), np.random.default_rng(1).normal(size=3)
    expected = [d[i : i + 3] @ g for i in range(4)]
    np.testing.assert_allclose(t.to_outputs(np.array(t.of_taps(g)) * t.of_pixels(d)), expected, rtol=1e-12)


def test_the_identity_is_exact_for_whole_numbers():
    d, g = [Fraction(n) for n in (3, -1, 4, 1, -5, 9)], [Fraction(n) for n in (24, 48, -72)]
    exactly = lambda transform, v: [Fraction(x).limit_denominator(1000) for x in transform(v)]
    products = [a * b for a, b in zip(exactly(t.of_taps, g), t.of_pixels(d), strict=True)]
    assert t.to_outputs(products) == [sum(d[i + j] * g[j] for j in range(3)) for i in range(4)]


def test_the_ways_back_are_the_transposed_ways_there():
    np.testing.assert_allclose(matrix(t.to_outputs, 6), A.T, rtol=1e-12)
    np.testing.assert_allclose(matrix(t.to_taps, 6), G.T, rtol=1e-12)


def test_both_axes_are_transformed():
    patch = np.random.default_rng(2).normal(size=(6, 6))
    np.testing.assert_allclose(t.on_both_axes(t.of_pixels, patch.tolist()), B.T @ patch @ B, rtol=1e-10, atol=1e-12)


def run_gather(intrinsic):
    @njit
    def run(source, bases, pitch, planes, distance):
        intrinsic(source, 2, bases, 1, pitch, planes, 3, distance)

    return run


@pytest.mark.parametrize(
    ("transform", "size", "turned"), [(t.of_pixels, 6, False), (t.of_outputs, 4, False), (t.of_taps, 3, True)]
)
def test_patches_are_gathered_transformed_and_stored_by_number(transform, size, turned):
    rng = np.random.default_rng(size)
    pitch, distance = size + 2, LANES + 5
    bases = np.concatenate([[999], rng.permutation(LANES) * size * pitch])
    source = rng.normal(size=2 + LANES * size * pitch).astype("float32")
    planes = np.zeros(3 + 36 * distance, np.float32)
    run_gather(t.into_planes(transform, size, turned))(source, bases, pitch, planes, distance)
    M = matrix(transform, size)
    for lane, base in enumerate(bases[1:]):
        patch = np.stack([source[2 + base + i * pitch :][:size] for i in range(size)])
        expected = M @ (patch[::-1, ::-1] if turned else patch) @ M.T
        np.testing.assert_allclose(planes[3 + lane :: distance][:36], expected.reshape(-1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("transform", "size"), [(t.to_outputs, 4), (t.to_taps, 3)])
def test_planes_are_transformed_back_and_scattered_and_nothing_else_is_touched(transform, size):
    scatter = t.out_of_planes(transform)

    @njit
    def run(planes, distance, bias, target, bases, pitch):
        scatter(planes, 1, distance, bias, 1, target, 2, bases, 0, pitch)

    rng = np.random.default_rng(size)
    distance, pitch = LANES + 3, size
    planes, bias = rng.normal(size=1 + 36 * distance).astype("float32"), np.array([0, 0.5], np.float32)
    bases = rng.permutation(LANES) * (size * size + 1)
    target = np.full(2 + LANES * (size * size + 1), 7, np.float32)
    expected = target.copy()
    for lane, base in enumerate(bases):
        numbers = planes[1 + lane :: distance][:36].reshape(6, 6)
        M = matrix(transform, 6)
        expected[2 + base :][: size * size] = (M @ numbers @ M.T + 0.5).reshape(-1)
    run(planes, distance, bias, target, bases, pitch)
    np.testing.assert_allclose(target, expected, rtol=1e-4, atol=1e-4)
