"""Attention with any of its options: values, gradients and state dicts are PyTorch's."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minigrad
from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

CLOSE = {"rtol": 1e-8, "atol": 1e-10}
masks = st.sampled_from([None, "bool", "float"])
yes_or_no = st.booleans()


def drawn_mask(kind, rng, *shape):
    """Draw a mask in which every row shows something, bool with True for what is shown, or of numbers."""
    shown = rng.random(shape) < 0.6
    shown[..., 0] = True
    if kind is None:
        return None
    return shown if kind == "bool" else np.where(shown, rng.normal(size=shape), -np.inf)


def both(array):
    """Return an array as a tensor of ours and as one of theirs, tracked if it is floating."""
    if array is None:
        return None, None
    floating = array.dtype.kind == "f"
    return minigrad.tensor(array, requires_grad=floating), torch.tensor(array, requires_grad=floating)


def assert_same_gradients(pairs):
    for ours, theirs in pairs:
        if theirs is not None and theirs.requires_grad:
            np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-7, atol=1e-9)


@given(st.integers(0, 10**6), masks, yes_or_no, yes_or_no, st.sampled_from([None, 0.3]), st.integers(1, 4), st.integers(1, 4))
def test_scaled_dot_product_attention(seed, kind, causal, grouped, scale, T, U):
    assume(not (kind and causal))  # their CPU code takes one or the other
    rng = np.random.default_rng(seed)
    heads = 2 if grouped else 4
    arrays = [rng.normal(size=s) for s in [(2, 4, T, 3), (2, heads, U, 3), (2, heads, U, 5)]]
    pairs = [both(a) for a in [*arrays, drawn_mask(kind, rng, *([2, 1, T, U] if seed % 2 else [T, U]))]]
    options = {"is_causal": causal, "scale": scale, "enable_gqa": grouped}
    y = F.scaled_dot_product_attention(*(p[0] for p in pairs), **options)
    e = torch.nn.functional.scaled_dot_product_attention(*(p[1] for p in pairs), **options)
    np.testing.assert_allclose(y.numpy(), e.detach().numpy(), **CLOSE)
    v = rng.normal(size=y.shape)
    y.backward(minigrad.tensor(v))
    e.backward(torch.tensor(v))
    assert_same_gradients(pairs)


@pytest.mark.parametrize("kind", ["bool", "float"])
def test_a_row_that_sees_nothing_is_zero_for_them_too(kind):
    rng = np.random.default_rng(0)
    mask = drawn_mask(kind, rng, 3, 4)
    mask[1] = False if kind == "bool" else -np.inf
    pairs = [both(rng.normal(size=(2, n, 5))) for n in (3, 4, 4)] + [(minigrad.tensor(mask), torch.tensor(mask))]
    y = F.scaled_dot_product_attention(*(p[0] for p in pairs))
    e = torch.nn.functional.scaled_dot_product_attention(*(p[1] for p in pairs))
    np.testing.assert_allclose(y.numpy(), e.detach().numpy(), **CLOSE)
    y.sum().backward()
    e.sum().backward()
    assert_same_gradients(pairs)


@given(st.data())
def test_multihead_attention(data):
    draw = lambda s: data.draw(s)
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    M, A, B, T, U = 6, draw(st.sampled_from([1, 2, 3])), draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    options = {name: draw(yes_or_no) for name in ("bias", "add_bias_kv", "add_zero_attn", "batch_first")}
    options |= draw(st.sampled_from([{}, {"kdim": 5, "vdim": 4}, {"kdim": 5}]))
    theirs = torch.nn.MultiheadAttention(M, A, **options).double()
    ours = nn.MultiheadAttention(M, A, **options).double()
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    batched, weights, average = draw(yes_or_no), draw(yes_or_no), draw(yes_or_no)
    lead = lambda n: (n,) if not batched else (B, n) if options["batch_first"] else (n, B)
    widths = (M, options.get("kdim", M), options.get("vdim", M))
    inputs = [both(rng.normal(size=(*lead(n), w))) for n, w in zip((T, U, U), widths, strict=True)]
    kind = draw(st.sampled_from(["bool", "float"]))
    padding = drawn_mask(kind, rng, *((B, U) if batched else (U,))) if draw(yes_or_no) else None
    mask = drawn_mask(kind, rng, *draw(st.sampled_from([(T, U), ((B if batched else 1) * A, T, U)]))) if draw(yes_or_no) else None
    flip = lambda m: ~m if m is not None and m.dtype == bool else m  # True hides
    (p, their_p), (m, their_m) = both(flip(padding)), both(flip(mask))
    how = {"need_weights": weights, "average_attn_weights": average}
    y, w = ours(*(i[0] for i in inputs), p, attn_mask=m, **how)
    e, f = theirs(*(i[1] for i in inputs), their_p, attn_mask=their_m, **how)
    np.testing.assert_allclose(y.numpy(), e.detach().numpy(), **CLOSE)
    assert (w is None) == (f is None) == (not weights)
    if weights:
        np.testing.assert_allclose(w.numpy(), f.detach().numpy(), **CLOSE)
    v = rng.normal(size=y.shape)
    y.backward(minigrad.tensor(v))
    e.backward(torch.tensor(v))
    assert_same_gradients([*inputs, (p, their_p), (m, their_m), *zip(ours.parameters(), theirs.parameters(), strict=True)])
    theirs.load_state_dict({k: torch.tensor(x.numpy()) for k, x in ours.state_dict().items()})


def test_a_causal_hint_with_its_mask():
    theirs = torch.nn.MultiheadAttention(4, 2, batch_first=True).double()
    ours = nn.MultiheadAttention(4, 2, batch_first=True).double()
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x, their_x = both(np.random.default_rng(0).normal(size=(2, 5, 4)))
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    np.testing.assert_array_equal(nn.Transformer.generate_square_subsequent_mask(5).numpy(), mask.numpy())
    e = theirs(their_x, their_x, their_x, attn_mask=mask, is_causal=True, need_weights=False)[0].detach().numpy()
    hidden = minigrad.tensor(mask.numpy())
    for given_mask in (None, hidden, minigrad.isinf(hidden)):
        for weights in (True, False):
            y = ours(x, x, x, attn_mask=given_mask, is_causal=True, need_weights=weights)[0]
            np.testing.assert_allclose(y.numpy(), e, **CLOSE)


def test_initial_weights_have_pytorchs_spread():
    for options in ({}, {"kdim": 100, "vdim": 30, "add_bias_kv": True}):
        ours, theirs = nn.MultiheadAttention(60, 4, **options), torch.nn.MultiheadAttention(60, 4, **options)
        for (n, mine), (m, their) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
            assert n == m and mine.shape == tuple(their.shape)
            tolerance = {"rtol": 0.05} if mine.numel() > 1000 else {"rtol": 0.5}
            np.testing.assert_allclose(mine.numpy().std(), their.detach().numpy().std(), **tolerance)
