"""Steps of all optimizers on the device against those of the reference in double precision."""

import re

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, optim
from tests.cusim.races import find_races
from tests.cusim.simcupy import LEDGER
from tests.cusim.simulator import SCHEDULES, scheduled
from tests.kernels.updates import UPDATES

from .agreement import FOUND, LAYOUTS, drawn, on_device, plant

KINDS = {
    "SGD": lambda ps, **o: optim.SGD(ps, 0.1, **o),
    "momentum": lambda ps, **o: optim.SGD(ps, 0.1, momentum=0.9, dampening=0.2, **o),
    "nesterov": lambda ps, **o: optim.SGD(ps, 0.1, momentum=0.9, nesterov=True, **o),
    "Adam": lambda ps, **o: optim.Adam(ps, 0.1, (0.8, 0.95), 1e-3, **o),
    "AdamW": lambda ps, **o: optim.AdamW(ps, 0.1, (0.8, 0.95), 1e-3, **o),
    "amsgrad": lambda ps, **o: optim.Adam(ps, 0.1, (0.8, 0.95), 1e-3, amsgrad=True, **o),
    "RMSprop": lambda ps, **o: optim.RMSprop(ps, 0.1, 0.9, 1e-3, **o),
    "centered": lambda ps, **o: optim.RMSprop(ps, 0.1, 0.9, 1e-3, centered=True, **o),
    "heavy": lambda ps, **o: optim.RMSprop(ps, 0.1, 0.9, 1e-3, momentum=0.5, **o),
    "heavy and centered": lambda ps, **o: optim.RMSprop(ps, 0.1, 0.9, 1e-3, centered=True, momentum=0.5, **o),
}
PIECE, MOST = 4096, 64
SHAPES = [(5000,), (1,), (3, 4), (0,), (2, 1, 70), (), (PIECE,), (PIECE + 1,)]


def walked(kind, values, gradients, device="cuda", dtype="float32", layout="dense", **options):
    """Return the parameters after one step per list of gradients, None where a parameter has none in that step."""
    with minigrad.kernels("auto" if device == "cuda" else "reference"):
        params = [Tensor(v.astype(dtype)).to(device).requires_grad_() for v in values]
        optimizer = KINDS[kind](params, **options)
        for step in gradients:
            for p, g in zip(params, step, strict=True):
                moved = None if g is None else on_device(g, layout=layout) if device == "cuda" else g.astype(dtype)
                p.grad = None if g is None else minigrad.as_tensor(moved)
            optimizer.step()
        return [p.detach().cpu().numpy() for p in params]


def check(kind, shapes, steps=3, layout="dense", **options):
    values = [drawn(shape, i) for i, shape in enumerate(shapes)]
    gradients = [[drawn(shape, 100 * t + i) for i, shape in enumerate(shapes)] for t in range(1, steps + 1)]
    got = walked(kind, values, gradients, layout=layout, **options)
    for a, b in zip(got, walked(kind, values, gradients, "cpu", "float64", **options), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=5e-6)


@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}, {"maximize": True, "weight_decay": 0.1}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_those_of_the_reference(cupy, kind, options):
    check(kind, SHAPES, **options)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("kind", ["Adam", "heavy and centered"])
def test_the_order_of_threads_does_not_matter(cupy, kind, schedule):
    with scheduled(*schedule):
        check(kind, SHAPES[:5], 1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_may_lie_in_memory_as_it_likes(cupy, kind, layout):
    check(kind, [(8, 6), (1, 7)], 1, layout)


def test_parameters_that_are_not_aligned_are_moved_too_and_their_neighbours_are_not(cupy, twins):
    store, n = drawn(2 * PIECE + 100), PIECE + 7
    for start in (1, 2, 4):
        memory, g = on_device(store), on_device(drawn(n, 1))
        assert twins("optim").sgd_update([memory[start : start + n]], [g], [None], [True], 0.5, 0, 0, 0, False, False) is None
        expected = store.copy()
        expected[start : start + n] -= 0.5 * g.get()
        np.testing.assert_allclose(memory.get(), expected, rtol=1e-6)


@pytest.mark.parametrize(("count", "launches"), [(1, 1), (MOST, 1), (MOST + 1, 2), (2 * MOST + 5, 3)])
def test_one_launch_moves_64_parameters(cupy, count, launches):
    params = [Tensor(drawn(i % 7 + 1, i)).to("cuda").requires_grad_() for i in range(count)]
    before, optimizer = [p.detach().cpu().numpy() for p in params], optim.SGD(params, 0.5)
    for i, p in enumerate(params):
        p.grad = Tensor(drawn(i % 7 + 1, 1000 + i)).to("cuda")
    with LEDGER.counting() as counts:
        optimizer.step()
        assert (counts.launches, counts.operations, counts.uploads, counts.waits.total()) == (launches, launches, 0, 0)
    for i, (p, start) in enumerate(zip(params, before, strict=True)):
        np.testing.assert_allclose(p.detach().cpu().numpy(), start - 0.5 * drawn(i % 7 + 1, 1000 + i), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["momentum", "Adam"])
def test_parameters_that_have_taken_different_numbers_of_steps_stand_side_by_side(cupy, kind):
    values, gradients = [drawn(9, i) for i in range(3)], [[drawn(9, 10 * t + i) for i in range(3)] for t in range(1, 4)]
    gradients[0][1] = gradients[1][2] = None
    for a, b in zip(walked(kind, values, gradients), walked(kind, values, gradients, "cpu", "float64"), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_nan_in_a_gradient_reaches_the_parameter_and_its_neighbours_are_spared(cupy):
    g = drawn(20)
    g[7] = np.nan
    for kind in KINDS:
        (p,) = walked(kind, [drawn(20, 1)], [[g], [drawn(20, 2)]])
        assert np.flatnonzero(np.isnan(p)).tolist() == [7]


def test_an_infinite_parameter_does_not_spoil_its_averages_without_decay(twins):
    p, g, m, v = on_device(*(np.float32([x]) for x in (np.inf, 1.0, 0.0, 0.0)))
    assert twins("optim").adam_update([p], [g], [m], [v], [None], [1], 0.1, 0.9, 0.99, 1e-8, 0, False, False) is None
    assert np.isfinite([m.get()[0], v.get()[0]]).all()


def test_a_variance_that_rounding_has_pushed_below_0_counts_as_0(twins):
    p, g, v, a = on_device(*(np.float32([x]) for x in (1, 0.5, 1, 2)))
    assert twins("optim").rmsprop_update([p], [g], [v], [a], [None], 0.1, 1.0, 0.5, 0.0, 0.0, False) is None
    np.testing.assert_allclose(p.get(), [0.9], rtol=1e-6)


@pytest.mark.parametrize("name", UPDATES)
def test_what_is_not_covered_is_handed_back_untouched(twins, name):
    twin, (_, args) = getattr(twins("optim"), name), UPDATES[name]
    good, wide, strided = on_device(np.ones((2, 3), "f4"), np.ones((2, 3)), np.ones((2, 6), "f4"))
    for p, g, b in [(wide, wide, wide), (good, wide, good), (good, good, strided[:, ::2]), (strided[:, ::2], good, good)]:
        assert twin(*args(p, g, b)) is NotImplemented
    assert all((x.get() == 1).all() for x in (good, wide, strided))


@pytest.mark.parametrize("name", UPDATES)
def test_a_step_is_that_of_the_reference_loop_on_the_same_arrays(twins, name):
    reference, args = UPDATES[name]
    ours, theirs = ([abs(drawn(77, i)) for i in range(3)] for _ in range(2))
    moved = on_device(*ours)
    assert getattr(twins("optim"), name)(*args(*moved)) is None
    reference.reference(*args(*theirs))
    for a, b in zip(moved, theirs, strict=True):
        np.testing.assert_allclose(a.get(), b, rtol=1e-5, atol=1e-6)


def test_a_graph_records_the_step_and_replays_it(cupy):
    p = Tensor(drawn(10)).to("cuda").requires_grad_()
    p.grad, start, graph = Tensor(drawn(10, 1)).to("cuda"), drawn(10), minigrad.cuda.CUDAGraph()
    optimizer = optim.SGD([p], 0.5)
    optimizer.step()
    with minigrad.cuda.graph(graph):
        optimizer.step()
    for _ in range(3):
        graph.replay()
    np.testing.assert_allclose(p.detach().cpu().numpy(), start - 4 * 0.5 * drawn(10, 1), rtol=1e-4, atol=1e-5)


def test_the_text_and_the_launcher_agree_on_sizes(twins):
    module = twins("optim")
    sizes = dict(re.findall(r"constexpr int (\w+) = (\d+);", module.PROGRAM.text))
    assert sizes == {name: str(getattr(module, name)) for name in ("BLOCK", "PIECE", "MOST", "COLUMNS")}
    assert module.TENSORS.itemsize <= 4096 - 64  # what a launch may carry, less the numbers


CARRIED = """
__global__ void carried(float* p, float* g, float* m, float* v, int n) {
  Tensors tensors = {};
  float* columns[4] = {p, g, m, v};
  for (int c = 0; c < 4; c++) {
    tensors.array[c][0] = columns[c];
    tensors.array[c][1] = columns[c] + n;
  }
  tensors.n[0] = tensors.n[1] = n;
  for (int k = 0; k <= MOST; k++) tensors.first[k] = k < 2 ? 2 * k : 4;
  adam<false>(tensors, 0.1f, 0.9f, 0.99f, 0.1f, 0.01f, 1.0f, 1e-8f, 0.0f, 1.0f, 1.0f);
}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "races"), [("", "", False), ("i < n; i += BLOCK", "i < n + 1; i += BLOCK", True)])
def test_no_two_blocks_race(twins, old, new, races):
    """The pointers of a launch mean nothing in another process, so here a kernel writes them down for each thread."""
    n, text = PIECE + 5, twins("optim").PROGRAM.text
    arrays = [np.zeros(2 * n + 1, "f4") for _ in range(4)]
    found = find_races(text.replace(old, new) + CARRIED, "carried", (4,), (256,), (*arrays, np.int32(n)))
    assert bool(found) == races


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tensors.first[k + half] <= block", "tensors.first[k + half] < block"),
        ("(block - tensors.first[k]) * PIECE", "block * PIECE"),
        ("aligned && size_t(at[c]) % sizeof(float4) == 0", "true"),
        ("4 * fours + threadIdx.x", "threadIdx.x"),
        ("if (c != 1) at[c][i] = v[c];", "if (c < 2) at[c][i] = v[c];"),
        ("fresh * step", "step"),
        ("square > v[4]", "square < v[4]"),
        ("square < 0.0f ? 0.0f : square", "square"),
    ],
)
def test_planted_bugs_are_found(twins, old, new):
    module = twins("optim")
    plant(module, old, new)
    with pytest.raises(FOUND):
        for kind in KINDS:
            check(kind, [(PIECE + 7,), (3, 4), (1,)], 2)
        test_a_gradient_may_lie_in_memory_as_it_likes(None, "SGD", "unaligned")
        test_a_variance_that_rounding_has_pushed_below_0_counts_as_0(lambda stem: module)
