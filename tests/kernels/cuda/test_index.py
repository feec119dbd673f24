import numpy as np
import pytest

from minigrad import Tensor, ops, tensor
from tests.cusim.races import races_in
from tests.cusim.simulator import SCHEDULES, scheduled

from .agreement import FOUND, drawn, on_device, plant

PART = 64


def expected(y, places, size):
    x = np.zeros(size, "f8")
    np.add.at(x.reshape(-1, y.shape[1]), places, y)
    return x


def check(module, places, width, size=None, layout="dense"):
    places = np.asarray(places)
    y, size = drawn((len(places), width)), size or (int(places.max()) + 2, width)
    x = module.add_rows(on_device(y, layout=layout), on_device(places), size)
    assert x.shape == size and x.dtype == np.float32
    np.testing.assert_allclose(x.get(), expected(y, places, size), rtol=1e-5, atol=1e-5)


RUNS = {  # how often each of the places 0, 1, 2, ... is named
    "one row": [1],
    "every place once": [1] * 200,
    "every place but some": [0, 1, 1, 0, 3] * 30,
    "one place alone": [5 * PART + 3],
    "runs that end with their part": [PART, PART // 2, PART // 2, 2 * PART, PART],
    "runs over several parts": [10, 3 * PART, 5, 2 * PART + 7, 1],
    "a run that fills its last part": [10, 2 * PART - 10, 4],
    "a run that begins at the end of a part": [PART - 1, PART + 1, 7],
}


@pytest.mark.parametrize("width", [1, 3, 40])
@pytest.mark.parametrize("name", RUNS)
def test_each_place_gets_the_sum_of_its_rows(twins, name, width):
    places = np.random.default_rng(0).permutation(np.repeat(np.arange(len(RUNS[name])), RUNS[name]))
    check(twins("index"), places, width)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_in_every_order_of_threads(twins, schedule):
    with scheduled(*schedule):
        check(twins("index"), np.random.default_rng(1).integers(0, 5, 6 * PART), 5)


@pytest.mark.parametrize("layout", ["columns first", "unaligned", "every other"])
def test_rows_may_lie_in_memory_as_they_like(twins, layout):
    check(twins("index"), np.random.default_rng(1).integers(0, 9, 30), 5, layout=layout)


def test_the_table_may_have_any_shape_and_be_much_larger_than_what_is_named(twins):
    check(twins("index"), np.array([3, 700, 3]), 6, (1000, 2, 3))
    check(twins("index"), np.array([3, 700, 3]), 1, (30, 40))


def test_a_place_that_the_table_lacks_is_passed_over(twins):
    places = np.repeat([-1, 0, 1, 2, 10**12], [PART + 9, 3, 2 * PART, 5, 70])
    y = drawn((len(places), 3))
    inside = (places >= 0) & (places < 2)
    x = twins("index").add_rows(*on_device(y, places), (2, 3)).get()
    np.testing.assert_allclose(x, expected(y[inside], places[inside], (2, 3)), rtol=1e-5, atol=1e-5)


def test_sums_are_the_same_from_run_to_run(twins):
    y, places = on_device(drawn((3 * PART, 4)), np.random.default_rng(2).integers(0, 3, 3 * PART))
    runs = []
    for schedule in SCHEDULES:
        with scheduled(*schedule):
            runs.append(twins("index").add_rows(y, places, (3, 4)).get())
    assert all((run == runs[0]).all() for run in runs)


def test_the_gradient_of_an_embedding_is_that_of_the_host(cupy):
    tokens, results = np.random.default_rng(0).integers(0, 7, (5, 30)), []
    for device in "cpu", "cuda":
        table = Tensor(drawn((7, 4))).to(device).requires_grad_()
        y = ops.embedding(tensor(tokens).to(device), table)
        y.backward(Tensor(drawn(y.shape, 1)).to(device))
        results.append(table.grad.cpu().numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-5, atol=1e-5)


def test_other_types_and_empty_rows_are_handed_back(twins):
    twin, y, places = twins("index").add_rows, on_device(drawn((3, 2))), on_device(np.zeros(3, "i8"))
    assert twin(y.astype("f8"), places, (5, 2)) is NotImplemented
    assert twin(y, places.astype("i4"), (5, 2)) is NotImplemented
    assert twin(y[:0], places[:0], (5, 2)) is NotImplemented


@pytest.mark.slow
def test_no_two_threads_meet(twins):
    assert not races_in(lambda: check(twins("index"), np.random.default_rng(1).integers(0, 3, 4 * PART), 5))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("const bool goes_on = i + 1 == p.last && p.after;", "const bool goes_on = false;"),
        ("if (p.before && places[p.first] == place) return;", ""),
        ("places[part * PART] == place; part++", "places[part * PART] == place && part < p.number + 2; part++"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("index")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for name in RUNS:
            test_each_place_gets_the_sum_of_its_rows(lambda stem: module, name, 3)
