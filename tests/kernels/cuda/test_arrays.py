import numpy as np
import pytest

from minigrad_kernels import registry

from .agreement import on_device


@pytest.mark.parametrize(
    ("x", "yes"),
    [
        (np.zeros(3, "f4"), True),
        (np.zeros((), "f4"), True),
        (np.zeros(3), False),
        (np.zeros(3, "f2"), False),
        (np.zeros(3, "i4"), False),
        (np.zeros((2, 0), "f4"), False),
    ],
    ids=str,
)
def test_covered_are_arrays_of_float32_that_hold_something(twins, x, yes):
    arrays, one = twins("arrays"), on_device(np.ones(1, "f4"))
    assert arrays.covered(on_device(x)) is yes
    assert arrays.covered(one, on_device(x)) is yes
    assert arrays.covered(one, None, on_device(x)) is yes


class Large:
    """An array of so many elements, as far as anyone can tell without the memory for it."""

    dtype = np.dtype("f4")

    def __init__(self, size):
        self.size = size


def test_covered_arrays_can_be_counted_in_an_int(twins):
    assert twins("arrays").covered(Large(2**31 - 1))
    assert not twins("arrays").covered(Large(2**31))


def test_dense_arrays_stay_and_others_are_copied(twins):
    dense, x = twins("arrays").dense, on_device(np.arange(6, dtype="f4").reshape(2, 3))
    assert dense(x) is x and dense(None) is None
    assert dense(x.T).flags.c_contiguous
    np.testing.assert_array_equal(dense(x.T).get(), x.get().T)


def test_a_dense_view_stays_where_it_is(twins):
    x = on_device(np.zeros(8, "f4"))
    assert twins("arrays").dense(x[1:]).data.ptr == x.data.ptr + 4


def test_room_has_the_shape_and_type_asked_for(twins):
    room = twins("arrays").room
    assert (room((2, 3)).shape, room((2, 3)).dtype) == ((2, 3), np.float32)
    assert room((4,), np.uint8).dtype == np.uint8


@pytest.mark.parametrize(("n", "each", "count"), [(0, 4, 0), (1, 4, 1), (4, 4, 1), (5, 4, 2), (8, 4, 2)])
def test_blocks_cover_all(twins, n, each, count):
    assert twins("arrays").blocks(n, each) == count


@pytest.mark.parametrize(("mode", "asked", "wanted"), [("auto", "high", "high"), ("exact", "high", "highest"), ("auto", "highest", "highest")])
def test_products_are_as_exact_as_asked_for_and_exact_in_that_mode(twins, monkeypatch, mode, asked, wanted):
    monkeypatch.setattr(registry.choice, "mode", mode)
    monkeypatch.setattr(registry.choice, "precision", asked)
    assert twins("arrays").precision() == wanted


def test_an_older_gpu_gets_no_kernels_that_it_lacks_the_instructions_for(twins, cupy, monkeypatch):
    monkeypatch.setattr(twins("arrays"), "capability", lambda: 75)
    monkeypatch.setattr(registry.choice, "precision", "high")
    x, q = on_device(np.ones((8, 8), "f4"), np.ones((1, 1, 8, 8), "f4"))
    with twins("matmul").own_products():
        assert twins("matmul").matmul_loop(x, x) is NotImplemented
    assert twins("attention").attention_forward(q, q, q, None, False, 1.0, None) is NotImplemented
    conv = twins("conv")
    assert conv.kernels() is conv.FLOAT
