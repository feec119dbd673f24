"""Windows of a text, and losses in which padding does not count."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.recipes.tokens import Windows, mean_nats, padded, token_loss


@pytest.mark.parametrize(("n", "T", "stride"), [(20, 4, 1), (20, 4, 4), (21, 4, 4), (5, 4, 4), (4, 4, 1), (9, 3, 2)])
def test_windows_are_the_text_and_the_text_one_place_later(n, T, stride):
    text = np.arange(n) * 7
    windows = Windows(text, T, stride)
    starts = [i for i in range(0, n, stride) if i + T + 1 <= n]
    assert len(windows) == len(starts)
    for i, start in enumerate(starts):
        x, y = windows[i]
        assert x.tolist() == text[start : start + T].tolist() and y.tolist() == text[start + 1 : start + T + 1].tolist()


def test_a_batch_of_windows_is_its_items():
    windows = Windows(np.arange(50), 6, 2)
    x, y = windows.gather([3, 0, 20])
    assert x.tolist() == [windows[i][0].tolist() for i in (3, 0, 20)] and y[1].tolist() == windows[0][1].tolist()


def test_the_loss_is_the_mean_over_the_tokens_that_count():
    rng = np.random.default_rng(0)
    logits, y = rng.standard_normal((2, 3, 5)), np.array([[1, 4, -100], [0, -100, -100]])
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -(log_p[0, 0, 1] + log_p[0, 1, 4] + log_p[1, 0, 0]) / 3
    assert token_loss(minigrad.tensor(logits), minigrad.tensor(y)).item() == pytest.approx(expected)


def test_every_token_weighs_the_same_whatever_its_batch():
    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(4, 4)
            self.drop = nn.Dropout(0.5)

        def forward(self, x, _):
            return self.drop(self.table(x)), None

    model = Table().double()
    x, y = minigrad.tensor([[0, 1, 2], [3, 0, 0]]), minigrad.tensor([[1, 2, 3], [1, -100, -100]])
    apart = mean_nats(model, [(x[:1], x, y[:1]), (x[1:], x, y[1:])], lambda output: output[0])
    assert model.training
    model.eval()
    assert apart == pytest.approx(token_loss(model(x, x)[0], y).item())


def test_no_rows_pad_to_nothing():
    assert padded([], 0).shape == (0, 0) and padded([[], [5]], 9).tolist() == [[9], [5]]
