"""BERT: vectors computed by hand from a state with public names; padding that changes nothing; heads that learn."""

import numpy as np
import pytest

import minigrad
from minigrad.errors import ArgumentError, RangeError, ShapeError
from minigrad.models import BERT, BERTForPretraining, SentenceEncoder
from minigrad.models.checkpoints import from_bert
from minigrad.nn import functional as F
from minigrad.optim import Adam
from tests.models.reference import bert, gelu, layer_norm, linear, random_state


def dense(name, n, m):
    return {f"{name}.weight": (n, m), f"{name}.bias": (n,)}


def norm(name):
    return {f"{name}.weight": (6,), f"{name}.bias": (6,)}


SHAPES = {
    "embeddings.word_embeddings.weight": (11, 6), "embeddings.position_embeddings.weight": (8, 6),
    "embeddings.token_type_embeddings.weight": (2, 6), **norm("embeddings.LayerNorm"), **dense("pooler.dense", 6, 6),
}  # fmt: skip
for i in range(2):
    h = f"encoder.layer.{i}"
    SHAPES |= {k: s for part in ("query", "key", "value") for k, s in dense(f"{h}.attention.self.{part}", 6, 6).items()}
    SHAPES |= dense(f"{h}.attention.output.dense", 6, 6) | norm(f"{h}.attention.output.LayerNorm")
    SHAPES |= dense(f"{h}.intermediate.dense", 10, 6) | dense(f"{h}.output.dense", 6, 10) | norm(f"{h}.output.LayerNorm")
STATE = random_state(SHAPES)
HEADS = random_state({
    **dense("cls.predictions.transform.dense", 6, 6), **norm("cls.predictions.transform.LayerNorm"),
    "cls.predictions.bias": (11,), **dense("cls.seq_relationship", 2, 6),
}, seed=1)  # fmt: skip

RNG = np.random.default_rng(0)
TOKENS, SEGMENTS = RNG.integers(0, 11, (2, 7)), RNG.integers(0, 2, (2, 7))
SHOWN = np.array([[1] * 7, [1] * 4 + [0] * 3])


def model():
    made = BERT(11, 8, 2, 3, 6, 10).double().eval()
    made.load_state_dict(from_bert(STATE))
    return made


def test_vectors_are_those_of_the_paper():
    x, pooled = model()(minigrad.tensor(TOKENS), minigrad.tensor(SEGMENTS), minigrad.tensor(SHOWN))
    for b in range(2):
        expected, first = bert(STATE, TOKENS[b], SEGMENTS[b], SHOWN[b] == 1, 2, 3)
        np.testing.assert_allclose(x[b].numpy(), expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(pooled[b].numpy(), first, rtol=1e-9, atol=1e-9)


def test_heads_are_those_of_the_paper():
    made = BERTForPretraining(model()).double().eval()
    made.load_state_dict(from_bert({f"bert.{k}": v for k, v in STATE.items()} | HEADS | {"cls.predictions.decoder.weight": 0}))
    words, follows = made(minigrad.tensor(TOKENS))
    x, pooled = bert(STATE, TOKENS[0], np.zeros(7, int), np.ones(7, bool), 2, 3)
    hidden = gelu(linear(x, HEADS, "cls.predictions.transform.dense"))
    hidden = layer_norm(hidden, HEADS, "cls.predictions.transform.LayerNorm", 1e-12)
    expected = hidden @ STATE["embeddings.word_embeddings.weight"].T + HEADS["cls.predictions.bias"]
    np.testing.assert_allclose(words[0].numpy(), expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(follows[0].numpy(), linear(pooled, HEADS, "cls.seq_relationship"), rtol=1e-9, atol=1e-9)


def test_padding_changes_nothing():
    made = model()
    short = minigrad.tensor(TOKENS[1:, :4])
    padded = made(minigrad.tensor(TOKENS[1:]), None, minigrad.tensor(SHOWN[1:].astype(bool)))
    np.testing.assert_allclose(padded[0][:, :4].numpy(), made(short)[0].numpy(), rtol=1e-9)
    sentence = SentenceEncoder(made)
    a = sentence(minigrad.tensor(TOKENS[1:]), minigrad.tensor(SHOWN[1:])).numpy()
    np.testing.assert_allclose(a, sentence(short).numpy(), rtol=1e-9)


def test_a_sentence_is_the_mean_of_its_vectors():
    made, shown = model(), minigrad.tensor(SHOWN)
    x = made(minigrad.tensor(TOKENS), None, shown)[0].numpy()
    mean = np.stack([x[0].mean(0), x[1, :4].mean(0)])
    np.testing.assert_allclose(SentenceEncoder(made, normalize=False)(minigrad.tensor(TOKENS), shown).numpy(), mean)
    unit = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(SentenceEncoder(made)(minigrad.tensor(TOKENS), shown).numpy(), unit)
    assert not SentenceEncoder(made)(minigrad.tensor(TOKENS), minigrad.zeros(2, 7)).isnan().any()


def test_hidden_words_are_learnt_from_both_sides():
    made = BERTForPretraining(BERT(11, 8, 1, 2, 16, 32, dropout=0.0))
    text, hidden = TOKENS.copy(), (RNG.random(TOKENS.shape) < 0.3)
    text[hidden] = 10
    optimizer = Adam(made.parameters(), lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        words, follows = made(minigrad.tensor(text), minigrad.tensor(SEGMENTS))
        loss = F.cross_entropy(words[minigrad.tensor(hidden)], minigrad.tensor(TOKENS[hidden]))
        loss = loss + F.cross_entropy(follows, minigrad.tensor([0, 1]))
        loss.backward()
        assert all(p.grad is not None for p in made.parameters())
        optimizer.step()
    assert loss.item() < 0.1


def test_initial_weights_are_small():
    made = BERT(200, 50, 1, 2, 64, 128)
    for name, p in made.named_parameters():
        if p.ndim > 1 and p.numel() > 1000:
            assert abs(p.numpy().std() - 0.02) < 0.002, name
        if name.endswith("bias"):
            assert not p.numpy().any(), name


def test_bad_arguments_are_explained():
    with pytest.raises(ArgumentError, match="BERT: heads = 5 must divide width = 768"):
        BERT(heads=5)
    for shape in [(2, 9), (2, 0), (3,)]:
        with pytest.raises(ShapeError) as caught:
            model()(minigrad.zeros(*shape, dtype="int64"))
        assert f"BERT: needs tokens (B, T) with T from 1 to 8, got {shape}\nHint: cut the text" in str(caught.value)
    with pytest.raises(RangeError, match="outside \\[0, 11\\)"):
        model()(minigrad.tensor([[11]]))
    with pytest.raises(ShapeError, match="key_padding_mask has shape"):
        model()(minigrad.tensor(TOKENS), None, minigrad.ones(2, 3))
