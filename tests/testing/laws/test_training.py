"""Accumulated gradients and saved states."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, LawError
from minigrad.nn import functional as F
from minigrad.testing.laws import check_accumulation, check_saving

RNG = np.random.default_rng(0)
X, TARGET = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))


def linear():
    minigrad.manual_seed(0)
    return nn.Linear(3, 2).double()


def forgets_the_share(model, loss, batches):
    for x, target in batches:
        loss(model(x), target).backward()


def divides_by_the_parts(model, loss, batches):
    for x, target in batches:
        (loss(model(x), target) / len(batches)).backward()


def clears_in_between(model, loss, batches):
    for x, target in batches:
        model.zero_grad()
        (loss(model(x), target) * (len(x) / 5)).backward()


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_micro_batches_add_up_to_the_whole(parts):
    check_accumulation(linear(), X, TARGET, F.mse_loss, parts=parts)


@pytest.mark.parametrize("loop", [forgets_the_share, divides_by_the_parts, clears_in_between], ids=lambda f: f.__name__)
def test_a_loop_that_accumulates_wrongly_is_found(loop):
    with pytest.raises(LawError, match=r"accumulation of Linear: the gradient of weight from 2 parts, shape \(2, 3\)"):
        check_accumulation(linear(), X, TARGET, F.mse_loss, accumulate=loop)


def test_a_loss_that_sums_and_a_model_that_mixes_examples_are_found():
    with pytest.raises(LawError, match="accumulation of Linear"):
        check_accumulation(linear(), X, TARGET, lambda y, t: F.mse_loss(y, t, reduction="sum"))
    mixing = nn.Sequential(linear(), nn.BatchNorm1d(2).double())
    with pytest.raises((LawError, ArgumentError)):
        check_accumulation(mixing, X, TARGET, F.mse_loss, accumulate=lambda m, loss, batches: [
            (loss(m(minigrad.cat([x, x])), minigrad.cat([t, t])) * (len(x) / 5)).backward() for x, t in batches])


def test_more_parts_than_examples_are_refused():
    with pytest.raises(ArgumentError, match="accumulation of Linear: 5 examples cannot be split into 6 parts"):
        check_accumulation(linear(), X, TARGET, F.mse_loss, parts=6)


def test_layers_and_models_come_back_bit_for_bit():
    check_saving(linear(), X)
    check_saving(linear, X)
    check_saving(lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout()), X.astype(np.float32))


class Forgetful(nn.Module):
    """Scale by a tensor that is neither a Parameter nor a Buffer."""

    def __init__(self):
        super().__init__()
        self.scale = minigrad.randn(3)
        self.shift = nn.Parameter(minigrad.zeros(3))

    def forward(self, x):
        return x * self.scale + self.shift


def test_a_tensor_that_the_state_forgets_is_found():
    with pytest.raises(LawError, match="saving of Forgetful: the output after loading"):
        check_saving(Forgetful, X)


def test_a_state_that_is_not_loaded_is_found():
    class Deaf(nn.Linear):
        def load_state_dict(self, state, strict=True):
            return None

    with pytest.raises(LawError, match="saving of Deaf: weight came back"):
        check_saving(Deaf(3, 2), X.astype(np.float32))


def test_a_state_that_comes_back_changed_is_found():
    class Rounding(nn.Linear):
        def load_state_dict(self, state, strict=True):
            return super().load_state_dict({key: value.float() for key, value in state.items()}, strict)

    with pytest.raises(LawError, match="saving of Rounding: weight came back as float64 with other values"):
        model = Rounding(3, 2).double()
        model.weight.data = RNG.normal(size=(2, 3))
        check_saving(model, X)
