"""Batch independence, permutations and shifts: what should not matter does not, and what does is found."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, LawError
from minigrad.testing.laws import (
    check_batch_independence,
    check_permutation_equivariance,
    check_permutation_invariance,
    check_shift_equivariance,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4, 2))
IMAGE, WEIGHT = RNG.normal(size=(2, 2, 9, 8)), minigrad.tensor(RNG.normal(size=(3, 2, 3, 3)))


def attention(x):
    return (x @ x.mT).softmax(-1) @ x


def test_examples_are_independent_where_nothing_mixes_them():
    check_batch_independence(attention, X)
    check_batch_independence(nn.BatchNorm1d(4).double().eval(), X)


@pytest.mark.parametrize(("f", "told"), [
    (nn.BatchNorm1d(4).double(), "BatchNorm1d: the output for example 0 alone"), (lambda x: x - x.mean(0, keepdim=True), "<lambda>: the output for example 0"),
    (lambda x: x.cumsum(0), "<lambda>: the output for example 1"), (lambda x: x.softmax(0), "<lambda>"),
], ids=["batch norm", "a mean", "a running sum", "softmax over the batch"])  # fmt: skip
def test_a_mixture_of_examples_is_found(f, told):
    with pytest.raises(LawError, match="batch independence of " + told):
        check_batch_independence(f, X)


def test_attention_and_elementwise_maps_are_permutation_equivariant():
    check_permutation_equivariance(attention, X)
    check_permutation_equivariance(minigrad.tanh, X, axis=2)


def test_sums_and_maxima_are_permutation_invariant():
    check_permutation_invariance(lambda x: x.sum(1), X)
    check_permutation_invariance(lambda x: x.amax(1), X)


POSITIONS = {
    "an encoding of positions": lambda x: attention(x + minigrad.arange(4).reshape(1, 4, 1)),
    "a causal sum": lambda x: x.cumsum(1),
    "a reshape across the axis": lambda x: x.reshape(3, 2, 4).sum(1, keepdim=True).reshape(3, 4, 1) * x,
}


@pytest.mark.parametrize("wrong", POSITIONS)
def test_a_dependence_on_the_position_is_found(wrong):
    with pytest.raises(LawError, match=r"permutation equivariance of <lambda>: f\(P x\) beside P f\(x\), with P = \[.*\] on axis 1"):
        check_permutation_equivariance(POSITIONS[wrong], X)
    with pytest.raises(LawError, match=r"permutation invariance of <lambda>: f\(P x\) beside f\(x\)"):
        check_permutation_invariance(lambda x: POSITIONS[wrong](x)[:, 0], X)


@pytest.mark.parametrize("seed", range(6))
def test_two_places_are_always_swapped(seed):
    with pytest.raises(LawError, match=r"with P = \[1, 0\] on axis 1"):
        check_permutation_equivariance(lambda x: x.cumsum(1), X[:, :2], seed=seed)


def test_a_convolution_is_shift_equivariant_away_from_its_borders():
    def conv(x):
        return minigrad.conv2d(x, WEIGHT, padding=1)

    for axis in (-1, -2, 2):
        check_shift_equivariance(conv, IMAGE, axis=axis, margin=1)
    with pytest.raises(LawError, match="shift equivariance of conv: the output for an input shifted by 1 on axis -1"):
        check_shift_equivariance(conv, IMAGE)


def test_a_stride_shifts_the_output_by_less():
    check_shift_equivariance(lambda x: minigrad.max_pool2d(x, 2), IMAGE, shift=2, stride=2)
    with pytest.raises(ArgumentError, match="shift 1 must be a positive multiple of the stride 2"):
        check_shift_equivariance(lambda x: minigrad.max_pool2d(x, 2), IMAGE, stride=2)


def test_weights_that_depend_on_the_position_are_found():
    weights = minigrad.tensor(RNG.normal(size=8))
    with pytest.raises(LawError, match="shift equivariance of <lambda>"):
        check_shift_equivariance(lambda x: x * weights, IMAGE)


def test_an_input_too_short_to_shift_is_refused():
    with pytest.raises(ArgumentError, match="of 8 outputs on axis -1 none is left"):
        check_shift_equivariance(minigrad.tanh, IMAGE, margin=4)


@pytest.mark.parametrize("check", [
    check_batch_independence, check_permutation_equivariance, check_permutation_invariance, check_shift_equivariance,
])  # fmt: skip
def test_a_constant_says_nothing(check):
    with pytest.raises(LawError, match="says nothing"):
        check(lambda x: minigrad.ones_like(x), X)


@pytest.mark.parametrize(("check", "told"), [
    (check_batch_independence, "the output needs the 3 examples of the input on axis 0"),
    (check_permutation_equivariance, r"input and output need as many places on axis 1: \(3, 4, 2\) gave \(\)"),
])  # fmt: skip
def test_an_output_without_the_axis_is_refused(check, told):
    with pytest.raises(LawError, match=told):
        check(lambda x: x.sum(), X)
