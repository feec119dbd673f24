import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.testing import gradcheck, gradgradcheck


def normal(*shape, seed=0):
    return Tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


KINDS = {
    "bahdanau": lambda: nn.BahdanauAttention(3, 4, 5), "dot": lambda: nn.LuongAttention(3, 3, "dot"),
    "general": lambda: nn.LuongAttention(3, 4), "concat": lambda: nn.LuongAttention(3, 4, "concat", 6),
}  # fmt: skip


def score(kind, p, q, k):
    """Score one pair of vectors, as the papers write it."""
    if kind == "bahdanau":
        return p["v.weight"][0] @ np.tanh(p["query_proj.weight"] @ q + p["key_proj.weight"] @ k)
    if kind == "concat":
        return p["v.weight"][0] @ np.tanh(p["pair_proj.weight"] @ np.concatenate([q, k]))
    return q @ k if kind == "dot" else q @ p["key_proj.weight"] @ k


def inputs(kind):
    return normal(2, 4, 3), normal(2, 5, 3 if kind == "dot" else 4), normal(2, 5, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_papers(kind):
    layer, (q, k, v) = KINDS[kind]().double(), inputs(kind)
    p = {name: value.numpy() for name, value in layer.state_dict().items()}
    scores = np.array([[[score(kind, p, q.numpy()[b, t], k.numpy()[b, u]) for u in range(5)] for t in range(4)] for b in range(2)])
    context, weights = layer(q, k, v)
    np.testing.assert_allclose(weights.numpy(), special.softmax(scores, -1), rtol=1e-10)
    np.testing.assert_allclose(context.numpy(), special.softmax(scores, -1) @ v.numpy(), rtol=1e-10)
    np.testing.assert_allclose(layer(q, k)[0].numpy(), special.softmax(scores, -1) @ k.numpy(), rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_keys_do_not_matter_and_nothing_seen_gives_zeros(kind):
    layer, (q, k, v) = KINDS[kind]().double(), inputs(kind)
    mask = nn.length_mask([3, 0], 5).unsqueeze(1)
    context, weights = layer(q, k, v, mask)
    np.testing.assert_allclose(context[:1].numpy(), layer(q[:1], k[:1, :3], v[:1, :3])[0].numpy(), rtol=1e-10)
    assert not weights[1].numpy().any() and not context[1].numpy().any() and not weights[0, :, 3:].numpy().any()
    numbers = minigrad.where(mask, 0.0, -np.inf)
    np.testing.assert_array_equal(layer(q, k, v, numbers)[1].numpy(), weights.numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_agree_with_differences(kind):
    layer = KINDS[kind]().double()
    layer.requires_grad_(False)
    mask = nn.length_mask([2, 3]).unsqueeze(1)
    f = lambda q, k: layer(q, k, attn_mask=mask)
    q, k = normal(2, 2, 3), normal(2, 3, 3 if kind == "dot" else 4)
    gradcheck(f, q, k)
    gradgradcheck(f, q, k)


@pytest.mark.parametrize("kind", KINDS)
def test_every_weight_is_trained(kind):
    layer, (q, k, v) = KINDS[kind]().double(), inputs(kind)
    (layer(q.requires_grad_(), k, v)[0] * normal(2, 4, 6, seed=1)).sum().backward()
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in layer.parameters())


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda m, q, k: nn.LuongAttention(3, 4, "dot"), ArgumentError, 'LuongAttention: "dot" needs queries and keys of one width, got 3 and 4\nHint: "general"'),
    (lambda m, q, k: nn.LuongAttention(3, 4, "cosine"), ArgumentError, "method is 'cosine'; use \"dot\", \"general\" or \"concat\""),
    (lambda m, q, k: m(q[0], k), ShapeError, "LuongAttention: query needs 3 axes, has 2\n  query (B, T, Q) = (4, 3)"),
    (lambda m, q, k: m(q, k[:1]), ShapeError, "B is 2 in query but 1 in key"),
    (lambda m, q, k: m(q, k, attn_mask=minigrad.zeros(2, 5)), ShapeError, "attn_mask has shape (2, 5), which does not broadcast to (B, T, U) = (2, 4, 5)\nHint: a mask with one row per sequence is unsqueeze(1)"),
    (lambda m, q, k: m(q, k, attn_mask=minigrad.zeros(5, dtype="int64")), DtypeError, "attn_mask must be bool or floating, got int64"),
    (lambda m, q, k: m(q, k[..., :2]), ShapeError, "linear: I is"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call(nn.LuongAttention(3, 4).double(), normal(2, 4, 3), normal(2, 5, 4))
    assert words in str(caught.value)


def test_the_chosen_score_is_shown():
    assert repr(nn.LuongAttention(3, 4)).startswith("LuongAttention(method='general'\n")
