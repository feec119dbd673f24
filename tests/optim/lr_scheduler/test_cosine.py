import numpy as np
import pytest

from minigrad.errors import ArgumentError
from minigrad.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts
from tests.optim.lr_scheduler.tables import continues, follows, rates, sgd

TABLES = {
    "cosine": (lambda o: CosineAnnealingLR(o, 4), [0.5, 0.4267766953, 0.25, 0.0732233047, 0, 0.0732233047, 0.25, 0.4267766953, 0.5, 0.4267766953]),
    "cosine above a minimum": (
        lambda o: CosineAnnealingLR(o, 5, eta_min=0.1),
        [0.5, 0.4618033989, 0.3618033989, 0.2381966011, 0.1381966011, 0.1, 0.1381966011, 0.2381966011, 0.3618033989, 0.4618033989, 0.5, 0.4618033989],
    ),
    "restarts": (lambda o: CosineAnnealingWarmRestarts(o, 3), [0.5, 0.375, 0.125, 0.5, 0.375, 0.125, 0.5, 0.375]),
    "longer restarts": (
        lambda o: CosineAnnealingWarmRestarts(o, 2, T_mult=2, eta_min=0.1),
        [0.5, 0.3, 0.5, 0.4414213562, 0.3, 0.1585786438, 0.5, 0.4847759065, 0.4414213562, 0.3765366865, 0.3, 0.2234633135, 0.1585786438, 0.1152240935, 0.5],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_learning_rate_follows_the_table(name):
    follows(*TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_a_saved_schedule_continues(name, tmp_path):
    continues(TABLES[name][0], tmp_path / "s.safetensors")


@pytest.mark.parametrize("T_mult", [1, 2, 3])
def test_going_to_an_epoch_and_walking_there_are_the_same(T_mult):
    walking, jumping = (CosineAnnealingWarmRestarts(sgd(), 3, T_mult, eta_min=0.05) for _ in range(2))
    for epoch in range(1, 45):
        walking.step()
        jumping.step(epoch)
        assert jumping.get_last_lr() == walking.get_last_lr()
        assert (jumping.T_cur, jumping.T_i, jumping.last_epoch) == (walking.T_cur, walking.T_i, walking.last_epoch)


def test_restarts_take_fractions_of_an_epoch():
    scheduler = CosineAnnealingWarmRestarts(sgd(1.0), 2)
    found = []
    for batch in range(9):
        scheduler.step(batch / 4)
        found.append(scheduler.get_last_lr()[0])
    np.testing.assert_allclose(found, [(1 + np.cos(np.pi * (t / 8 % 1))) / 2 for t in range(9)], atol=1e-15)
    assert scheduler.last_epoch == 2


def test_the_rate_never_leaves_its_bounds():
    found = rates(CosineAnnealingLR(sgd(), 7), 100)
    assert min(found) >= 0 and max(found) <= 0.5


def test_bad_arguments_are_refused():
    for call, message in (
        (lambda: CosineAnnealingLR(sgd(), 0), "CosineAnnealingLR: T_max is 0, it must be an integer in [1, ∞)"),
        (lambda: CosineAnnealingLR(sgd(), 3, -1), "CosineAnnealingLR: eta_min is -1, it must be a number in [0, ∞)"),
        (lambda: CosineAnnealingWarmRestarts(sgd(), 2.5), "CosineAnnealingWarmRestarts: T_0 is 2.5, it must be an integer in [1, ∞)"),
        (lambda: CosineAnnealingWarmRestarts(sgd(), 2, 0), "CosineAnnealingWarmRestarts: T_mult is 0, it must be an integer in [1, ∞)"),
        (lambda: CosineAnnealingWarmRestarts(sgd(), 2).step(-0.5), "CosineAnnealingWarmRestarts: epoch is -0.5, it must be a number in [0, ∞)"),
    ):
        with pytest.raises(ArgumentError) as caught:
            call()
        assert str(caught.value) == message
