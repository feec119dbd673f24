"""Attention by kernels agrees with its definition: values, gradients, masks of every shape, any layout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor
from minigrad.nn.functional import scaled_dot_product_attention as attend
from minigrad_kernels.cpu import attention, threads


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("f4")


def operands(lead, T, U, E, F):
    return [drawn(*lead, n, width, seed=i) for i, (n, width) in enumerate([(T, E), (U, E), (U, F)])]


def results(mode, arrays, mask=None, causal=False, dy=None):
    """Return y, dq, dk and dv."""
    with minigrad.kernels(mode):
        xs = [minigrad.from_numpy(a).requires_grad_() for a in arrays]
        y = attend(*xs, attn_mask=None if mask is None else minigrad.from_numpy(mask), is_causal=causal)
        y.backward(minigrad.from_numpy(drawn(*y.shape, seed=9) if dy is None else dy))
    return [y.detach().numpy(), *(x.grad.numpy() for x in xs)]


def assert_agree(arrays, mask=None, causal=False, dy=None):
    ours, reference = (results(mode, arrays, mask, causal, dy) for mode in ("auto", "reference"))
    for a, b in zip(ours, reference, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)


@pytest.fixture
def counted(monkeypatch):
    """Count the calls that the kernels answered."""
    from minigrad_kernels import registry

    answered = []
    for name in ("attention_forward", "attention_backward"):
        kernel = getattr(attention, name)

        def call(*args, kernel=kernel, name=name):
            result = kernel(*args)
            if result is not NotImplemented:
                answered.append(name)
            return result

        monkeypatch.setitem(registry._found, (name, "cpu"), call)
    return answered


@given(
    lead=st.sampled_from([(1,), (2, 3), ()]), T=st.integers(1, 70), U=st.integers(1, 70), E=st.integers(1, 40),
    F=st.integers(1, 40), causal=st.booleans(),
)  # fmt: skip
def test_values_and_gradients_agree_at_every_size(lead, T, U, E, F, causal):
    assert_agree(operands(lead, T, U, E, F), causal=causal)


@pytest.mark.parametrize("shape", [(37, 41), (1, 41), (37, 1), (3, 37, 41), (3, 1, 41), (2, 1, 1, 41), (2, 1, 37, 41), (2, 3, 37, 41)])
@pytest.mark.parametrize("kind", ["bool", "float", "hiding"])
def test_masks_of_every_shape_and_kind_agree(counted, shape, kind):
    mask = drawn(*shape, seed=5)
    if kind != "float":
        mask = mask > -0.5
    if kind == "hiding":
        mask = np.where(mask, drawn(*shape, seed=6), -np.inf).astype("f4")
    for causal in (False, True):
        assert_agree(operands((2, 3), 37, 41, 8, 16), mask, causal)
    assert counted == ["attention_forward", "attention_backward"] * 2


def test_a_query_that_sees_nothing_gets_zero_and_passes_nothing_on():
    mask = np.ones((1, 5, 4), bool)
    mask[0, 2] = False
    y, dq, dk, dv = results("auto", operands((1,), 5, 4, 3, 3), mask)
    assert (y[0, 2] == 0).all() and (dq[0, 2] == 0).all() and np.isfinite(np.concatenate([dk, dv])).all()
    assert_agree(operands((1,), 5, 4, 3, 3), mask)


def test_large_scores_do_not_overflow():
    q, k, v = operands((2,), 9, 9, 4, 4)
    arrays = [np.round(q * 1000), np.round(k * 2), v]  # whole numbers: no score is rounded, whoever adds first
    (y, *ours), (expected, *reference) = (results(mode, arrays, None, False, None) for mode in ("auto", "reference"))
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=2e-5)
    for a, b in zip(ours, reference, strict=True):  # differences that cancel, times keys or queries of about 1000
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-2)


def test_nan_is_passed_on():
    q, k, v = operands((1,), 40, 40, 4, 4)
    q[0, 35, 1] = np.nan
    y = results("auto", [q, k, v], causal=True)[0]
    assert np.isnan(y[0, 35]).all() and np.isfinite(np.delete(y[0], 35, 0)).all()


def test_a_mask_that_needs_a_gradient_gets_it():
    q, k, v = (minigrad.from_numpy(a).requires_grad_() for a in operands((2,), 5, 6, 3, 3))
    mask = minigrad.from_numpy(drawn(5, 6, seed=7)).requires_grad_()
    weights = (q @ k.mT / 3**0.5 + mask).softmax(-1)
    found = minigrad.grad(attend(q, k, v, attn_mask=mask).sum(), [mask, q])
    for a, b in zip(found, minigrad.grad((weights @ v).sum(), [mask, q]), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


def test_strided_and_read_only_memory_agrees():
    arrays = [np.swapaxes(drawn(7, 2, 5, seed=i), 0, 1)[:, ::-1] for i in range(3)]
    for a in arrays:
        a.flags.writeable = False
    dy = np.swapaxes(drawn(7, 2, 5, seed=3), 0, 1)
    assert_agree(arrays, dy=dy)


@pytest.mark.parametrize("shapes", [((0, 4, 3),) * 3, ((2, 0, 3), (2, 4, 3), (2, 4, 3)), ((2, 4, 3), (2, 0, 3), (2, 0, 3)), ((2, 4, 0), (2, 4, 0), (2, 4, 3))])
def test_empty_operands_are_left_to_the_definition(counted, shapes):
    assert_agree([np.zeros(s, "f4") for s in shapes])
    assert counted == []


def test_float64_and_dropping_everything_are_left_to_the_definition(counted):
    q = Tensor(drawn(1, 3, 2).astype("f8"))
    attend(q, q, q)
    q = Tensor(drawn(1, 3, 2))
    assert (attend(q, q, q, dropout_p=1.0).numpy() == 0).all()
    assert counted == []


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("lead", "T", "U"), [((2, 3), 37, 41), ((1,), 1, 9), ((3,), 70, 8)])
def test_the_same_weights_are_dropped_as_by_the_definition_both_ways(counted, lead, T, U, causal):
    def dropping(mode):
        minigrad.manual_seed(5)
        minigrad.rand(7)  # so that the numbers do not start at 0
        with minigrad.kernels(mode):
            xs = [minigrad.from_numpy(a).requires_grad_() for a in operands(lead, T, U, 8, 12)]
            y = attend(*xs, dropout_p=0.3, is_causal=causal)
            y.backward(minigrad.from_numpy(drawn(*y.shape, seed=9)))
        return [y.detach().numpy(), *(x.grad.numpy() for x in xs)]

    for a, b in zip(dropping("auto"), dropping("reference"), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=2e-5)
    assert counted == ["attention_forward", "attention_backward"]


def test_the_number_of_threads_does_not_change_a_bit(monkeypatch):
    arrays = operands((3, 4), 65, 65, 32, 32)
    several = results("auto", arrays, causal=True)
    monkeypatch.setattr(threads, "get_num_threads", lambda: 1)
    for a, b in zip(several, results("auto", arrays, causal=True), strict=True):
        np.testing.assert_array_equal(a, b)


def test_second_derivatives_go_through_the_definition(counted):
    q, k, v = (minigrad.from_numpy(a).requires_grad_() for a in operands((1,), 4, 4, 3, 3))
    (dq,) = minigrad.grad((attend(q, k, v) ** 2).sum(), q, create_graph=True)
    assert counted == ["attention_forward"]
    second = minigrad.grad((dq**2).sum(), k)[0].numpy()
    with minigrad.kernels("reference"):
        (dq,) = minigrad.grad((attend(q, k, v) ** 2).sum(), q, create_graph=True)
        np.testing.assert_allclose(second, minigrad.grad((dq**2).sum(), k)[0].numpy(), rtol=1e-3, atol=1e-5)
