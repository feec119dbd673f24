import numpy as np
import pytest
from hypothesis import given, settings

import minigrad
from minigrad import Tensor, ops
from tests.cusim.races import races_in
from tests.cusim.simcupy import installed
from tests.cusim.simulator import SCHEDULES, missing_compiler, scheduled
from tests.kernels.sequences import problems

from .agreement import FOUND, on_device, plant


def run(x, labels, frames, counts, blank=0, device="cuda", dtype="float32"):
    """Return the losses, and the gradient of a random sum over the finite ones."""
    t = Tensor(np.asarray(x, dtype)).to(device).requires_grad_()
    y = ops.ctc_loss(t, Tensor(labels).to(device), frames, counts, blank, reduction="none")
    losses = y.detach().cpu().numpy()
    weights = np.random.default_rng(0).uniform(-1, 1, y.shape) * np.isfinite(losses)
    (y.masked_fill(y.isinf(), 0) * Tensor(weights.astype(dtype)).to(device)).sum().backward()
    return losses, t.grad.cpu().numpy()


def check(problem):
    y, dx = run(*problem)
    with minigrad.kernels("reference"):
        expected, slope = run(*problem, device="cpu", dtype="float64")
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(dx, slope, atol=1e-4)


@pytest.fixture(scope="module")
def device():
    """The stand-in, once for all examples that Hypothesis draws."""
    if reason := missing_compiler():
        pytest.skip(reason)
    with installed():
        yield


@settings(max_examples=40)
@given(problem=problems())
def test_both_passes_agree_with_the_definition(device, problem):
    check(problem)


def case(T=30, B=7, V=6, U=9, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(T, B, V)).astype("float32")
    return x, rng.integers(1, V, (B, U)), [T, T, 25, 20, T, 19, 30], [U, 3, 5, 9, 0, 1, 9]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_in_every_order_of_threads(cupy, schedule):
    with scheduled(*schedule):
        check(case())


def test_several_warps_share_a_long_row_of_labels(cupy):
    rng = np.random.default_rng(3)
    x = ops.log_softmax(Tensor(rng.normal(size=(110, 2, 9))), 2).numpy()
    check((x, rng.integers(1, 9, (2, 50)), [110, 100], [50, 33]))


def test_nothing_beyond_the_ends_is_read_and_a_nan_before_them_is_not_lost(cupy):
    x, *args = case()
    clean = run(x, *args)
    x[25:, 2] = np.nan
    for a, b in zip(run(x, *args), clean, strict=True):
        np.testing.assert_array_equal(a, b)
    x[5, 0, 0] = np.nan
    assert np.isnan(run(x, *args)[0]).tolist() == [True] + [False] * 6


def test_impossible_symbols_are_no_trouble(cupy):
    x, *args = case()
    x[3, :, 0] = -np.inf
    check((x, *args))


def test_labels_that_there_are_not_lead_nowhere_else(twins):
    module, (x, labels, frames, counts) = twins("ctc"), case()
    labels[0, 3], labels[1, 0], labels[1, 5] = 10**12, -1, 77
    words = on_device(np.array(frames), labels, np.array(counts))
    total, alpha = module.ctc_forward(on_device(x), *words, 0)
    dx = module.ctc_backward(on_device(np.ones(7, "f4")), total, alpha, [True], on_device(x), *words, 0)[0].get()
    clean = run(*case())[0]
    np.testing.assert_allclose(-total.get()[2:], clean[2:], rtol=1e-6)
    assert np.isfinite(dx[:, 2:]).all()


def test_other_types_and_lattices_of_too_many_rows_are_handed_back(twins):
    twin, (x, labels, frames, counts) = twins("ctc").ctc_forward, case()
    words = on_device(np.array(frames), labels, np.array(counts))
    assert twin(on_device(x.astype("f8")), *words, 0) is NotImplemented
    assert twin(on_device(x[:0]), *words, 0) is NotImplemented
    assert twin(on_device(x), words[0].astype("i4"), *words[1:], 0) is NotImplemented
    long = on_device(np.ones((7, 512), "i8"))
    assert twin(on_device(x), words[0], long, words[2], 0) is NotImplemented


@pytest.mark.slow
def test_no_thread_reads_what_another_may_still_write(cupy):
    x, labels, *_ = case(T=8, B=2)
    assert not races_in(lambda: run(x, labels, [8, 6], [3, 2]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    __syncthreads();\n  }\n  const float* last", "  }\n  const float* last"),
        ("e = next_e;", ""),
        ("int i = 2 * s;", "int i = s;"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    plant(twins("ctc"), old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(case())
                check(case(seed=1))
