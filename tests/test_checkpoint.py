import gc
import weakref

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.autograd import grad
from minigrad.checkpoint import checkpoint
from minigrad.errors import InPlaceError


def leaf(*values):
    return Tensor(np.array(values, "float64"), requires_grad=True)


def block(x, w):
    return ((x * w).exp() * x).sum()


def test_a_checkpointed_block_has_the_value_and_gradients_of_the_block():
    results = []
    for run in (block, lambda x, w: checkpoint(block, x, w)):
        x, w = leaf(1.0, 2.0), leaf(0.5, -1.0)
        y = run(x, w) * 3 + x.sum()
        y.backward()
        results.append(np.hstack([y.item(), x.grad.tolist(), w.grad.tolist()]))
    np.testing.assert_allclose(results[1], results[0])


def test_parameters_that_the_function_closes_over_get_their_gradients():
    w, x = leaf(2.0), Tensor([3.0], dtype="float64")
    checkpoint(lambda x: x * w * w, x).sum().backward()
    assert w.grad.item() == 12


def test_nothing_in_between_is_kept():
    x, middle = leaf(1.0), []

    def remember(x):
        h = x * 2
        middle.append(weakref.ref(h))
        return h.exp()

    y = checkpoint(remember, x)
    gc.collect()
    assert middle[0]() is None
    y.backward()
    np.testing.assert_allclose(x.grad.item(), 2 * np.exp(2))


def test_random_numbers_are_the_same_the_second_time_and_the_stream_goes_on():
    minigrad.manual_seed(5)
    x, masks = leaf(*range(1, 9)), []

    def noisy(x):
        masks.append(minigrad.random.default_generator.uniform((8,), np.dtype("float64")))
        return x * Tensor(masks[-1])

    y = checkpoint(noisy, x)
    minigrad.rand(100)  # the stream has moved on when backward comes
    later = minigrad.random.get_rng_state()
    y.sum().backward()
    np.testing.assert_array_equal(masks[0], masks[1])
    assert minigrad.random.get_rng_state() == later
    np.testing.assert_allclose(x.grad.numpy(), masks[0])


def test_several_results_and_second_derivatives():
    x = leaf(2.0)
    a, b = checkpoint(lambda x: (x**3, x**2), x)
    (first,) = grad((a * b).sum(), x, create_graph=True)
    assert first.item() == 5 * 2**4
    assert grad(first.sum(), x)[0].item() == 20 * 2**3


def test_checkpoints_nest():
    x = leaf(2.0)
    checkpoint(lambda x: checkpoint(lambda z: z * z, x) * x, x).backward()
    assert x.grad.item() == 12


def test_an_input_overwritten_in_between_is_an_error():
    x = leaf(2.0)
    h = x * 1
    y = checkpoint(lambda z: z * z, h)
    h.add_(1)
    with pytest.raises(InPlaceError, match="checkpoint: an input"):
        y.backward()


def test_a_block_without_anything_to_differentiate_gives_a_constant():
    assert not checkpoint(lambda x: x * 2, Tensor([1.0])).requires_grad
