"""What the player can do means the same in both worlds."""

import numpy as np
import pytest

from minigrad import Tensor, ops
from minigrad.testing.moves import BINARY, BLOCKS, UNARY, VIEWS, WRITES, Explosion, Hook, explosive, fits

X, Y = np.array([[0.5, -1.0], [2.0, 0.25]]), np.array([1.5, -0.5])
MOVES = [(f, (X,)) for f in (UNARY | VIEWS).values()] + [(f, (X, Y)) for f in (BINARY | BLOCKS).values()]


@pytest.mark.parametrize(("f", "arrays"), MOVES)
def test_a_move_computes_the_same_in_both_worlds(f, arrays):
    np.testing.assert_allclose(f(ops, *map(Tensor, arrays)).numpy(), f(np, *arrays))


@pytest.mark.parametrize("how", WRITES)
def test_a_write_leaves_the_same_in_both_worlds(how):
    x = Tensor(X)
    WRITES[how].engine(x, Tensor(Y))
    expected = np.broadcast_to(WRITES[how].value(*WRITES[how].operands(X, Y)), X.shape)
    np.testing.assert_array_equal(x.numpy(), expected)


def test_a_write_fits_where_the_value_goes_into_the_target_and_stays_small():
    assert fits("mul_", X, Y) and fits("setitem", X, Y) and fits("zero_", Y, X)
    assert not fits("mul_", Y, X) and not fits("setitem", np.array(1.0), Y) and not fits("setitem", X, X)
    assert not fits("add_", X, np.array(100.0)) and not fits("mul_", X, np.ones(3))


def test_an_explosive_op_computes_and_then_raises_in_backward():
    x = Tensor(Y, requires_grad=True)
    y = explosive(x)
    np.testing.assert_array_equal(y.numpy(), Y)
    with pytest.raises(Explosion):
        y.backward(Tensor(Y))


def test_a_hook_multiplies_looks_or_raises_and_counts_its_calls():
    hook, spy, bomb = Hook(2.0), Hook(None), Hook(0.0)
    assert hook(Tensor(Y)).tolist() == [3, -1] and spy(Tensor(Y)) is None and hook.calls == spy.calls == 1
    with pytest.raises(Explosion):
        bomb(Tensor(Y))
    for sure, possible, calls, expected in [(True, True, 1, 1), (False, True, 1, 1), (False, True, 2, 2), (False, False, 3, 2)]:
        hook.calls = calls
        hook.count(sure, possible)
        assert hook.expected == expected
        hook.expected = min(hook.expected, calls)
