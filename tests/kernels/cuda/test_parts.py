import numpy as np
import pytest

from tests.cusim import races
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, on_device, plant

SHAPES = [(1, 1), (2, 31), (31, 32), (32, 33), (33, 5), (100, 70)]


def check_sums(module, shape):
    x = drawn(shape)
    sums = module.add_parts(on_device(x)).get()
    np.testing.assert_allclose(sums, x.astype("f8").sum(0), rtol=1e-6, atol=1e-5)


def moments_of(numbers, each):
    """Return means, and sums of squares about them, of so many rows each, in lots that end as the first axis does."""
    pieces = [lot[i : i + each].astype("f8") for lot in numbers for i in range(0, len(lot), each)]
    return [np.array([f(piece) for piece in pieces], "f4") for f in (lambda p: p.mean(0), lambda p: p.var(0) * len(p))]


def check_moments(module, lots, length, each, columns):
    numbers = drawn((lots, length, columns)) + np.float32(3)
    mean, variance = on_device(np.empty(columns, "f4"), np.empty(columns, "f4"))
    module.merge_parts(*on_device(*moments_of(numbers, each)), each, length, mean, variance)
    wide = numbers.reshape(-1, columns).astype("f8")
    np.testing.assert_allclose(mean.get(), wide.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variance.get(), wide.var(0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_sums_are_those_of_the_columns(twins, schedule):
    with scheduled(*schedule):
        for shape in SHAPES:
            check_sums(twins("parts"), shape)


@pytest.mark.parametrize(("lots", "length", "each", "columns"), [(1, 1, 1, 1), (1, 7, 3, 5), (3, 10, 4, 33), (40, 2, 8, 2), (5, 12, 4, 64)])
def test_moments_of_pieces_make_those_of_the_whole(twins, lots, length, each, columns):
    for schedule in SCHEDULES:
        with scheduled(*schedule):
            check_moments(twins("parts"), lots, length, each, columns)


def test_a_nan_stays_in_its_column(twins):
    x = drawn((40, 3))
    x[35, 1] = np.nan
    assert np.isnan(twins("parts").add_parts(on_device(x)).get()).tolist() == [False, True, False]


def test_sums_are_the_same_from_run_to_run(twins):
    x, runs = on_device(drawn((100, 40))), []
    for schedule in SCHEDULES:
        with scheduled(*schedule):
            runs.append(twins("parts").add_parts(x).get())
    assert all((run == runs[0]).all() for run in runs)


@pytest.mark.slow
def test_no_thread_reads_what_another_may_still_write(monkeypatch, twins):
    shorter = races.SETTINGS.replace("history_size=7", "history_size=0")  # or a block of 1024 threads takes gigabytes
    monkeypatch.setattr(races, "SETTINGS", shorter)
    assert not races.races_in(lambda: check_sums(twins("parts"), (70, 33)))
    assert not races.races_in(lambda: check_moments(twins("parts"), 3, 10, 4, 33))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("__syncthreads();", ""),
        ("return tile[lane][warp];", "return tile[warp][lane];"),
        ("length - r % pieces * each", "length"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("parts")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for schedule in SCHEDULES:
            with scheduled(*schedule):
                check_sums(module, (70, 33))
                check_moments(module, 3, 10, 4, 33)
