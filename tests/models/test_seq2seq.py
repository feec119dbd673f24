"""Translation with attention: padding changes nothing, maps are of what was read, and a toy language is learnt."""

import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, ShapeError
from minigrad.models import Seq2Seq
from minigrad.models.sampling import evaluating, generate
from minigrad.models.seq2seq import SCORES
from minigrad.nn import functional as F
from minigrad.optim import Adam


def words(*shape, seed=0):
    return minigrad.tensor(np.random.default_rng(seed).integers(2, 9, shape))


@pytest.mark.parametrize("score", SCORES)
def test_padding_changes_nothing(score):
    made, source, target = Seq2Seq(9, 9, 6, score).double(), words(2, 7), words(2, 5, seed=1)
    logits, maps = made(source, target, [7, 4])
    assert logits.shape == (2, 5, 9) and maps.shape == (2, 5, 7)
    np.testing.assert_allclose(maps.numpy().sum(-1), 1, rtol=1e-9)
    assert not maps[1, :, 4:].numpy().any()
    alone, map_alone = made(source[1:, :4], target[1:])
    np.testing.assert_allclose(logits[1:].numpy(), alone.numpy(), rtol=1e-9)
    np.testing.assert_allclose(maps[1:, :, :4].numpy(), map_alone.numpy(), rtol=1e-9)


def test_the_context_is_the_mean_of_what_the_map_points_at():
    made, source, target = Seq2Seq(9, 9, 6, "general").double(), words(2, 7), words(2, 5, seed=1)
    h, start, _ = made.encode(source)
    s, _ = made.decoder(made.target_embed(target), start)
    logits, maps = made(source, target)
    score = s.numpy() @ (h.numpy() @ made.attention.key_proj.weight.numpy().T).swapaxes(1, 2)
    e = np.exp(score - score.max(-1, keepdims=True))
    np.testing.assert_allclose(maps.numpy(), e / e.sum(-1, keepdims=True), rtol=1e-9)
    mixed = np.tanh(np.concatenate([maps.numpy() @ h.numpy(), s.numpy()], -1) @ made.combine.weight.numpy().T)
    np.testing.assert_allclose(logits.numpy(), mixed @ made.head.weight.numpy().T + made.head.bias.numpy(), rtol=1e-9)


def test_later_words_do_not_reach_earlier_logits_but_the_whole_source_does():
    made, source, target = Seq2Seq(9, 9, 6).double(), words(1, 7), words(1, 5, seed=1)
    changed = minigrad.cat([target[:, :3], words(1, 2, seed=2)], 1)
    np.testing.assert_allclose(made(source, changed)[0][:, :3].numpy(), made(source, target)[0][:, :3].numpy(), rtol=1e-9)
    made(source, target)[0][:, 0].sum().backward()
    assert np.abs(made.source_embed.weight.grad.numpy()[np.unique(source.numpy())]).min() > 0


def test_translating_word_by_word_is_reading_the_translation():
    made, source = Seq2Seq(9, 9, 6, dropout=0.3).double(), words(3, 6)
    written, maps = made.translate(source, 8, [6, 3, 5])
    with evaluating(made):
        first = minigrad.zeros(3, 1, dtype="int64")
        anew = generate(lambda t: made(source, t, [6, 3, 5])[0][:, -1], first, 8, temperature=0)
    assert written.tolist() == anew.tolist() and maps.shape == (3, 8, 6) and made.training
    stop = written.tolist()[0][1]
    assert made.translate(source[:1], 8, [6], stop=stop)[0].shape == (1, 2)


@pytest.mark.parametrize("score", ["bahdanau", "general"])
def test_a_toy_language_is_learnt(score):
    minigrad.manual_seed(0)
    made, source = Seq2Seq(9, 9, 32, score), words(24, 4)
    target = minigrad.cat([minigrad.zeros(24, 1, dtype="int64"), source.flip(1)], 1)
    optimizer = Adam(made.parameters(), lr=0.02)
    for _ in range(80):
        optimizer.zero_grad()
        F.cross_entropy(made(source, target[:, :-1])[0].flatten(0, 1), target[:, 1:].flatten()).backward()
        optimizer.step()
    written, _ = made.translate(source, 4)
    assert (written == target).numpy().mean() > 0.95
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in made.parameters())


def test_bad_arguments_are_explained():
    with pytest.raises(ArgumentError, match="Seq2Seq: attention is 'none'; use one of bahdanau, dot, general, concat"):
        Seq2Seq(9, 9, attention="none")
    with pytest.raises(ShapeError, match=r"Seq2Seq: needs source tokens \(B, U\) with U at least 1, got \(2, 0\)"):
        Seq2Seq(9, 9)(words(2, 0), words(2, 3))
    with pytest.raises(ShapeError, match=r"Seq2Seq: source \(2, 4\) and target \(3, 3\) need one row per sentence"):
        Seq2Seq(9, 9)(words(2, 4), words(3, 3))
