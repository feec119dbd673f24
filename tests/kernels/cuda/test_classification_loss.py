import numpy as np
import pytest

from minigrad import ops, tensor
from minigrad.ops import classification_loss as loops
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.cpu.agreement import assert_agrees, exactly

from .agreement import FOUND, drawn, narrow, on_device, plant

SIZES = [(1, 1), (3, 2), (9, 31), (8, 32), (5, 33), (3, 256), (2, 1024), (2, 1025), (2, 2049), (1, 8193), (2, 9000)]


def classes_of(N, C, seed=0):
    return np.random.default_rng(seed).integers(-1, C, N)


def check(module, x, classes, dy, layout="dense", rtol=3e-6, atol=1e-5):
    moved = on_device(dy, x, layout=layout)
    y = module.cross_entropy_forward(moved[1], on_device(classes))
    assert_agrees(y.get(), exactly(loops.cross_entropy_forward.reference, x, classes), rtol, atol)
    dx = module.cross_entropy_gradient(moved[0], y, moved[1], on_device(classes))
    assert_agrees(dx.get(), exactly(loops.cross_entropy_backward.reference, x, classes, dy), rtol, atol)


@pytest.mark.parametrize(("N", "C"), SIZES)
def test_losses_and_gradients_agree_with_the_reference(twins, N, C):
    check(twins("classification_loss"), drawn((N, C)), classes_of(N, C), drawn(N, 1))


@pytest.mark.parametrize("layout", ["columns first", "unaligned", "every other"])
def test_scores_may_lie_in_memory_as_they_like(twins, layout):
    check(twins("classification_loss"), drawn((6, 7)), classes_of(6, 7), drawn(6, 1), layout)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("C", [20, 1100])
def test_in_every_order_of_threads(twins, C, schedule):
    with scheduled(*schedule):
        check(twins("classification_loss"), drawn((3, C), scale=5.0), classes_of(3, C, 1), drawn(3, 1))


@pytest.mark.parametrize("C", [5, 40, 1100])
def test_nan_and_infinities_spread_as_in_the_reference(twins, C):
    x = drawn((40, C), special=True)
    x = np.where(np.abs(x) < 1e37, x, np.copysign(np.inf, x)).astype("f4")
    x[5:] = np.where(np.isfinite(x[5:]), x[5:], -np.inf)  # masked scores alone
    x[30] = -np.inf
    check(twins("classification_loss"), x, classes_of(40, C), drawn(40, 1))


def test_scores_that_grow_or_shrink_along_the_row_are_summed_without_overflow(twins):
    x = np.linspace(-300, 300, 600, dtype="f4")
    check(twins("classification_loss"), np.stack([x, x[::-1]]), np.array([599, 300]), drawn(2))


@pytest.mark.parametrize("gap", [5.0, 30.0, 1e4, 1e30])
def test_a_great_surprise_costs_no_digits_of_the_gradient(twins, gap):
    x = np.float32([[0.0, gap, gap - 1], [gap, 0.0, gap - 0.5]])
    check(twins("classification_loss"), x, np.array([0, 1]), np.float32([1, -2]), atol=1e-12)


def test_an_ignored_row_has_no_gradient_whatever_it_holds(twins):
    module, x = twins("classification_loss"), on_device(np.float32([[np.nan, np.inf], [1.0, 2.0]]))
    classes, dy = on_device(np.array([-1, 1]), np.float32([np.nan, 1]))
    y = module.cross_entropy_forward(x, classes)
    assert y.get()[0] == 0 and (module.cross_entropy_gradient(dy, y, x, classes).get()[0] == 0).all()


def test_a_class_that_there_is_not_makes_a_loss_that_is_no_number_and_reads_nothing(twins):
    module, x = twins("classification_loss"), on_device(drawn((3, 5)))
    classes, dy = on_device(np.array([1, 5, 10**12]), drawn(3, 1))
    y = module.cross_entropy_forward(x, classes)
    dx = module.cross_entropy_gradient(dy, y, x, classes).get()
    assert np.isnan(y.get()).tolist() == [False, True, True] and np.isfinite(dx[0]).all()


@pytest.mark.parametrize("shape", [(6, 5), (2, 5, 3)])
def test_on_the_device_the_op_gives_what_it_gives_on_the_host(cupy, shape):
    t, results = np.random.default_rng(0).integers(0, 5, shape[:1] + shape[2:]), []
    t.flat[1] = -100
    for device in "cpu", "cuda":
        x = tensor(drawn(shape)).to(device).requires_grad_()
        loss = ops.cross_entropy(x, tensor(t).to(device))
        loss.backward()
        results.append((loss.detach().cpu().numpy(), x.grad.cpu().numpy()))
    for got, expected in zip(*results, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)


def test_other_types_and_empty_arrays_are_handed_back(twins):
    module = twins("classification_loss")
    wide, narrow_, classes, y = on_device(np.ones((2, 3)), np.ones((2, 3), "f4"), np.zeros(2, "i8"), np.ones(2, "f4"))
    for x, t, dy in (wide, classes, y), (narrow_, classes.astype("i4"), y), (narrow_[:0], classes[:0], y[:0]):
        assert module.cross_entropy_forward(x, t) is NotImplemented
        assert module.cross_entropy_gradient(dy, dy, x, t) is NotImplemented
    assert module.cross_entropy_gradient(y.astype("f8"), y, narrow_, classes) is NotImplemented


@pytest.mark.slow
@pytest.mark.parametrize(("C", "threads"), [(20, 32), (1100, 256)])
def test_no_thread_reads_what_another_may_still_write(twins, C, threads):
    module = twins("classification_loss")
    narrow(module, f"surprise<{threads}>", f"excess<{threads}>")
    assert not races_in(lambda: check(module, drawn((3, C), scale=9.0), classes_of(3, C), drawn(3, 1)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("s = s * expf(m - finite(most)) + more", "s += more"),
        ("!(surprise <= LARGE)", "surprise > 1e30f"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("classification_loss")
    narrow(module, "surprise<32>", "excess<32>", "surprise<256>", "excess<256>")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(module, drawn((9, 20)), classes_of(9, 20), drawn(9, 1))
                check(module, drawn((3, 1100)), classes_of(3, 1100, 1), drawn(3, 1))
        for gap in 30.0, 1e4:
            test_a_great_surprise_costs_no_digits_of_the_gradient(lambda stem: module, gap)
        test_nan_and_infinities_spread_as_in_the_reference(lambda stem: module, 40)
        test_scores_that_grow_or_shrink_along_the_row_are_summed_without_overflow(lambda stem: module)
