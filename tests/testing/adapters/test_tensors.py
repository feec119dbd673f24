"""Functions of minigrad tensors: what goes in, what comes out, and what is no result."""

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.testing import gradcheck
from minigrad.testing.adapters.tensors import TensorFunction, floating_tensors
from minigrad.testing.flaws import Flaw

X = np.random.default_rng(0).normal(size=(2, 3))


def test_forward_and_backward_are_those_of_the_tape():
    f = TensorFunction("gradcheck", lambda x, w: x * w, [X, X + 1])
    run = f.forward(f.arrays)
    np.testing.assert_allclose(run.outputs[0], X * (X + 1))
    dx, dw = f.backward(run, [np.ones((2, 3))])
    np.testing.assert_allclose(dx, X + 1)
    np.testing.assert_allclose(dw, X)
    np.testing.assert_allclose(f.evaluate(f.arrays), (X * (X + 1)).reshape(-1))


def test_only_what_is_checked_requires_a_gradient():
    seen = []
    f = TensorFunction("gradcheck", lambda x, w: seen.append((x.requires_grad, w.requires_grad)) or x * w, [X, X], 1)
    f.forward(f.arrays)
    f.evaluate(f.arrays)
    assert seen == [(False, True), (False, False)]


def test_gradients_of_what_the_function_closes_over_are_left_alone():
    w = Tensor(X, requires_grad=True)
    gradcheck(lambda x: x * w, X)
    assert w.grad is None


def test_several_outputs_come_in_tuples_lists_named_tuples_and_dicts():
    x = Tensor(X)
    assert len(floating_tensors((x, x))) == len(floating_tensors([x, x])) == len(floating_tensors({"a": x, "b": x})) == 2
    assert len(floating_tensors(x.max(1))) == 1 and len(floating_tensors((x, None, x.argmax()))) == 1
    assert gradcheck(lambda x: {"loss": x.sum(), "y": x * 2}, X)


@pytest.mark.parametrize("result, words, hint", [
    (None, "returned None, not a tensor", "return statement"), (2.5, "returned a float", "minigrad's ops"), (X, "returned an array of float64", "leaves the tape"),
    ((None,), r"no floating tensor \(None\)", "as a tensor of floats"), ((), r"no floating tensor \(nothing\)", ""), (Tensor(X).argmax(), r"\(a tensor of int64\)", ""),
])  # fmt: skip
def test_what_is_no_result_is_told(result, words, hint):
    with pytest.raises(Flaw, match=words) as raised:
        floating_tensors(result)
    assert hint in raised.value.hint


def test_a_path_that_was_cut_gives_none():
    f = TensorFunction("gradcheck", lambda x, w: (x * 2, w.detach()), [X, X])
    assert [g is None for g in f.backward(f.forward(f.arrays), [X, X])] == [False, True]
    f = TensorFunction("gradcheck", lambda x: x.detach(), [X])
    assert f.backward(f.forward(f.arrays), [X]) == [None]
