import numpy as np
import pytest

from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, narrow, on_device, plant, races_but_of_parts

LENGTHS = [1, 31, 32, 33, 128, 129, 512, 513, 2049, 4096, 4097]  # both sides of every team's most
EPS = 1e-3


def formula(dy, x, w, b, centred):
    """Return all that the kernels compute, by the definition in float64."""
    dy, x, w, b = (a.astype("f8") for a in (dy, x, w, b))
    mu = x.mean(1, keepdims=True) if centred else 0.0
    variance = ((x - mu) ** 2).mean(1, keepdims=True)
    k = 1 / np.sqrt(variance + EPS)
    x_hat, g = (x - mu) * k, dy * w
    dx = (g - (g.mean(1, keepdims=True) if centred else 0) - x_hat * (g * x_hat).mean(1, keepdims=True)) * k
    return {"y": x_hat * w + b, "mu": mu, "variance": variance, "k": k, "dx": dx, "dw": (dy * x_hat).sum(0), "db": dy.sum(0)}


def check(module, rows, n, centred=True, parameters=True):
    dy, x = drawn((rows, n)), drawn((rows, n), 1) + np.float32(1)
    w, b = (drawn(n, 2), drawn(n, 3)) if parameters else (None, None)
    expected = formula(dy, x, *((np.ones(n), np.zeros(n)) if w is None else (w, b if centred else 0 * b)), centred)

    def close(name, got):
        scale = max(1.0, np.abs(expected[name]).max())
        np.testing.assert_allclose(got.get(), expected[name].reshape(got.shape), rtol=1e-5, atol=2e-6 * scale, err_msg=name)

    y, dx, kept = (on_device(np.empty(s, "f4")) for s in ((rows, n), (rows, n), (rows,)))
    mu = on_device(np.empty(rows, "f4")) if centred else None
    dx[...] = y[...] = np.nan
    module.rows_forward(*on_device(x, w, b if centred else None), EPS, y, mu, kept)
    close("y", y)
    close("variance" if centred else "k", kept)
    if centred:
        close("mu", mu)
    k = on_device(expected["k"].astype("f4").reshape(-1))
    dw, db = module.rows_backward(*on_device(dy, x, w), mu, k, dx, sums=parameters)
    close("dx", dx)
    if parameters:
        close("dw", dw)
        close("db", db) if centred else None
    else:
        assert dw is db is None


@pytest.mark.parametrize("centred", [True, False], ids=["layer norm", "RMS norm"])
@pytest.mark.parametrize("n", LENGTHS)
def test_values_and_gradients_are_those_of_the_formula(twins, n, centred):
    check(twins("norm_rows"), 5, n, centred)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("n", [40, 300, 1100, 4100])
def test_in_every_order_of_threads(twins, n, schedule):
    with scheduled(*schedule):
        check(twins("norm_rows"), 3, n)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 33, 100])
def test_rows_are_shared_out_among_teams(twins, rows):
    check(twins("norm_rows"), rows, 20)
    check(twins("norm_rows"), rows, 130)


@pytest.mark.parametrize("n", [20, 600, 4100])
def test_without_weight_and_bias_there_are_no_sums(twins, n):
    check(twins("norm_rows"), 3, n, parameters=False)


@pytest.mark.parametrize("n", [500, 5000])
def test_a_large_mean_costs_no_precision(twins, n):
    x = drawn((3, n), scale=1.0) + np.float32(1e4)
    y, mu, variance = (on_device(np.empty(s, "f4")) for s in ((3, n), (3,), (3,)))
    twins("norm_rows").rows_forward(on_device(x), None, None, 0.0, y, mu, variance)
    wide = x.astype("f8")
    np.testing.assert_allclose(variance.get(), wide.var(1), rtol=1e-5)
    np.testing.assert_allclose(y.get(), (wide - wide.mean(1, keepdims=True)) / wide.std(1, keepdims=True), atol=1e-3)


@pytest.mark.parametrize("n", [20, 5000])
def test_a_nan_fills_its_row_and_no_other(twins, n):
    x = drawn((3, n))
    x[1, -1] = np.nan
    y, mu, variance = (on_device(np.empty(s, "f4")) for s in ((3, n), (3,), (3,)))
    twins("norm_rows").rows_forward(on_device(x), None, None, EPS, y, mu, variance)
    for got in (y, mu, variance):
        assert np.isnan(got.get()).reshape(3, -1).all(1).tolist() == [False, True, False]


def instances(*teams):
    return [f"rows_{way}ward<{team}, true>" for way in ("for", "back") for team in teams]


@pytest.mark.slow
@pytest.mark.parametrize(("n", "team"), [(20, "32, 4"), (300, "128, 4"), (1100, "256, 8")])
def test_no_thread_reads_what_another_may_still_write(twins, n, team):
    module = twins("norm_rows")
    narrow(module, *instances(team))
    assert not races_but_of_parts(twins, lambda: check(module, 3, n))


@pytest.mark.slow
def test_nor_does_one_of_a_long_row(twins):
    module = twins("norm_rows")
    narrow(module, "long_rows_forward<true>", "long_rows_backward<true>")
    module.team_for = lambda n: None  # as if 300 were long
    assert not races_but_of_parts(twins, lambda: check(module, 2, 300))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("row += team.count()", "row += 1"),
        ("dw[size_t(team.index) * n + j]", "dw[j]"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("norm_rows")
    narrow(module, *instances("32, 4", "128, 4"))
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check(module, 9, 20)
                check(module, 9, 300)
