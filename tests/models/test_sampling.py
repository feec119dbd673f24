import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

import minigrad
from minigrad import Generator, nn
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.models.sampling import check_prompt, choose, evaluating, generate, keep_top_k, keep_top_p

ROWS = minigrad.tensor(np.log([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]]))
logits = st.lists(st.integers(-3, 3), min_size=1, max_size=8).map(lambda x: minigrad.tensor(np.array([x], "float64")))


def kept(y):
    return (y.numpy() > -np.inf).tolist()


def test_top_k_keeps_the_largest_and_of_equals_the_first():
    assert kept(keep_top_k(ROWS, 2)) == [[False, True, False, True], [True, True, False, False]]
    assert kept(keep_top_k(ROWS, 9)) == [[True] * 4] * 2
    np.testing.assert_array_equal(keep_top_k(ROWS, 1).numpy()[0, 1], ROWS.numpy()[0, 1])


def test_top_p_keeps_as_few_as_reach_p():
    assert kept(keep_top_p(ROWS, 0.65)) == [[False, True, False, True], [True] + [False] * 3]
    assert kept(keep_top_p(ROWS, 0.75)) == [[False, True, True, True], [True, True, False, False]]
    assert kept(keep_top_p(ROWS, 1e-9)) == [[False, True, False, False], [True] + [False] * 3]
    assert kept(keep_top_p(ROWS, 1.0)) == [[True] * 4] * 2


@given(logits, st.floats(0.01, 1.0))
def test_top_p_is_the_smallest_set_of_the_likeliest(x, p):
    chance, mask = special.softmax(x.numpy()[0]), np.array(kept(keep_top_p(x, p))[0])
    assert chance[mask].sum() >= p - 1e-9
    assert chance[mask].sum() - chance[mask].min() < p + 1e-9
    assert mask.all() or chance[mask].min() >= chance[~mask].max() - 1e-12


def test_temperature_0_takes_the_largest_and_others_draw():
    assert choose(ROWS, 0).tolist() == [1, 0] and choose(ROWS, 0, top_k=1, top_p=0.1).tolist() == [1, 0]
    many = ROWS[:1].expand(20000, 4)
    for temperature in (0.5, 1.0, 3.0):
        drawn = choose(many, temperature, generator=Generator(1)).numpy()
        expected = special.softmax(ROWS.numpy()[0] / temperature)
        np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 20000, expected, atol=0.015)
    assert choose(ROWS, 1e-300).tolist() == [1, 0]


def test_filters_apply_after_the_temperature_and_top_k_first():
    many = ROWS[:1].expand(5000, 4)
    hot = choose(many, 100.0, top_p=0.74, generator=Generator(0)).numpy()  # nearly uniform: three make 0.75
    assert set(hot) == {1, 2, 3}
    both = choose(many, 1.0, top_k=3, top_p=0.7, generator=Generator(0)).numpy()  # 0.4/0.9 + 0.3/0.9 reach 0.7
    assert set(both) == {1, 3}


def test_the_generator_decides():
    many = ROWS[:1].expand(50, 4)
    a, b, c = (choose(many, generator=Generator(seed)).tolist() for seed in (1, 1, 2))
    assert a == b != c


def counting(tokens):
    """Answer: the last token plus 1, modulo 5, almost surely."""
    x = np.full((len(tokens), 5), -50.0)
    x[np.arange(len(tokens)), (tokens.numpy()[:, -1] + 1) % 5] = 0
    return minigrad.tensor(x)


def test_texts_go_on_until_all_have_stopped():
    start = minigrad.tensor([[0, 1], [2, 2]])
    assert generate(counting, start, 3).tolist() == [[0, 1, 2, 3, 4], [2, 2, 3, 4, 0]]
    assert generate(counting, start, 9, stop=4).tolist() == [[0, 1, 2, 3, 4], [2, 2, 3, 4, 4]]
    assert generate(counting, start, 0).tolist() == start.tolist()
    assert generate(counting, start.to("int32"), 1).dtype == minigrad.int32


def test_nothing_is_recorded():
    weight = minigrad.zeros(5, requires_grad=True)
    seen = []
    generate(lambda tokens: seen.append(weight + 0) or counting(tokens), minigrad.tensor([[0]]), 1)
    assert not seen[0].requires_grad


def test_evaluating_leaves_every_module_as_it_was():
    model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)))
    model[1].eval()
    with pytest.raises(RuntimeError), evaluating(model):
        assert not any(m.training for m in model.modules()) and not minigrad.is_grad_enabled()
        raise RuntimeError
    assert [m.training for m in model.modules()] == [True, True, False, False] and minigrad.is_grad_enabled()


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: keep_top_k(ROWS, 0), ArgumentError, "top_k must be at least 1, got 0"),
    (lambda: keep_top_p(ROWS, 0.0), ArgumentError, "top_p is a probability and must lie in (0, 1], got 0.0"),
    (lambda: choose(ROWS, top_p=1.1), ArgumentError, "must lie in (0, 1], got 1.1"),
    (lambda: choose(ROWS, top_p=math.nan), ArgumentError, "must lie in (0, 1], got nan"),
    (lambda: choose(ROWS, -1), ArgumentError, "temperature must not be negative, got -1"),
    (lambda: choose(ROWS, math.nan), ArgumentError, "temperature must not be negative, got nan"),
    (lambda: choose(ROWS * math.nan), ArgumentError, "the logits hold NaN or ∞\nHint: detect_anomaly()"),
    (lambda: choose(ROWS.masked_fill(ROWS < -2, math.inf)), ArgumentError, "the logits hold NaN or ∞"),
    (lambda: generate(counting, [[1]], 1), DtypeError, "generate: tokens must be a tensor of integers, got list\nHint: tensor([[3, 1, 4]])"),
    (lambda: generate(counting, ROWS, 1), DtypeError, "tokens must be a tensor of integers, got float64"),
    (lambda: generate(counting, minigrad.tensor([1]), 1), ShapeError, "needs tokens (B, T) with T at least 1, got (1,)"),
    (lambda: check_prompt("op", minigrad.zeros(2, 0, dtype="int64")), ShapeError, "op: needs tokens (B, T) with T at least 1, got (2, 0)\nHint: start with one token"),
    (lambda: generate(counting, minigrad.tensor([[1]]), -1), ArgumentError, "max_new_tokens must not be negative, got -1"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)


