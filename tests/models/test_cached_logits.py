import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad.models.cached_logits import CachedLogits, StateLogits, window_start


def memory_model(tokens, caches):
    """Answer with a hash of all tokens in the window, which it can only know from its cache; count what it reads."""
    assert tokens.shape[1]  # an answer belongs to a token that is read
    memory_model.read += tokens.shape[1]
    x = tokens.to("float64").reshape(len(tokens), 1, -1, 1)
    keys, _ = caches[0].append(x, x)
    text = keys.numpy()[:, 0, :, 0]
    return minigrad.tensor(np.sin(text * np.arange(1, text.shape[1] + 1)).sum(1, keepdims=True))


def anew(tokens, context=None):
    start = 0 if context is None else window_start(tokens.shape[1], context)
    text = tokens.numpy()[:, start:].astype("float64")
    return np.sin(text * np.arange(1, text.shape[1] + 1)).sum(1, keepdims=True)


@given(st.lists(st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=3), min_size=1, max_size=5),
       st.lists(st.integers(1, 3), min_size=5, max_size=5), st.sampled_from([None, 1, 2, 4]))  # fmt: skip
def test_any_questions_in_any_order_get_the_answers_of_reading_anew(questions, lengths, context):
    model = CachedLogits(memory_model, 1, context)
    memory_model.read = 0
    for rows, length in zip(questions, lengths, strict=False):
        tokens = minigrad.tensor(np.array(rows)[:, :length])
        np.testing.assert_allclose(model(tokens).numpy(), anew(tokens, context), atol=1e-12)


def test_a_growing_text_is_read_once():
    model, text = CachedLogits(memory_model, 1), minigrad.tensor([[1, 2, 3]])
    memory_model.read = 0
    for i in range(20):
        model(text)
        text = minigrad.cat([text, minigrad.tensor([[i]])], 1)
    assert memory_model.read == 22


def test_beams_change_places_and_are_copied():
    model = CachedLogits(memory_model, 1)
    memory_model.read = 0
    for rows in ([[7]], [[7, 1], [7, 2], [7, 3]], [[7, 3, 0], [7, 1, 0], [7, 3, 5]]):
        tokens = minigrad.tensor(rows)
        np.testing.assert_allclose(model(tokens).numpy(), anew(tokens), atol=1e-12)
    assert memory_model.read == 3


def test_texts_that_begin_alike_keep_their_own_memory():
    sources = minigrad.tensor([[[[10.0]]], [[[20.0]]]])

    def answer(tokens, caches):
        keys, _ = caches[0].append(sources.expand(2, 1, tokens.shape[1], 1), sources.expand(2, 1, tokens.shape[1], 1))
        return keys.sum((1, 2))

    model = CachedLogits(answer, 1)
    model(minigrad.tensor([[0], [0]]))
    assert model(minigrad.tensor([[0, 0], [0, 0]])).tolist() == [[20.0], [40.0]]


def test_the_window_jumps_by_half():
    for context in range(1, 9):
        starts = [window_start(n, context) for n in range(1, 40)]
        assert starts[:context] == [0] * context and starts == sorted(starts)
        assert all(1 <= n - s <= context for n, s in enumerate(starts, 1))
        assert len(set(starts)) <= 1 + -(-39 // max(context // 2, 1))


@given(st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3), min_size=1, max_size=6), st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_a_state_answers_any_questions_in_any_order(questions, lengths):
    read = lambda tokens, state: ((y := tokens.to("float64").cumsum(1).unsqueeze(-1) + (0.0 if state is None else state)), y[:, -1:])
    model = StateLogits(read)
    for row, length in zip(questions, lengths, strict=False):
        assert model(minigrad.tensor([row[:length]])).tolist() == [[sum(row[:length])]]


def test_a_state_reads_a_growing_text_once():
    read = []
    model, text = StateLogits(lambda tokens, state: (read.append(tokens.shape[1]) or tokens.unsqueeze(-1), 0)), minigrad.tensor([[1, 2]])
    for _ in range(3):
        model(text)
        text = minigrad.cat([text, minigrad.tensor([[5]])], 1)
    assert read == [2, 1, 1]
