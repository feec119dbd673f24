import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.testing import gradcheck, gradgradcheck


def normal(*shape, seed=0):
    return Tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


def layer(*args, **options):
    made = nn.MultiheadAttention(*args, **{"batch_first": True, **options}).double()
    for i, p in enumerate(made.parameters()):
        nn.init.normal_(p, std=0.5, generator=minigrad.Generator(i))
    return made


def attended(made, query, key, value, shown):
    """Loop over sequences and heads; shown (B, T, U) is True where a key may be seen."""
    M, A = made.embed_dim, made.num_heads
    packed = made.in_proj_weight
    weights = np.split(packed.numpy(), 3) if packed is not None else [w.numpy() for w in (made.q_proj_weight, made.k_proj_weight, made.v_proj_weight)]
    biases = np.split(made.in_proj_bias.numpy(), 3)
    ys, alignments = [], []
    for b in range(len(query)):
        q, k, v = (x[b] @ w.T + c for x, w, c in zip((query, key, value), weights, biases, strict=True))
        heads, maps = [], []
        for part in np.split(np.arange(M), A):
            e = np.where(shown[b], np.exp(q[:, part] @ k[:, part].T / math.sqrt(M // A)), 0)
            maps.append(e / np.maximum(e.sum(1, keepdims=True), 1e-300))
            heads.append(maps[-1] @ v[:, part])
        ys.append(np.concatenate(heads, 1) @ made.out_proj.weight.numpy().T + made.out_proj.bias.numpy())
        alignments.append(maps)
    return np.array(ys), np.array(alignments)


@pytest.mark.parametrize("options", [{}, {"kdim": 5, "vdim": 3}])
@pytest.mark.parametrize("need_weights", [True, False])
def test_heads_attend_side_by_side(options, need_weights):
    made = layer(6, 3, **options)
    q, k, v = normal(2, 4, 6), normal(2, 5, made.kdim), normal(2, 5, made.vdim)
    mask = np.random.default_rng(0).random((4, 5)) < 0.3
    padding = np.array([[False] * 5, [False, False, True, True, True]])
    expected, maps = attended(made, q.numpy(), k.numpy(), v.numpy(), ~mask & ~padding[:, None])
    y, weights = made(q, k, v, Tensor(padding), need_weights, Tensor(mask), average_attn_weights=False)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-9)
    if need_weights:
        np.testing.assert_allclose(weights.numpy(), maps, rtol=1e-9)
        mean = made(q, k, v, Tensor(padding), True, Tensor(mask))[1]
        np.testing.assert_allclose(mean.numpy(), maps.mean(1), rtol=1e-9)
    else:
        assert weights is None


def test_layouts_agree():
    first, second = layer(6, 2), layer(6, 2, batch_first=False)
    q, k, v = normal(3, 4, 6), normal(3, 5, 6), normal(3, 5, 6)
    y, w = first(q, k, v)
    y_tb, w_tb = second(*(x.transpose(0, 1) for x in (q, k, v)))
    np.testing.assert_allclose(y_tb.transpose(0, 1).numpy(), y.numpy(), rtol=1e-12)
    np.testing.assert_allclose(w_tb.numpy(), w.numpy(), rtol=1e-12)
    alone, alone_w = second(q[0], k[0], v[0])
    np.testing.assert_allclose(alone.numpy(), y[0].numpy(), rtol=1e-12)
    np.testing.assert_allclose(alone_w.numpy(), w[0].numpy(), rtol=1e-12)


@pytest.mark.parametrize("need_weights", [True, False])
def test_a_query_that_sees_nothing_gets_the_bias_of_the_output_and_no_nan(need_weights):
    made, x = layer(4, 2), normal(2, 3, 4).requires_grad_()
    y, weights = made(x, x, x, Tensor(np.array([[True] * 3, [False] * 3])), need_weights)
    np.testing.assert_allclose(y[0].numpy(), np.tile(made.out_proj.bias.numpy(), (3, 1)))
    assert not need_weights or (not weights[0].numpy().any() and np.allclose(weights[1].sum(-1).numpy(), 1))
    y.sum().backward()
    assert all(np.isfinite(p.grad.numpy()).all() for p in [x, *made.parameters()]) and not x.grad[0].numpy().any()


def test_padding_changes_nothing_however_long_it_is():
    made, x = layer(4, 2), normal(2, 3, 4)
    longer = minigrad.cat([x, normal(2, 2, 4, seed=9) * 100], 1)
    hidden = Tensor(np.array([[False] * 3 + [True] * 2] * 2))
    np.testing.assert_allclose(made(longer, longer, longer, hidden)[0][:, :3].numpy(), made(x, x, x)[0].numpy(), rtol=1e-9)


def test_without_positions_outputs_follow_their_inputs():
    made, x, order = layer(6, 3), normal(2, 5, 6), [3, 1, 4, 0, 2]
    np.testing.assert_allclose(made(x[:, order], x[:, order], x[:, order])[0].numpy(), made(x, x, x)[0].numpy()[:, order], rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"add_bias_kv": True}, {"add_zero_attn": True}])
def test_causal_outputs_do_not_know_what_comes_later(options):
    made, x = layer(4, 2, **options), normal(2, 5, 4).requires_grad_()
    made(x, x, x, is_causal=True, need_weights=False)[0][:, :2].sum().backward()
    assert not x.grad[:, 2:].numpy().any() and x.grad[:, :2].numpy().all()
    hidden = ~nn.causal_mask(5)
    for how in ({"is_causal": True}, {"is_causal": True, "attn_mask": hidden}):
        np.testing.assert_allclose(made(x, x, x, **how)[0].numpy(), made(x, x, x, attn_mask=hidden)[0].numpy(), rtol=1e-12)


def test_extra_keys_are_seen_by_all():
    made, x = layer(4, 2, add_bias_kv=True, add_zero_attn=True), normal(2, 3, 4)
    y, weights = made(x, x, x, Tensor(np.ones((2, 3), bool)))
    assert weights.shape == (2, 3, 5) and not weights[..., :3].numpy().any() and (weights[..., 3:].numpy() > 0).all()
    made.bias_k.data, made.bias_v.data = minigrad.zeros(1, 1, 4).double(), minigrad.zeros(1, 1, 4).double()
    np.testing.assert_allclose(made(x, x, x, Tensor(np.ones((2, 3), bool)))[1][..., 3:].numpy(), 0.5)
    assert y.shape == x.shape


def test_dropout_is_for_training():
    made, x = layer(4, 2, dropout=0.5), normal(2, 3, 4)
    assert not made(x, x, x)[1].equal(made(x, x, x)[1])
    assert not made(x, x, x, need_weights=False)[0].equal(made(x, x, x, need_weights=False)[0])
    made.eval()
    np.testing.assert_allclose(made(x, x, x)[0].numpy(), made(x, x, x, need_weights=False)[0].numpy(), rtol=1e-12)


def test_derivatives_agree_with_differences():
    made = layer(4, 2, add_bias_kv=True)
    made.requires_grad_(False)
    f = lambda q, k: made(q, k, k, is_causal=True)
    gradcheck(f, normal(2, 3, 4), normal(2, 3, 4, seed=1))
    gradgradcheck(f, normal(1, 2, 4), normal(1, 3, 4, seed=1))


def test_names_are_those_of_pytorch():
    assert list(nn.MultiheadAttention(4, 2).state_dict()) == ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    assert list(nn.MultiheadAttention(4, 2, bias=False, kdim=3, add_bias_kv=True).state_dict()) == [
        "q_proj_weight", "k_proj_weight", "v_proj_weight", "bias_k", "bias_v", "out_proj.weight",
    ]  # fmt: skip
    assert repr(nn.MultiheadAttention(4, 2)).startswith("MultiheadAttention(embed_dim=4, num_heads=2, dropout=0.0\n  (out_proj)")


@pytest.mark.parametrize("shape", [(2, 0, 4), (0, 3, 4)])
def test_empty_sequences_and_batches_stay_empty(shape):
    x = minigrad.zeros(*shape).double()
    y, w = layer(4, 2)(x, x, x)
    assert y.shape == shape and w.shape == (shape[0], shape[1], shape[1])


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda m, x: nn.MultiheadAttention(6, 4), ArgumentError, "MultiheadAttention: num_heads = 4 must divide embed_dim = 6, both at least 1"),
    (lambda m, x: nn.MultiheadAttention(6, 0), ArgumentError, "num_heads = 0 must divide embed_dim = 6"),
    (lambda m, x: nn.MultiheadAttention(6, 2, dropout=2), ArgumentError, "dropout is a probability and must lie in [0, 1], got 2"),
    (lambda m, x: m(x, x[0], x[0]), ShapeError, "MultiheadAttention: key has shape (3, 4); query, key and value need 3 axes each\nHint: or 2 each"),
    (lambda m, x: m(x[0, 0], x, x), ShapeError, "query has shape (4,)"),
    (lambda m, x: m(x, x[:1], x[:1]), ShapeError, "B is 2 in query but 1 in key\n  query (B, T, embed_dim) = (2, 3, 4)"),
    (lambda m, x: m(x, x, x[:, :1]), ShapeError, "U is 3 in key but 1 in value"),
    (lambda m, x: m(x[..., :2], x, x), ShapeError, "embed_dim is 4 in the layer but 2 in the input\n  query (2, 3, 2)"),
    (lambda m, x: m(x, x[..., :2], x), ShapeError, "kdim is 4 in the layer but 2 in the input"),
    (lambda m, x: m(x, x, x[..., :2]), ShapeError, "vdim is 4 in the layer but 2 in the input"),
    (lambda m, x: m(x, x, x, minigrad.zeros(3, 2, dtype=bool)), ShapeError, "key_padding_mask has shape (3, 2), needs (B, U) = (2, 3)"),
    (lambda m, x: m(x, x, x, attn_mask=minigrad.zeros(4, 3, 3)), ShapeError, "attn_mask has shape (4, 3, 3), needs (T, U) = (3, 3) or (B·A, T, U) = (2, 3, 3)"),
    (lambda m, x: m(x, x, x, attn_mask=minigrad.zeros(3, 3, dtype="int64")), DtypeError, "attn_mask must be a bool or floating tensor, got int64"),
    (lambda m, x: m(x.float(), x.float(), x.float()), DtypeError, "linear: input is float32 but weight is float64"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call(layer(4, 1), normal(2, 3, 4))
    assert words in str(caught.value)
