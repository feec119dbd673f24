import numpy as np
import pytest

from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, narrow, on_device, plant, races_but_of_parts

EPS = 1e-3
SIZES = [(1, 1, 2, 1), (3, 4, 49, 2), (2, 6, 130, 3), (3, 2, 600, 1), (1, 4, 2100, 2), (2, 2, 4500, 2), (2, 1, 9000, 1)]


def statistics(x, N, C, group):
    """Return μ and 1/σ of each statistic, and both for every number."""
    lots = x.astype("f8").reshape(N, C // group, -1) if group else x.astype("f8").reshape(N, C, -1)
    axes = 2 if group else (0, 2)
    mu, k = lots.mean(axes, keepdims=True), 1 / np.sqrt(lots.var(axes, keepdims=True) + EPS)
    wide = [np.broadcast_to(s, lots.shape).reshape(x.shape) for s in (mu, k)]
    return mu.reshape(-1), k.reshape(-1), *wide


def check(module, N, C, L, group, parameters=True):
    shape = N * C, L
    dy, x, w, b = (drawn(s, seed) for seed, s in enumerate([shape, shape, C, C]))
    x += np.linspace(-10, 12, L, dtype="f4")  # pieces of a plane differ
    w, b = (w, b) if parameters else (None, None)
    mu, k, m, inverse = statistics(x, N, C, group)
    x_hat = (x - m) * inverse
    factor, shift = (np.tile(p, N)[:, None] if parameters else p for p in ((w, b) if parameters else (1.0, 0.0)))

    def close(got, expected):
        atol = 5e-6 * max(1.0, np.abs(expected).max()) * np.sqrt(max(1, expected.size and x.size // expected.size) / 100 + 1)
        np.testing.assert_allclose(got.get(), expected.reshape(got.shape), rtol=1e-5, atol=atol)

    y, dx, got_mu, variance = (on_device(np.full(s, np.nan, "f4")) for s in (shape, shape, mu.shape, mu.shape))
    module.planes_forward(*on_device(x, w, b), EPS, C, group, y, got_mu, variance)
    close(got_mu, mu)
    close(variance, 1 / k**2 - EPS)
    close(y, x_hat * factor + shift)
    dw, db = module.planes_backward(*on_device(dy, x, w, mu.astype("f4"), k.astype("f4")), C, group, dx)
    g, lots = dy * factor, ((N, C // group, -1), 2) if group else ((N, C, L), (0, 2))

    def mean(v):
        v = v.reshape(lots[0])
        return np.broadcast_to(v.mean(lots[1], keepdims=True), v.shape).reshape(shape)

    close(dx, inverse * (g - mean(g) - x_hat * mean(g * x_hat)))
    close(db, dy.astype("f8").reshape(N, C, L).sum((0, 2)))
    close(dw, (dy * x_hat).reshape(N, C, L).sum((0, 2)))


@pytest.mark.parametrize("grouped", [False, True], ids=["batch", "groups"])
@pytest.mark.parametrize(("N", "C", "L", "group"), SIZES)
def test_values_and_gradients_are_those_of_the_formula(twins, N, C, L, group, grouped):
    check(twins("norm_planes"), N, C, L, group if grouped else 0)


@pytest.mark.parametrize("group", [0, 1, 3])
def test_without_weight_and_bias(twins, group):
    check(twins("norm_planes"), 2, 3, 20, group, parameters=False)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("group", [0, 2])
def test_in_every_order_of_threads(twins, schedule, group):
    with scheduled(*schedule):
        check(twins("norm_planes"), 3, 4, 25, group)
        check(twins("norm_planes"), 2, 2, 1000, group)


@pytest.mark.parametrize("group", [0, 2])
def test_a_nan_fills_what_shares_its_statistic_and_no_more(twins, group):
    x = drawn((8, 10))
    x[2, 3] = np.nan
    y, mu, variance = (on_device(np.empty(s, "f4")) for s in ((8, 10), (4,), (4,)))
    twins("norm_planes").planes_forward(on_device(x), None, None, EPS, 4, group, y, mu, variance)
    assert np.isnan(y.get()).all(1).tolist() == [p in ((2, 3) if group else (2, 6)) for p in range(8)]
    for s in mu, variance:
        assert np.isnan(s.get()).tolist() == [i == (1 if group else 2) for i in range(4)]


def instances(threads, items):
    return [f"plane_statistics<{threads}, {items}>", *(f"plane{name}<{threads}>" for name in ("s_forward", "_sums", "s_backward"))]


@pytest.mark.slow
@pytest.mark.parametrize(("L", "team"), [(25, (32, 4)), (1000, (256, 8))])
def test_no_thread_reads_what_another_may_still_write(twins, L, team):
    module = twins("norm_planes")
    narrow(module, *instances(*team))
    assert not races_but_of_parts(twins, lambda: check(module, 2, 2, L, 2))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("(size_t(plane % group) * a.pieces + number)", "(size_t(number) * group + plane % group)"),
        ("(size_t(plane / a.channels) * a.pieces + number)", "size_t(plane / a.channels)"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("norm_planes")
    narrow(module, *instances(32, 4), *instances(256, 16))
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                for group in 0, 2:
                    check(module, 3, 4, 25, group)
                    check(module, 2, 2, 4501, group)
