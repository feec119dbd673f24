import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, optim
from minigrad_kernels.cpu import optim as twins
from tests.kernels.updates import UPDATES

from .agreement import arrays, assert_thread_count_leaves_no_trace, drawn

KINDS = {
    "SGD": lambda ps, **o: optim.SGD(ps, 0.1, **o),
    "momentum": lambda ps, **o: optim.SGD(ps, 0.1, momentum=0.9, dampening=0.2, **o),
    "nesterov": lambda ps, **o: optim.SGD(ps, 0.1, momentum=0.9, nesterov=True, **o),
    "Adam": lambda ps, **o: optim.Adam(ps, 0.1, (0.8, 0.95), 1e-3, **o),
    "AdamW": lambda ps, **o: optim.AdamW(ps, 0.1, (0.8, 0.95), 1e-3, **o),
    "amsgrad": lambda ps, **o: optim.Adam(ps, 0.1, amsgrad=True, **o),
    "RMSprop": lambda ps, **o: optim.RMSprop(ps, 0.1, 0.9, 1e-3, **o),
    "centered": lambda ps, **o: optim.RMSprop(ps, 0.1, centered=True, momentum=0.5, **o),
}


def walked(kind, values, gradients, **options):
    """Return the parameters after one step per list of gradients."""
    params = [Tensor(v.copy(), requires_grad=True) for v in values]
    optimizer = KINDS[kind](params, **options)
    for step in gradients:
        for p, g in zip(params, step, strict=True):
            p.grad = minigrad.from_numpy(g)
        optimizer.step()
    return [p.numpy() for p in params]


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_steps_are_those_of_the_reference(kind, data):
    shapes = data.draw(st.lists(st.sampled_from([(), (1,), (3, 4), (0,), (2, 1, 70)]), min_size=1, max_size=3))
    options = {"weight_decay": data.draw(st.sampled_from([0.0, 0.1])), "maximize": data.draw(st.booleans())}
    values = [drawn(shape, i) for i, shape in enumerate(shapes)]
    gradients = [[data.draw(arrays(shape=shape))[0] for shape in shapes] for _ in range(3)]
    got = walked(kind, values, gradients, **options)
    with minigrad.kernels("reference"):
        expected = walked(kind, values, gradients, **options)
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-5, atol=1e-6)


def test_nan_in_a_gradient_reaches_the_parameter_and_its_neighbours_are_spared():
    g = drawn(20)
    g[7] = np.nan
    for kind in KINDS:
        (p,) = walked(kind, [drawn(20, 1)], [[g]])
        assert np.flatnonzero(np.isnan(p)).tolist() == [7]


def test_an_infinite_parameter_does_not_spoil_its_averages_without_decay():
    p, g, m, v = (np.float32([x]) for x in (np.inf, 1.0, 0.0, 0.0))
    assert twins.adam_update([p], [g], [m], [v], [None], [1], 0.1, 0.9, 0.99, 1e-8, 0, False, False) is None
    assert np.isfinite([m[0], v[0]]).all()


@pytest.mark.parametrize("name", UPDATES)
def test_what_is_not_covered_is_handed_back_untouched(name):
    twin, (_, args) = getattr(twins, name), UPDATES[name]
    good, wide = np.ones((2, 3), "float32"), np.ones((2, 3))
    frozen, strided = good.copy(), np.ones((2, 6), "float32")[:, ::2]
    frozen.flags.writeable = False
    for p, g, b in [(wide, wide, wide), (good, wide, good), (frozen, good, good), (good, good, strided), (strided, good, good)]:
        kept = [a.copy() for a in (p, g, b)]
        assert twin(*args(p, g, b)) is NotImplemented
        for a, before in zip((p, g, b), kept, strict=True):
            np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize("name", UPDATES)
def test_a_step_on_one_of_several_parameters_is_a_step_on_it_alone(name):
    _, args = UPDATES[name]
    p, g, b = drawn(9), drawn(9, 1), abs(drawn(9, 2))
    alone, together, other = args(p.copy(), g, b.copy()), args(p.copy(), g, b.copy()), args(p[:4] * 2, g[:4], b[:4] * 2)
    joined = [(a + c if isinstance(a, list) else a) for a, c in zip(together, other, strict=True)]
    getattr(twins, name)(*alone)
    getattr(twins, name)(*joined)
    np.testing.assert_array_equal(alone[0][0], joined[0][0])


def test_threads_leave_no_trace(monkeypatch):
    n = 2**16 + 13

    def step():
        p, m, v = drawn(n), drawn(n, 1), abs(drawn(n, 2))
        twins.adam_update([p], [drawn(n, 3)], [m], [v], [None], [3], 0.1, 0.9, 0.99, 1e-8, 0.01, True, False)
        return p, m, v

    assert_thread_count_leaves_no_trace(monkeypatch, step)
