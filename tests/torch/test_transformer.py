"""Transformers with any of their options: values, gradients and state dicts are PyTorch's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")
from tests.torch.test_attention import assert_same_gradients, both, drawn_mask, yes_or_no  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

M, A, FF = 6, 2, 5
OPTIONS = st.fixed_dictionaries({
    "activation": st.sampled_from(["relu", "gelu"]), "batch_first": yes_or_no, "norm_first": yes_or_no, "bias": yes_or_no,
    "layer_norm_eps": st.sampled_from([1e-5, 0.1]),
})  # fmt: skip


def same_state(ours, theirs):
    """Give our module their state; norms get weights that are not all 1."""
    for p in theirs.parameters():
        if p.ndim == 1:
            torch.nn.init.normal_(p)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    theirs.load_state_dict({k: torch.tensor(x.numpy()) for k, x in ours.state_dict().items()})


def compare(ours, theirs, inputs, masks):
    same_state(ours, theirs)
    y = ours(*(i[0] for i in inputs), **{k: m[0] for k, m in masks.items()})
    e = theirs(*(i[1] for i in inputs), **{k: m[1] for k, m in masks.items()})
    np.testing.assert_allclose(y.numpy(), e.detach().numpy(), rtol=1e-7, atol=1e-9)
    v = np.random.default_rng(1).normal(size=y.shape)
    y.backward(minigrad.tensor(v))
    e.backward(torch.tensor(v))
    assert_same_gradients([*inputs, *zip(ours.parameters(), theirs.parameters(), strict=True)])


def sequence(rng, options, B, T):
    return both(rng.normal(size=(B, T, M) if options["batch_first"] else (T, B, M)))


def mask_for(data, rng, kind, *shape):
    """Draw a mask as PyTorch wants it, True for what is hidden, or none."""
    mask = drawn_mask(kind if data.draw(yes_or_no) else None, rng, *shape)
    ours, theirs = both(~mask if mask is not None and mask.dtype == bool else mask)
    return ours, theirs


@settings(max_examples=25)
@given(st.data(), OPTIONS, st.integers(1, 3), st.integers(1, 4), st.sampled_from(["bool", "float"]))
def test_encoders(data, options, B, T, kind):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    last = data.draw(yes_or_no)
    make = lambda n: n.TransformerEncoder(n.TransformerEncoderLayer(M, A, FF, 0.0, **options), 2, n.LayerNorm(M) if last else None)
    masks = {"mask": mask_for(data, rng, kind, T, T), "src_key_padding_mask": mask_for(data, rng, kind, B, T)}
    compare(make(nn).double(), make(torch.nn).double(), [sequence(rng, options, B, T)], masks)


@settings(max_examples=25)
@given(st.data(), OPTIONS, st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.sampled_from(["bool", "float"]))
def test_decoders(data, options, B, T, U, kind):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    make = lambda n: n.TransformerDecoder(n.TransformerDecoderLayer(M, A, FF, 0.0, **options), 2, n.LayerNorm(M))
    masks = {
        "tgt_mask": mask_for(data, rng, kind, T, T), "tgt_key_padding_mask": mask_for(data, rng, kind, B, T),
        "memory_mask": mask_for(data, rng, kind, T, U), "memory_key_padding_mask": mask_for(data, rng, kind, B, U),
    }  # fmt: skip
    inputs = [sequence(rng, options, B, T), sequence(rng, options, B, U)]
    compare(make(nn).double(), make(torch.nn).double(), inputs, masks)


@settings(max_examples=15)
@given(st.data(), OPTIONS, st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))
def test_the_whole_transformer(data, options, B, T, U):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    make = lambda n: n.Transformer(M, A, 1, 2, FF, 0.0, **options).double()
    causal = nn.Transformer.generate_square_subsequent_mask(T, dtype="float64").numpy()
    masks = {"tgt_mask": both(causal), "memory_key_padding_mask": mask_for(data, rng, "float", B, U)}
    compare(make(nn), make(torch.nn), [sequence(rng, options, B, U), sequence(rng, options, B, T)], masks)


def test_the_causal_hint_and_one_sequence_without_a_batch():
    ours, theirs = (n.TransformerEncoderLayer(M, A, FF, 0.0).double() for n in (nn, torch.nn))
    same_state(ours, theirs)
    x = np.random.default_rng(0).normal(size=(5, M))
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    e = theirs(torch.tensor(x), mask, is_causal=True).detach().numpy()
    np.testing.assert_allclose(ours(minigrad.tensor(x), is_causal=True).numpy(), e, rtol=1e-8)


def test_evaluation_agrees_where_something_is_shown():
    ours, theirs = (n.TransformerEncoder(n.TransformerEncoderLayer(M, A, FF, batch_first=True), 2).double().eval() for n in (nn, torch.nn))
    same_state(ours, theirs)
    x, hidden = np.random.default_rng(0).normal(size=(2, 4, M)), np.array([[False] * 4, [False, False, True, True]])
    e = theirs(torch.tensor(x), src_key_padding_mask=torch.tensor(hidden)).detach().numpy()
    y = ours(minigrad.tensor(x), src_key_padding_mask=minigrad.tensor(hidden)).numpy()
    np.testing.assert_allclose(y[~hidden], e[~hidden], rtol=1e-7)


def test_initial_weights_have_pytorchs_spread():
    ours, theirs = (n.Transformer(32, 4, 1, 1, 64) for n in (nn, torch.nn))
    for (n, mine), (m, their) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert n == m and mine.shape == tuple(their.shape)
        if mine.numel() > 1000:
            np.testing.assert_allclose(mine.numpy().std(), their.detach().numpy().std(), rtol=0.1)
