"""Where small frameworks go wrong: the checks that most of them fail. Central differences are the oracle."""

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import InPlaceError, ReleasedGraphError
from minigrad.testing import gradcheck

RNG = np.random.default_rng(0)


def test_diamond_reuse():
    assert gradcheck(lambda x: (x * x + x) * (x * x), RNG.normal(size=3))


@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((2, 1, 4), (3, 1))])
def test_broadcasting(shapes):
    assert gradcheck(lambda a, b: a * b + b, *(RNG.normal(size=s) for s in shapes))


@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((3,), (3, 2)), ((4, 2, 3), (3, 2)), ((3,), (3,)), ((2, 1, 2, 3), (4, 3, 2))])
def test_matmul_of_every_shape(shapes):
    assert gradcheck(lambda a, b: a @ b, *(RNG.normal(size=s) for s in shapes))


def test_duplicate_indices_accumulate():
    assert gradcheck(lambda x: x[[0, 0, 1]], RNG.normal(size=(2, 2)))
    x = Tensor([1.0, 2.0], requires_grad=True)
    x[[0, 0, 1]].sum().backward()
    assert x.grad.tolist() == [2, 1]


def test_a_long_chain():
    y = x = Tensor(np.array(1.0), requires_grad=True)
    for _ in range(3000):
        y = y + 0.001
    y.backward()
    assert x.grad.item() == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_dtype_of_values_and_gradients_is_kept(dtype):
    x = Tensor(np.ones(3, dtype), requires_grad=True)
    y = (x * 2.0 + 1) / 3
    y.sum().backward()
    assert y.dtype == dtype and x.grad.dtype == dtype


def test_an_input_mutated_before_backward_is_an_error():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    x.data[0] = 100
    with pytest.raises(InPlaceError):
        y.backward()


def test_an_array_mutated_after_it_was_given_has_no_effect():
    array = np.array([1.0, 2.0])
    x = Tensor(array, requires_grad=True)
    y = (x * x).sum()
    array[:] = 100
    y.backward()
    assert x.grad.tolist() == [2, 4]


def test_backward_twice():
    x = Tensor([3.0], requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 12
    with pytest.raises(ReleasedGraphError):
        y.backward()


def test_ties_share_a_gradient_of_one():
    x = Tensor([1.0, 1.0, 0.0], requires_grad=True)
    x.amax().backward()
    assert x.grad.tolist() == [0.5, 0.5, 0]


def test_graphs_are_freed_by_reference_counting():
    gc.collect()
    gc.disable()
    try:
        y = Tensor([1.0], requires_grad=True).exp().exp()
        middle = weakref.ref(y.edges[0][0])
        del y
        assert middle() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("op", [np.add, np.subtract, np.multiply, np.divide, np.matmul])
def test_an_array_on_the_left_gives_a_tensor(op):
    array, x = np.ones((2, 2)), Tensor(np.full((2, 2), 2.0), requires_grad=True)
    symbol = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.matmul: "@"}[op]
    y = eval(f"array {symbol} x")
    assert isinstance(y, Tensor) and y.requires_grad
    np.testing.assert_allclose(y.numpy(), op(array, x.numpy()))


@pytest.mark.parametrize(("stride", "padding", "size"), [(2, 1, 7), (2, 0, 6), (3, 0, 5)])
def test_convolution_with_a_border_that_no_window_reaches(stride, padding, size):
    assert gradcheck(
        lambda x, w: minigrad.conv2d(x, w, stride=stride, padding=padding),
        RNG.normal(size=(1, 2, size, size)), RNG.normal(size=(2, 2, 3, 3)),
    )  # fmt: skip


def test_softmax_of_large_scores_is_finite():
    y = minigrad.tensor([[1000.0, 1001.0], [0.0, 1.0]]).softmax(1)
    np.testing.assert_allclose(y.numpy(), [[0.26894143, 0.73105854]] * 2, rtol=1e-6)


def test_importing_takes_numpy_and_nothing_heavy():
    code = (
        "import sys, minigrad; heavy = {'numba', 'cupy', 'matplotlib', 'rich', 'PIL', 'scipy', 'hypothesis', 'torch'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
