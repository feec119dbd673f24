"""GPT: the logits of GPT-2, computed by hand; nothing from the future; the same text with and without a memory."""

import math

import numpy as np
import pytest

import minigrad
from minigrad import Generator
from minigrad.errors import ArgumentError, RangeError, ShapeError
from minigrad.models import GPT
from minigrad.models.checkpoints import from_gpt2
from minigrad.models.sampling import evaluating, generate
from minigrad.nn import functional as F
from minigrad.optim import AdamW
from tests.models.reference import gpt2, random_state

SHAPES = {"wte.weight": (11, 6), "wpe.weight": (8, 6), "ln_f.weight": (6,), "ln_f.bias": (6,)} | {
    f"h.{i}.{name}": shape for i in range(2) for name, shape in {
        "ln_1.weight": (6,), "ln_1.bias": (6,), "attn.c_attn.weight": (6, 18), "attn.c_attn.bias": (18,),
        "attn.c_proj.weight": (6, 6), "attn.c_proj.bias": (6,), "ln_2.weight": (6,), "ln_2.bias": (6,),
        "mlp.c_fc.weight": (6, 24), "mlp.c_fc.bias": (24,), "mlp.c_proj.weight": (24, 6), "mlp.c_proj.bias": (6,),
    }.items()
}  # fmt: skip
STATE = random_state(SHAPES)


def model(**changes):
    made = GPT(**{"vocab_size": 11, "context": 8, "layers": 2, "heads": 3, "width": 6, **changes}).double()
    if not changes:
        made.load_state_dict(from_gpt2(STATE))
    return made.eval()


def tokens(*shape, seed=0):
    return minigrad.tensor(np.random.default_rng(seed).integers(0, 11, shape))


def test_logits_are_those_of_gpt2():
    text = tokens(3, 7)
    y = model()(text).numpy()
    for b in range(3):
        np.testing.assert_allclose(y[b], gpt2(STATE, text.numpy()[b], 2, 3), rtol=1e-9, atol=1e-9)


def test_later_tokens_do_not_reach_earlier_logits():
    text, other = tokens(1, 8), tokens(1, 8, seed=1)
    changed = minigrad.cat([text[:, :5], other[:, 5:]], 1)
    a, b = model()(text).numpy(), model()(changed).numpy()
    np.testing.assert_allclose(a[:, :5], b[:, :5], rtol=1e-12)
    assert not np.isclose(a[:, 5:], b[:, 5:]).all()


@pytest.mark.parametrize("rotary", [False, True])
def test_reading_in_parts_with_a_cache_is_reading_at_once(rotary):
    made, text = model(rotary=rotary), tokens(2, 8)
    with minigrad.no_grad():
        caches = [minigrad.nn.KVCache() for _ in range(2)]
        parts = [made(text[:, a:b], caches).numpy() for a, b in [(0, 3), (3, 4), (4, 8)]]
        np.testing.assert_allclose(np.concatenate(parts, 1), made(text).numpy(), rtol=1e-9)


@pytest.mark.parametrize("how", [{"temperature": 0}, {}, {"temperature": 2.0, "top_k": 5}, {"top_p": 0.8}])
def test_a_memory_changes_no_text_even_beyond_the_context(how):
    made, text = model(), tokens(2, 3)
    cached = made.generate(text, 20, generator=Generator(3), **how)
    with evaluating(made):
        anew = generate(made.next_logits, text, 20, generator=Generator(3), **how)
    assert cached.shape == (2, 23) and cached.tolist() == anew.tolist()


def test_places_that_turn_are_seen_as_distances():
    made = model(rotary=True, layers=1)
    assert not any("wpe" in name for name, _ in made.named_parameters())
    text = tokens(1, 5)
    last = lambda x: made(x).numpy()[0, -1]
    assert not np.isclose(last(text), last(text[:, [1, 0, 2, 3, 4]])).all()
    attention, x = made.h[0].attn, minigrad.randn(1, 5, 6, dtype="float64")
    (q, k, v), (q7, k7, v7) = attention.queries_keys_values(x), attention.queries_keys_values(x, 7)
    assert minigrad.allclose(q @ k.mT, q7 @ k7.mT) and not minigrad.allclose(q, q7) and minigrad.equal(v, v7)


def test_generation_costs_one_step_per_token_and_drops_nothing():
    made, read = model(dropout=0.5).train(), []
    made.h[0].register_forward_hook(lambda module, args, output: read.append((args[0].shape[1], module.training)))
    made.generate(tokens(1, 3), 5)
    assert read == [(3, False)] + [(1, False)] * 4 and made.training and made.h[0].attn.training


def test_a_text_stops():
    made, text = model(), tokens(1, 3)
    first = made.generate(text, 1, temperature=0).tolist()[0][-1]
    assert made.generate(text, 9, temperature=0, stop=first).shape == (1, 4)


def test_initial_weights_keep_the_size_of_x_through_the_depth():
    minigrad.manual_seed(0)
    made = GPT(500, 100, 8, 4, 64)
    spread = lambda p: float(p.numpy().std())
    for p in (made.wte.weight, made.wpe.weight, made.h[3].attn.c_attn.weight, made.h[3].mlp.c_fc.weight):
        assert math.isclose(spread(p), 0.02, rel_tol=0.05)
    for p in (made.h[3].attn.c_proj.weight, made.h[3].mlp.c_proj.weight):
        assert math.isclose(spread(p), 0.02 / 4, rel_tol=0.05)
    assert not any(p.numpy().any() for name, p in made.named_parameters() if name.endswith("bias"))
    loss = F.cross_entropy(made(tokens(4, 30)).flatten(0, 1), tokens(120, seed=1))
    assert math.isclose(loss.item(), math.log(500), rel_tol=0.02)


def test_words_are_one_table_that_learns_from_both_ends():
    made = model()
    assert [name for name, p in made.named_parameters() if p.shape == (11, 6)] == ["wte.weight"]
    F.cross_entropy(made(tokens(2, 8)).flatten(0, 1), tokens(16, seed=1)).backward()
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in made.parameters())


def test_sizes_have_names():
    made = GPT.from_config("tiny", vocab_size=65, dropout=0.0)
    per_layer = 12 * 64 * 64 + 13 * 64
    assert sum(p.numel() for p in made.parameters()) == 2 * per_layer + 65 * 64 + 64 * 64 + 2 * 64
    assert GPT.from_config({"vocab_size": 5, "layers": 1, "heads": 1, "width": 4}, context=3).context == 3
    assert not any("bias" in name for name, _ in model(bias=False).named_parameters())


def test_a_tiny_gpt_learns_a_text_by_heart():
    text = "To be, or not to be, that is the question"
    letters = sorted(set(text))
    ids = minigrad.tensor([[letters.index(c) for c in text]])
    minigrad.manual_seed(0)
    made = GPT(len(letters), 64, layers=1, heads=2, width=32, dropout=0.0)
    optimizer = AdamW(made.parameters(), lr=0.01)
    for _ in range(80):
        optimizer.zero_grad()
        loss = F.cross_entropy(made(ids[:, :-1]).flatten(0, 1), ids[0, 1:])
        loss.backward()
        optimizer.step()
    written = made.generate(ids[:, :5], len(text) - 5, temperature=0)
    assert loss.item() < 0.1 and "".join(letters[i] for i in written.tolist()[0]) == text


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda m: GPT(heads=5), ArgumentError, "GPT: sizes must be positive and heads divide width, got vocab_size = 50257, context = 1024, layers = 12, heads = 5, width = 768"),
    (lambda m: GPT(heads=256, rotary=True), ArgumentError, "GPT: sizes must be positive and twice the heads divide width, got"),
    (lambda m: GPT(vocab_size=0), ArgumentError, "got vocab_size = 0"),
    (lambda m: GPT.from_config("gpt3"), ArgumentError, "GPT: there is no size 'gpt3', only gpt2, gpt2-medium"),
    (lambda m: m(tokens(2, 9)), ShapeError, "GPT: needs tokens (B, T) with T at most 8, got (2, 9)\nHint: cut the text, or build the model with a larger context than 8"),
    (lambda m: m(tokens(3)), ShapeError, "GPT: needs tokens (B, T) with T at most 8, got (3,)"),
    (lambda m: m(tokens(1, 3) + 9), RangeError, "outside [0, 11): the table has V = 11 rows"),
    (lambda m: m.generate(tokens(1, 0), 3), ShapeError, "needs tokens (B, T) with T at least 1, got (1, 0)\nHint: start with one token"),
    (lambda m: m.next_logits(tokens(1, 0)), ShapeError, "GPT: needs tokens (B, T) with T at least 1, got (1, 0)"),
    (lambda m: m.generate(tokens(1, 2), 3, top_p=2), ArgumentError, "top_p is a probability and must lie in (0, 1], got 2"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call(model())
    assert words in str(caught.value)
