import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.testing import gradcheck, gradgradcheck
from tests.ops.laws import *

OP = "scaled_dot_product_attention"


def attended(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    """Loop over the queries: exponentials of the scores of the keys in sight, and nothing else."""
    if enable_gqa:
        heads = q.shape[-3]
        k, v = (np.stack([x[..., i * x.shape[-3] // heads, :, :] for i in range(heads)], -3) for x in (k, v))
    T, U = q.shape[-2], k.shape[-2]
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    q, k, v = (np.broadcast_to(x, lead + x.shape[-2:]) for x in (q, k, v))
    mask = np.broadcast_to(True if attn_mask is None else attn_mask, (*lead, T, U))
    y = np.zeros((*lead, T, v.shape[-1]))
    for i in np.ndindex(*lead, T):
        open_ = mask[i] if mask.dtype == bool else mask[i] > -np.inf
        seen = [u for u in range(U) if open_[u] and not (is_causal and u > i[-1])]
        scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
        scores = [float(q[i] @ k[i[:-1]][u]) * scale + (0 if mask.dtype == bool else mask[i][u]) for u in seen]
        e = [math.exp(s - max(scores)) for s in scores]
        for u, w in zip(seen, e, strict=True):
            y[i] += w / sum(e) * v[i[:-1]][u]
    return y


F = ops.scaled_dot_product_attention
CASES = [
    Case(OP, F, attended, [A(2, 3, 4, 5), A(2, 3, 6, 5), A(2, 3, 6, 2)]),
    Case(OP, F, attended, [A(3, 4), A(5, 4), A(5, 2)]),
    Case(OP, F, attended, [A(2, 3, 4), A(2, 3, 4), A(2, 3, 1)], {"is_causal": True}),
    Case(OP, F, attended, [A(2, 5, 2), A(2, 3, 2), A(2, 3, 2)], {"is_causal": True, "scale": 0.3}),
    Case(OP, F, attended, [A(2, 2, 3, 2), A(2, 2, 4, 2), A(2, 2, 4, 3), A(3, 4, dtype="bool")]),
    Case(OP, F, attended, [A(2, 2, 3, 2), A(2, 2, 4, 2), A(2, 2, 4, 3), A(2, 1, 1, 4, dtype="bool")], {"is_causal": True}),
    Case(OP, F, attended, [A(2, 2, 3, 2), A(2, 2, 4, 2), A(2, 2, 4, 3), A(2, 3, 4)]),
    Case(OP, F, attended, [A(2, 3, 2), A(2, 4, 2), A(2, 4, 1), A(3, 1)], {"is_causal": True}),
    Case(OP, F, attended, [A(2, 4, 3, 2), A(2, 2, 4, 2), A(2, 2, 4, 2)], {"enable_gqa": True}),
    Case(OP, F, attended, [A(4, 3, 2), A(1, 3, 2), A(2, 3, 3)], {"enable_gqa": True, "is_causal": True}),
    Case(OP, F, attended, [A(2, 2, 3, 2), A(2, 4, 2), A(2, 1, 4, 2)]),
]


def drawn(*shape, seed=0):
    return Tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


HIDDEN = np.array([[True, True, False, True], [False, False, False, False], [True, False, False, False]])


@pytest.mark.parametrize("mask", [HIDDEN, np.where(HIDDEN, 0.5, -np.inf)], ids=["bool", "float"])
def test_a_query_that_sees_nothing_gets_zeros_and_no_gradient_to_any_order(mask):
    q, k, v = drawn(2, 3, 2), drawn(2, 4, 2), drawn(2, 4, 5)
    f = lambda q, k, v: F(q, k, v, Tensor(mask))
    np.testing.assert_allclose(f(q, k, v).numpy(), attended(q.numpy(), k.numpy(), v.numpy(), mask), atol=1e-12)
    assert not f(q, k, v).numpy()[:, 1].any()
    q.requires_grad = True
    f(q, k, v).backward(drawn(2, 3, 5, seed=1))
    assert not q.grad.numpy()[:, 1].any() and q.grad.numpy()[:, 0].all()
    gradcheck(f, q, k, v)
    gradgradcheck(f, q, k, v)


def test_no_step_on_the_way_to_those_zeros_is_not_a_number():
    q = drawn(2, 3, 2).requires_grad_()
    with minigrad.detect_anomaly():
        F(q, drawn(2, 4, 2), drawn(2, 4, 5), Tensor(np.zeros((3, 4), bool))).sum().backward()


def test_a_mask_of_numbers_is_differentiated_where_it_does_not_hide():
    q, k, v = drawn(3, 2), drawn(4, 2), drawn(4, 5)
    bias = Tensor(np.where(HIDDEN, np.random.default_rng(3).normal(size=(3, 4)), -np.inf), requires_grad=True)
    F(q, k, v, bias).backward(drawn(3, 5, seed=1))
    grad = bias.grad.numpy()
    assert not grad[~HIDDEN].any() and grad[0, [0, 1, 3]].all() and np.isfinite(grad).all()
    np.testing.assert_allclose(grad.sum(1), 0, atol=1e-12)


def test_no_keys_at_all_give_zeros_and_keys_without_width_are_averaged():
    assert F(drawn(2, 3, 4), drawn(2, 0, 4), drawn(2, 0, 5)).tolist() == np.zeros((2, 3, 5)).tolist()
    v = drawn(2, 3, 4)
    np.testing.assert_allclose(F(drawn(2, 1, 0), drawn(2, 3, 0), v).numpy(), v.numpy().mean(1, keepdims=True))


def test_later_inputs_do_not_reach_earlier_outputs_nor_their_gradients():
    q, k, v = (drawn(2, 5, 4, seed=s).requires_grad_() for s in range(3))
    F(q, k, v, is_causal=True)[:, :3].sum().backward()
    assert not any(x.grad.numpy()[:, 3:].any() for x in (q, k, v))
    changed = [Tensor(np.concatenate([x.numpy()[:, :3], x.numpy()[:, 3:] + 9], 1)) for x in (q, k, v)]
    before, after = F(q, k, v, is_causal=True).numpy(), F(*changed, is_causal=True).numpy()
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert not np.isclose(before[:, 3:], after[:, 3:]).any()


def test_without_a_mask_the_order_of_keys_does_not_matter_and_outputs_follow_the_queries():
    q, k, v, order = drawn(2, 3, 4), drawn(2, 5, 4), drawn(2, 5, 6), np.random.default_rng(0).permutation(5)
    np.testing.assert_allclose(F(q, k[:, order], v[:, order]).numpy(), F(q, k, v).numpy(), rtol=1e-12)
    np.testing.assert_allclose(F(q[:, [2, 0, 1]], k, v).numpy(), F(q, k, v).numpy()[:, [2, 0, 1]], rtol=1e-12)


def test_what_is_hidden_does_not_matter_even_where_the_key_is_not_a_number():
    q, k, v = drawn(2, 3, 4), drawn(2, 5, 4), drawn(2, 5, 6)
    seen = Tensor(np.array([True, True, True, False, False]))
    spoilt = np.array(k.numpy())
    spoilt[:, 3:] = np.nan
    expected = F(q, k[:, :3], v[:, :3]).numpy()
    np.testing.assert_allclose(F(q, k, v, seen).numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(F(q, Tensor(spoilt), v, seen).numpy(), expected, rtol=1e-12)


def test_large_scores_neither_overflow_nor_vanish():
    y = F(Tensor([[1e3]]), Tensor([[1e3], [1e3 - 1e-3], [-1e3]]), Tensor([[1.0], [2.0], [3.0]]))
    np.testing.assert_allclose(y.item(), (1 + 2 * math.exp(-1)) / (1 + math.exp(-1)), rtol=1e-3)


def test_dropout_drops_weights_and_keeps_the_mean():
    q, k, v = drawn(40, 8, 4), drawn(40, 50, 4), drawn(40, 50, 3)
    minigrad.manual_seed(1)
    dropped = F(q, k, v, dropout_p=0.25).numpy()
    minigrad.manual_seed(1)
    weights = ops.dropout(ops.softmax(q @ k.mT * 0.5, -1), 0.25)
    np.testing.assert_allclose(dropped, (weights @ v).numpy(), rtol=1e-10)
    assert abs((weights.numpy() == 0).mean() - 0.25) < 0.01
    assert not F(q, k, v, dropout_p=1.0).numpy().any()


def test_dropout_is_differentiated_with_the_mask_of_the_forward_pass():
    def f(q, k, v):
        minigrad.manual_seed(3)
        return F(q, k, v, dropout_p=0.5)

    gradcheck(f, drawn(2, 3, 2), drawn(2, 4, 2), drawn(2, 4, 2))
    gradgradcheck(f, drawn(2, 3, 2), drawn(2, 4, 2), drawn(2, 4, 2))


def test_the_mask_takes_the_dtype_of_the_query():
    q, k, v = (x.to("float32") for x in (drawn(3, 2), drawn(4, 2), drawn(4, 5)))
    assert F(q, k, v, drawn(3, 4)).dtype == minigrad.float32
    assert F(q.half(), k.half(), v.half(), drawn(3, 4)).dtype == minigrad.float16


def test_widths_that_disagree_are_laid_out():
    with pytest.raises(ShapeError) as caught:
        F(drawn(2, 3, 4), drawn(2, 5, 6), drawn(2, 5, 6))
    assert str(caught.value) == (
        "scaled_dot_product_attention: E is 4 in query but 6 in key\n"
        "  query (..., T, E) = (2, 3, 4)\n  key   (..., U, E) = (2, 5, 6)\n  value (..., U, F) = (2, 5, 6)\n"
        "Hint: project query and key to the same width"
    )


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"value": drawn(2, 6, 4)}, ShapeError, "U is 5 in key but 6 in value"),
    ({"key": drawn(4)}, ShapeError, "needs at least 2 axes in each operand"),
    ({"key": drawn(3, 5, 4), "value": drawn(3, 5, 4)}, ShapeError, "the leading axes do not broadcast\n  query (..., T, E) = (2, 3, 4)\n  key   (..., U, E) = (3, 5, 4)"),
    ({"query": drawn(2, 3, 4).float()}, DtypeError, "query is float32 but key is float64"),
    ({name: minigrad.ones(2, 3, dtype="int64") for name in ("query", "key", "value")}, DtypeError, "needs floating tensors, got int64"),
    ({"attn_mask": minigrad.ones(3, 5, dtype="int64")}, DtypeError, "attn_mask must be bool or floating, got int64\nHint: convert with .bool(), where True means: may be seen"),
    ({"attn_mask": drawn(5, 3)}, ShapeError, "attn_mask of shape (5, 3) does not broadcast to the scores (2, 3, 5)"),
    ({"attn_mask": drawn(4, 2, 3, 5)}, ShapeError, "attn_mask of shape (4, 2, 3, 5) does not broadcast to the scores (2, 3, 5)"),
    ({"attn_mask": [True]}, DtypeError, "attn_mask must be a tensor, got list"),
    ({"dropout_p": 1.5}, ArgumentError, "dropout_p is a probability and must lie in [0, 1], got 1.5"),
    ({"key": drawn(3, 5, 4), "value": drawn(3, 5, 4), "enable_gqa": True}, ShapeError, "enable_gqa: A is 2 in query, which is no multiple of 3 in key"),
    ({"query": drawn(3, 4), "enable_gqa": True}, ShapeError, "enable_gqa: A is 0 in query"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    call = {"query": drawn(2, 3, 4), "key": drawn(2, 5, 4), "value": drawn(2, 5, 4), **change}
    with pytest.raises(kind) as caught:
        F(**call)
    assert words in str(caught.value)
