import numpy as np
import pytest

from minigrad.errors import ArgumentError, StateError
from minigrad.optim import SGD, Adagrad, Adam
from minigrad.optim.lr_scheduler import OneCycleLR
from tests.optim.lr_scheduler.tables import continues, follows, rates, sgd


def plain(**options):
    return lambda o: OneCycleLR(o, 1.0, cycle_momentum=False, **options)


TABLES = {
    "cosine": (plain(total_steps=10), [0.04, 0.52, 1, 0.950484632, 0.8117456539, 0.6112620219, 0.3887419781, 0.1882583461, 0.04951936799, 4e-06]),
    "line": (
        plain(epochs=2, steps_per_epoch=6, pct_start=0.5, anneal_strategy="linear", div_factor=10.0, final_div_factor=5.0),
        [0.1, 0.28, 0.46, 0.64, 0.82, 1, 0.8366666667, 0.6733333333, 0.51, 0.3466666667, 0.1833333333, 0.02],
    ),
    "three phases": (
        plain(total_steps=12, three_phase=True, pct_start=0.25),
        [0.04, 0.52, 1, 0.52, 0.04, 0.03801957542, 0.03247054906, 0.02445197364, 0.01555202636, 0.007533450942, 0.00198442458, 4e-06],
    ),
}  # fmt: skip
MOMENTA = [0.95, 0.9, 0.85, 0.8549515566, 0.8688255099, 0.8888739533, 0.9111260467, 0.9311744901, 0.9450484434, 0.95]
BETAS = [0.8, 0.7, 0.6, 0.6285714286, 0.6571428571, 0.6857142857, 0.7142857143, 0.7428571429, 0.7714285714, 0.8]


@pytest.mark.parametrize("name", TABLES)
def test_the_learning_rate_follows_the_table(name):
    follows(*TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_a_saved_schedule_continues(name, tmp_path):
    continues(TABLES[name][0], tmp_path / "s.safetensors", epochs=10)


def test_momentum_goes_the_other_way():
    optimizer, found = sgd(momentum=0.5), []
    scheduler = OneCycleLR(optimizer, 1.0, total_steps=10)
    for _ in range(10):
        found.append(optimizer.param_groups[0]["momentum"])
        scheduler.step()
    np.testing.assert_allclose(found, MOMENTA)


def test_for_adam_it_is_the_first_beta():
    optimizer, found = sgd(kind=Adam, betas=(0.9, 0.99)), []
    scheduler = OneCycleLR(optimizer, 1.0, total_steps=10, base_momentum=0.6, max_momentum=0.8, anneal_strategy="linear")
    for _ in range(10):
        beta1, beta2 = optimizer.param_groups[0]["betas"]
        assert beta2 == 0.99
        found.append(beta1)
        scheduler.step()
    np.testing.assert_allclose(found, BETAS)


def test_every_group_can_have_its_own_peak():
    scheduler = OneCycleLR(sgd(0.5, 0.5, momentum=0.9), [1.0, 3.0], total_steps=10, max_momentum=[0.9, 0.8])
    scheduler.step(2)
    assert scheduler.get_last_lr() == [1.0, 3.0]
    assert [group["max_momentum"] for group in scheduler.optimizer.param_groups] == [0.9, 0.8]


def test_a_run_is_continued_after_its_last_epoch():
    optimizer = sgd(momentum=0.5)
    scheduler = OneCycleLR(optimizer, 1.0, total_steps=10)
    whole = rates(scheduler, 10)
    fresh = sgd(momentum=0.5)
    with pytest.raises(StateError, match="group 0 has no initial_lr, max_lr, min_lr"):
        OneCycleLR(fresh, 1.0, total_steps=10, last_epoch=4)
    fresh.load_state_dict(optimizer.state_dict())
    assert rates(OneCycleLR(fresh, 1.0, total_steps=10, last_epoch=4), 5) == whole[5:]


def test_the_step_after_the_last_batch_is_allowed_and_stays_at_the_end():
    for strategy in ("cos", "linear"):
        scheduler = OneCycleLR(sgd(momentum=0.9), 1.0, total_steps=5, anneal_strategy=strategy)
        for _ in range(5):
            scheduler.step()
        np.testing.assert_allclose(scheduler.get_last_lr(), [1 / 25 / 1e4])
        with pytest.raises(ArgumentError, match=r"^OneCycleLR: step 6 is beyond total_steps, 5\nHint: total_steps is"):
            scheduler.step()


@pytest.mark.parametrize("total_steps", [1, 2, 3, 10])
@pytest.mark.parametrize("pct_start", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("three_phase", [False, True])
def test_a_phase_of_no_length_is_no_division_by_zero(total_steps, pct_start, three_phase):
    found = rates(OneCycleLR(sgd(momentum=0.9), 1.0, total_steps=total_steps, pct_start=pct_start, three_phase=three_phase), total_steps)
    assert all(0 < lr <= 1 for lr in found)


def test_bad_arguments_are_refused():
    o = sgd(kind=SGD, momentum=0.9)
    for call, message in (
        (lambda: OneCycleLR(o, 1.0), "OneCycleLR: give total_steps, or both epochs and steps_per_epoch"),
        (lambda: OneCycleLR(o, 1.0, epochs=3), "OneCycleLR: give total_steps, or both epochs and steps_per_epoch"),
        (lambda: OneCycleLR(o, 1.0, 0), "OneCycleLR: total_steps is 0, it must be an integer in [1, ∞)"),
        (lambda: OneCycleLR(o, 1.0, epochs=3, steps_per_epoch=2.5), "OneCycleLR: steps_per_epoch is 2.5, it must be an integer in [1, ∞)"),
        (lambda: OneCycleLR(o, -1.0, 5), "OneCycleLR: max_lr is -1.0, it must be a number in [0, ∞)"),
        (lambda: OneCycleLR(o, [1.0, 2.0], 5), "OneCycleLR: max_lr has 2 values for 1 parameter groups"),
        (lambda: OneCycleLR(o, 1.0, 5, pct_start=30), "OneCycleLR: pct_start is 30, it must be a number in [0, 1]"),
        (lambda: OneCycleLR(o, 1.0, 5, anneal_strategy="step"), "OneCycleLR: anneal_strategy is 'step', it must be \"cos\" or \"linear\""),
        (lambda: OneCycleLR(o, 1.0, 5, max_momentum=1.0), "OneCycleLR: max_momentum is 1.0, it must be a number in [0, 1)"),
        (lambda: OneCycleLR(o, 1.0, 5, div_factor=0), "OneCycleLR: div_factor is 0, it must be a number in (0, ∞)"),
        (lambda: OneCycleLR(sgd(kind=Adagrad), 1.0, 5), "OneCycleLR: Adagrad has neither momentum nor betas\nHint: pass cycle_momentum=False"),
        (lambda: OneCycleLR(None, 1.0, 5), "OneCycleLR: optimizer is of type NoneType, it must be an Optimizer"),
    ):
        with pytest.raises(ArgumentError) as caught:
            call()
        assert str(caught.value) == message
