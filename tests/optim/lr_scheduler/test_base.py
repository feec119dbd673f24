import numpy as np
import pytest

from minigrad.errors import ArgumentError, StateError
from minigrad.optim.lr_scheduler import ClosedFormLR, CosineAnnealingLR, ExponentialLR, LinearLR, LRScheduler, StepLR
from tests.optim.lr_scheduler.tables import rates, sgd


def test_every_group_starts_from_its_own_learning_rate():
    optimizer = sgd(1.0, 0.1)
    scheduler = ExponentialLR(optimizer, 0.5)
    assert scheduler.base_lrs == [1.0, 0.1] and [g["initial_lr"] for g in optimizer.param_groups] == [1.0, 0.1]
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 0.05]


def test_a_formula_does_not_drift():
    scheduler = StepLR(sgd(0.3), 1, gamma=0.1)
    for _ in range(12):
        scheduler.step()
    assert scheduler.get_last_lr() == [0.3 * 0.1**12]


def test_two_schedules_of_one_optimizer_multiply():
    optimizer = sgd(1.0)
    first, second = LinearLR(optimizer, 0.5, total_iters=4), ExponentialLR(optimizer, 0.5)
    found = []
    for _ in range(6):
        found.append(optimizer.param_groups[0]["lr"])
        first.step()
        second.step()
    np.testing.assert_allclose(found, [min(0.5 + t / 8, 1) * 0.5**t for t in range(6)])


def test_a_change_by_hand_is_kept_as_a_factor():
    optimizer = sgd(1.0)
    scheduler = ExponentialLR(optimizer, 0.5)
    scheduler.step()
    optimizer.param_groups[0]["lr"] = 0.1
    np.testing.assert_allclose(rates(scheduler, 3), [0.1, 0.05, 0.025])


def test_a_change_by_hand_is_measured_from_the_lowest_learning_rate():
    optimizer = sgd(1.0)
    scheduler = CosineAnnealingLR(optimizer, 2, eta_min=0.2)
    optimizer.param_groups[0]["lr"] = 0.4
    np.testing.assert_allclose(rates(scheduler, 5), [0.4, 0.3, 0.2, 0.6, 1.0])  # at 0.2 the change is forgotten


def test_a_rate_set_by_hand_after_the_end_stays():
    optimizer = sgd(1.0)
    scheduler = LinearLR(optimizer, 1.0, 0.0, total_iters=2)
    assert rates(scheduler, 3) == [1.0, 0.5, 0.0]
    optimizer.param_groups[0]["lr"] = 0.125
    assert rates(scheduler, 3) == [0.125, 0.125, 0.125]


def test_a_run_is_continued_after_its_last_epoch():
    optimizer = sgd(1.0)
    whole = rates(ExponentialLR(optimizer, 0.5), 8)
    fresh = sgd(1.0)
    with pytest.raises(StateError, match=r"^ExponentialLR: last_epoch is 3, but group 0 has no initial_lr\nHint: load"):
        ExponentialLR(fresh, 0.5, last_epoch=3)
    fresh.load_state_dict(optimizer.state_dict())
    scheduler = ExponentialLR(fresh, 0.5, last_epoch=3)
    assert scheduler.last_epoch == 4 and rates(scheduler, 4) == whole[4:]


def test_a_step_can_go_to_any_epoch():
    scheduler = StepLR(sgd(1.0), 2, gamma=0.5)
    scheduler.step(7)
    assert (scheduler.last_epoch, scheduler.get_last_lr()) == (7, [0.125])
    scheduler.step(0)
    assert scheduler.get_last_lr() == [1.0]
    with pytest.raises(ArgumentError, match=r"^StepLR: epoch is -1, it must be a number in \[0, ∞\)"):
        scheduler.step(-1)


class Own(LRScheduler):
    """A schedule as PyTorch's users write them, from the learning rate as it is."""

    def get_lr(self):
        return [group["lr"] * (0.5 if self.last_epoch else 1.0) for group in self.optimizer.param_groups]


class Inverse(ClosedFormLR):
    """A schedule by its formula."""

    def lr_at(self, base_lr, t):
        return base_lr / (1 + t)


def test_a_schedule_of_ones_own_defines_the_next_rate_or_a_formula():
    assert rates(Own(sgd(1.0)), 4) == [1.0, 0.5, 0.25, 0.125]
    assert rates(Inverse(sgd(1.0)), 4) == [1.0, 1 / 2, 1 / 3, 1 / 4]


@pytest.mark.parametrize(("kind", "name"), [(LRScheduler, "get_lr"), (ClosedFormLR, "lr_at")])
def test_what_a_schedule_must_define_is_said(kind, name):
    with pytest.raises(NotImplementedError, match=f"{kind.__name__}: define {name}"):
        kind(sgd())


def test_only_an_optimizer_has_a_learning_rate():
    with pytest.raises(ArgumentError, match=r"^ExponentialLR: optimizer is of type float, it must be an Optimizer"):
        ExponentialLR(0.1, 0.5)


def test_the_state_of_another_kind_of_schedule_is_refused():
    with pytest.raises(StateError) as caught:
        ExponentialLR(sgd(), 0.5).load_state_dict(StepLR(sgd(), 3).state_dict())
    assert str(caught.value) == (
        "ExponentialLR: the state is not of this kind of schedule\n  unexpected: step_size"
    )
    with pytest.raises(StateError, match=r"\n  missing: T_max, eta_min\n  unexpected: gamma$"):
        CosineAnnealingLR(sgd(), 3).load_state_dict(ExponentialLR(sgd(), 0.5).state_dict())


def test_the_state_of_other_groups_is_refused():
    with pytest.raises(StateError, match=r"^StepLR: the state is of 2 parameter groups, the optimizer has 1$"):
        StepLR(sgd(), 3).load_state_dict(StepLR(sgd(1.0, 2.0), 3).state_dict())
