import numpy as np
import pytest

from minigrad import ops
from minigrad.ops import normalise as loops
from tests.kernels.cpu.agreement import exactly

from .agreement import assert_devices_agree, drawn, on_device

EPS = 0.1
PROBLEMS = [  # the shape of x, the axes of the means, the shape of w and b
    ("rows", (5, 33), (1,), (33,)),
    ("rows", (3, 4, 7), (1, 2), (4, 7)),
    ("rows", (3, 4, 7), (2,), (1, 1, 7)),
    ("rows", (2, 3, 4, 5), (2, 3), None),
    ("columns", (9, 40), (0,), (1, 40)),
    ("columns", (9, 5, 1), (0, 2), (1, 5, 1)),
    ("planes", (3, 5, 6), (0, 2), (1, 5, 1)),
    ("planes", (2, 3, 4, 5), (0, 2, 3), (1, 3, 1, 1)),
    ("planes", (3, 4, 5, 2), (2, 3), (1, 4, 1, 1)),
    ("planes", (3, 2, 4, 5), (2, 3), (1, 2, 1, 1)),
    ("planes", (2, 2, 3, 4, 4), (2, 3, 4), (1, 2, 3, 1, 1)),
]


def gradients(dy, x, w, b, mu, inverse, axes, view):
    """Return dx, dw and db by the reference."""
    dx = loops.normalise_backward.reference(dy, x, w, mu, inverse, axes)
    if w is None and b is None:
        return dx, None, None
    ones, zeros = np.ones_like(x), np.zeros_like(mu)
    return (dx, loops.normalise_weight.reference(dy, x, mu, inverse, view),
            loops.normalise_weight.reference(dy, ones, zeros, np.ones_like(mu), view))  # fmt: skip


def assert_close(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(got.get(), expected, rtol=1e-5, atol=1e-5 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize(("kind", "shape", "axes", "view"), PROBLEMS)
def test_x_is_arranged_by_where_its_statistics_and_parameters_belong(twins, kind, shape, axes, view):
    assert twins("normalise").arranged(shape, axes, view).kind == kind


@pytest.mark.parametrize(("kind", "shape", "axes", "view"), PROBLEMS)
def test_values_and_gradients_agree_with_the_reference(twins, kind, shape, axes, view):
    for given, layout in ("wb", "dense"), ("w", "columns first"), ("b", "unaligned"), ("", "every other"):
        check(twins("normalise"), shape, axes, view, given, layout)


def check(module, shape, axes, view, given, layout):
    dy, x = drawn(shape), drawn(shape, 1)
    w, b = (drawn(view, 2) if view and name in given else None for name in "wb")
    expected = exactly(loops.normalise_forward.reference, x, w, b, axes=axes, eps=EPS)
    moved = on_device(x, w, b, layout=layout)
    for got, wanted in zip(module.normalise_forward(*moved, axes, EPS), expected, strict=True):
        assert_close(got, wanted)
    mu, inverse = (s.astype("f4") for s in (expected[1], 1 / np.sqrt(expected[2] + EPS)))
    given_view = view if w is not None or b is not None else None
    got = module.normalise_gradients(on_device(dy, layout=layout), *moved, *on_device(mu, inverse), axes, given_view)
    wanted = exactly(gradients, dy, x, w, b, mu, inverse, axes=axes, view=view)
    assert_close(got[0], wanted[0])
    if given_view is None:
        assert got[1] is got[2] is None
    else:
        assert_close(got[1], wanted[1])
        assert_close(got[2], wanted[2])


def test_flat_parameters_are_read_in_the_shape_of_the_view(twins):
    dy, x, w, mu, inverse = drawn((2, 3, 4)), drawn((2, 3, 4), 1), drawn(3, 2), drawn((1, 3, 1), 3), drawn((1, 3, 1), 4)
    dx, dw, db = twins("normalise").normalise_gradients(*on_device(dy, x, w, None, mu, inverse), (0, 2), (1, 3, 1))
    assert dw.shape == db.shape == (3,)
    np.testing.assert_allclose(dw.get(), (dy * (x - mu) * inverse).sum((0, 2)), rtol=1e-4, atol=1e-5)
    assert dx.shape == x.shape


OPS = {
    "layer": (lambda x, w, b: ops.layer_norm(x, (6,), w, b), (3, 4, 6), 6),
    "batch of images": (lambda x, w, b: ops.batch_norm(x, None, None, w, b, training=True), (3, 4, 5, 2), 4),
    "batch of features": (lambda x, w, b: ops.batch_norm(x, None, None, w, b, training=True), (9, 4), 4),
    "group": (lambda x, w, b: ops.group_norm(x, 2, w, b), (2, 6, 5), 6),
    "instance": (lambda x, w, b: ops.instance_norm(x, weight=w, bias=b), (2, 3, 5, 4), 3),
}


@pytest.mark.parametrize("name", OPS)
def test_on_the_device_an_op_gives_what_it_gives_on_the_host(cupy, name):
    op, shape, n = OPS[name]
    assert_devices_agree(op, drawn(shape), drawn(n, 1), drawn(n, 2))


def test_other_types_and_empty_arrays_are_left_to_the_reference(twins):
    module, wide = twins("normalise"), on_device(np.zeros((2, 3)))
    empty, stat = on_device(np.zeros((0, 3), "f4")), on_device(np.zeros((2, 1), "f4"))
    for x in wide, empty:
        assert module.normalise_forward(x, None, None, (1,), EPS) is NotImplemented
        assert module.normalise_gradients(x, x, None, None, stat, stat, (1,), None) is NotImplemented
