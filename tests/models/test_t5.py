"""T5: logits computed by hand from a state with public names; writing with and without a memory."""

import numpy as np
import pytest

import minigrad
from minigrad.errors import RangeError, ShapeError
from minigrad.models import T5
from minigrad.models.beam_search import beam_search
from minigrad.models.checkpoints import from_t5
from minigrad.models.sampling import evaluating, generate
from minigrad.nn import functional as F
from minigrad.nn.position import buckets, relative_positions
from minigrad.optim import Adam
from tests.models.reference import random_state, t5_stack

SHAPES = {"shared.weight": (11, 6)}
for side, last in (("encoder", 1), ("decoder", 2)):
    SHAPES |= {f"{side}.final_layer_norm.weight": (6,), f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight": (8, 3)}
    for i in range(2):
        h = f"{side}.block.{i}.layer"
        for name in [f"{h}.0.SelfAttention"] + ([f"{h}.1.EncDecAttention"] if last == 2 else []):
            SHAPES |= {f"{name}.q.weight": (15, 6), f"{name}.k.weight": (15, 6), f"{name}.v.weight": (15, 6), f"{name}.o.weight": (6, 15)}
        SHAPES |= {f"{h}.{j}.layer_norm.weight": (6,) for j in range(last + 1)}
        SHAPES |= {f"{h}.{last}.DenseReluDense.wi.weight": (10, 6), f"{h}.{last}.DenseReluDense.wo.weight": (6, 10)}
STATE = random_state(SHAPES)
RNG = np.random.default_rng(0)
SOURCE, TARGET = RNG.integers(2, 11, (2, 9)), RNG.integers(2, 11, (2, 6))
SHOWN = np.array([[1] * 9, [1] * 5 + [0] * 4])


def model():
    made = T5(11, 2, 3, 6, 5, 10, buckets=8, max_distance=12).double().eval()
    made.load_state_dict(from_t5(STATE | {"encoder.embed_tokens.weight": 0, "lm_head.weight": 0}))
    return made


def logits(source, target, shown):
    """Compute T5 for one pair of sequences."""
    def bias(side, T, both_ways):
        table = STATE[f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
        return table[buckets(relative_positions(T, T), 8, 12, both_ways)].transpose(2, 0, 1)

    words, hidden = STATE["shared.weight"], np.where(shown, 0, -np.inf)
    memory = t5_stack(STATE, "encoder", words[source], bias("encoder", len(source), True) + hidden, 2, 3)
    later = np.where(np.tri(len(target), dtype=bool), 0, -np.inf)
    own = bias("decoder", len(target), False) + later
    return t5_stack(STATE, "decoder", words[target], own, 2, 3, memory, hidden) / np.sqrt(6) @ words.T


def test_logits_are_those_of_the_paper():
    y = model()(minigrad.tensor(SOURCE), minigrad.tensor(TARGET), minigrad.tensor(SHOWN)).numpy()
    for b in range(2):
        np.testing.assert_allclose(y[b], logits(SOURCE[b], TARGET[b], SHOWN[b] == 1), rtol=1e-8, atol=1e-9)


def test_padding_changes_nothing():
    made = model()
    padded = made(minigrad.tensor(SOURCE[1:]), minigrad.tensor(TARGET[1:]), minigrad.tensor(SHOWN[1:]))
    np.testing.assert_allclose(padded.numpy(), made(minigrad.tensor(SOURCE[1:, :5]), minigrad.tensor(TARGET[1:])).numpy(), rtol=1e-8)


def test_a_memory_changes_no_text():
    made, source, shown = model(), minigrad.tensor(SOURCE), minigrad.tensor(SHOWN)
    cached = made.generate(source, 15, shown, stop=None)
    with evaluating(made):
        anew = generate(lambda target: made(source, target, shown)[:, -1], minigrad.tensor([[0], [0]]), 15, temperature=0)
    assert cached.tolist() == anew.tolist() and len({tuple(row) for row in cached.tolist()}) == 2


def test_beams_share_one_source():
    made, source, start = model(), minigrad.tensor(SOURCE[:1]), minigrad.tensor([[0]])
    with evaluating(made):
        cached = beam_search(made.cached_logits(source), start, 6, beams=3, stop=1)
        anew = beam_search(lambda target: made(source.expand(len(target), 9), target)[:, -1], start, 6, beams=3, stop=1)
    assert [h.tokens for h in cached] == [h.tokens for h in anew]


def test_a_tiny_t5_learns_to_reverse():
    minigrad.manual_seed(0)
    made = T5(8, 1, 2, 32, 16, 64, dropout=0.0)
    source = minigrad.tensor(np.random.default_rng(1).integers(2, 8, (8, 4)))
    target = minigrad.cat([minigrad.zeros(8, 1, dtype="int64"), source.flip(1)], 1)
    optimizer = Adam(made.parameters(), lr=0.003)
    for _ in range(120):
        optimizer.zero_grad()
        loss = F.cross_entropy(made(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten())
        loss.backward()
        optimizer.step()
    assert (made.generate(source, 4, stop=None) == target).numpy().mean() > 0.9
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in made.parameters())


def test_there_are_no_biases_but_those_of_distance():
    assert [name for name, _ in model().named_parameters() if "bias" in name] == ["encoder_bias.weight", "decoder_bias.weight"]


def test_bad_arguments_are_explained():
    with pytest.raises(ShapeError, match=r"T5: needs source tokens \(B, U\) with U at least 1, got \(2, 0\)"):
        model()(minigrad.zeros(2, 0, dtype="int64"), minigrad.tensor(TARGET))
    with pytest.raises(ShapeError, match=r"T5: source_mask has shape \(2, 3\), the source \(2, 9\)"):
        model()(minigrad.tensor(SOURCE), minigrad.tensor(TARGET), minigrad.ones(2, 3))
    with pytest.raises(RangeError, match="outside \\[0, 11\\)"):
        model()(minigrad.tensor([[11]]), minigrad.tensor([[0]]))
