import numpy as np
import pytest

from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, on_device, plant, races_but_of_parts

SHAPES = [(1, 1), (2, 31), (9, 32), (127, 33), (128, 5), (129, 64), (300, 70)]
EPS = 1e-3


def close(got, expected):
    np.testing.assert_allclose(got.get(), expected.reshape(got.shape), rtol=1e-5, atol=3e-6 * max(1.0, np.abs(expected).max()))


def check(module, shape, parameters=True):
    dy, x, w, b = (drawn(s, seed) for seed, s in enumerate([shape, shape, shape[1], shape[1]]))
    x += np.float32(1)
    w, b = (w, b) if parameters else (None, None)
    y, mu, variance, dx = (on_device(np.full(s, np.nan, "f4")) for s in (shape, shape[1], shape[1], shape))
    wide = x.astype("f8")
    k = 1 / np.sqrt(wide.var(0) + EPS)
    x_hat, factor = (wide - wide.mean(0)) * k, 1 if w is None else w.astype("f8")
    module.columns_forward(*on_device(x, w, b), EPS, y, mu, variance)
    close(mu, wide.mean(0))
    close(variance, wide.var(0))
    close(y, x_hat * factor + (0 if b is None else b))
    dw, db = module.columns_backward(*on_device(dy, x, w, wide.mean(0).astype("f4"), k.astype("f4")), dx)
    close(db, dy.astype("f8").sum(0))
    close(dw, (dy * x_hat).sum(0))
    g = dy * factor
    close(dx, k * (g - g.mean(0) - x_hat * (g * x_hat).mean(0)))


def test_values_and_gradients_are_those_of_the_formula(twins):
    for shape in SHAPES:
        check(twins("norm_columns"), shape)


def test_without_weight_and_bias(twins):
    check(twins("norm_columns"), (20, 40), parameters=False)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_in_every_order_of_threads(twins, schedule):
    with scheduled(*schedule):
        check(twins("norm_columns"), (150, 40))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("centred", [True, False])
def test_sums_may_have_their_statistics_by_row(twins, shape, centred):
    dy, x, mu, k = (drawn(s, seed) for seed, s in enumerate([shape, shape, shape[0], shape[0]]))
    dw, db = twins("norm_columns").column_sums(*on_device(dy, x, mu if centred else None, k), by_row=True)
    close(db, dy.astype("f8").sum(0))
    close(dw, (dy.astype("f8") * (x - (mu[:, None] if centred else 0)) * k[:, None]).sum(0))


@pytest.mark.slow
def test_no_thread_reads_what_another_may_still_write(twins):
    assert not races_but_of_parts(twins, lambda: check(twins("norm_columns"), (150, 40)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("i < m.n ?", "true ?"),
        ("means[size_t(p.part) * columns", "means[size_t(0) * columns"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("norm_columns")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(module, (150, 40))
