"""The recurrent language model: its equations, a state that carries on, and a text learnt by heart."""

import numpy as np
import pytest
from scipy import special

import minigrad
from minigrad import Generator
from minigrad.errors import ArgumentError, RangeError, ShapeError
from minigrad.models import CharRNN
from minigrad.models.char_rnn import detached
from minigrad.models.sampling import evaluating, generate
from minigrad.nn import functional as F
from minigrad.optim import Adam

KINDS = ["rnn", "lstm", "gru"]


def tokens(*shape, seed=0):
    return minigrad.tensor(np.random.default_rng(seed).integers(0, 7, shape))


def cell(kind, p, x, h, c):
    """Take one step of one layer, as the papers write it (gates in PyTorch's order)."""
    a, b = p["rnn.weight_ih_l0"] @ x + p["rnn.bias_ih_l0"], p["rnn.weight_hh_l0"] @ h + p["rnn.bias_hh_l0"]
    if kind == "rnn":
        return np.tanh(a + b), c
    if kind == "gru":
        (r, z, n), (rh, zh, nh) = np.split(a, 3), np.split(b, 3)
        z = special.expit(z + zh)
        return (1 - z) * np.tanh(n + special.expit(r + rh) * nh) + z * h, c
    i, f, g, o = np.split(a + b, 4)
    c = special.expit(f) * c + special.expit(i) * np.tanh(g)
    return special.expit(o) * np.tanh(c), c


@pytest.mark.parametrize("kind", KINDS)
def test_logits_follow_from_the_equations(kind):
    made, text = CharRNN(7, kind, 4, layers=1).double(), tokens(1, 6)
    p, h, c, expected = {name: x.numpy() for name, x in made.state_dict().items()}, np.zeros(4), np.zeros(4), []
    for token in text.numpy()[0]:
        h, c = cell(kind, p, p["embed.weight"][token], h, c)
        expected.append(p["head.weight"] @ h + p["head.bias"])
    np.testing.assert_allclose(made(text)[0].numpy()[0], expected, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_carries_on_where_the_text_was_cut(kind):
    made, text = CharRNN(7, kind, 5, layers=2).double(), tokens(3, 8)
    first, state = made(text[:, :3])
    second, _ = made(text[:, 3:], state)
    np.testing.assert_allclose(minigrad.cat([first, second], 1).numpy(), made(text)[0].numpy(), rtol=1e-9)
    ended = detached(state)
    assert not any(s.requires_grad for s in (ended if isinstance(ended, tuple) else [ended]))


@pytest.mark.parametrize("kind", KINDS)
def test_reading_each_letter_once_changes_no_text(kind):
    made, text = CharRNN(7, kind, 5, dropout=0.5).double(), tokens(2, 3)
    written = made.generate(text, 10, temperature=0.8, top_k=5, generator=Generator(1))
    with evaluating(made):
        anew = generate(made.next_logits, text, 10, temperature=0.8, top_k=5, generator=Generator(1))
    assert written.tolist() == anew.tolist() and made.training


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_learnt_by_heart(kind):
    text = minigrad.tensor([[0, 1, 2, 3, 0, 2, 4, 0, 3, 5, 6]])
    minigrad.manual_seed(0)
    made = CharRNN(7, kind, 24, layers=1)
    optimizer = Adam(made.parameters(), lr=0.03)
    for _ in range(40):
        optimizer.zero_grad()
        F.cross_entropy(made(text[:, :-1])[0].flatten(0, 1), text[0, 1:]).backward()
        optimizer.step()
    assert made.generate(text[:, :1], 10, temperature=0).tolist() == text.tolist()
    assert all(p.grad is not None for p in made.parameters())


def test_bad_arguments_are_explained():
    with pytest.raises(ArgumentError, match="CharRNN: kind is 'transformer'; use one of rnn, lstm, gru"):
        CharRNN(7, "transformer")
    with pytest.raises(ShapeError, match=r"CharRNN: needs tokens \(B, T\), got \(3,\)\nHint: one text is"):
        CharRNN(7)(tokens(3))
    with pytest.raises(ShapeError, match=r"needs tokens \(B, T\) with T at least 1, got \(2, 0\)"):
        CharRNN(7).generate(tokens(2, 0), 3)
    with pytest.raises(ShapeError, match=r"CharRNN: needs tokens \(B, T\) with T at least 1, got \(2, 0\)"):
        CharRNN(7).next_logits(tokens(2, 0))
    with pytest.raises(RangeError, match="outside \\[0, 7\\)"):
        CharRNN(7)(tokens(1, 2) + 7)
