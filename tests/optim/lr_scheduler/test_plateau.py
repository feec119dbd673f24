import math

import pytest

import minigrad
from minigrad.errors import ArgumentError, StateError
from minigrad.optim.lr_scheduler import ReduceLROnPlateau, StepLR
from tests.optim.lr_scheduler.tables import sgd

METRICS = [1.0, 0.9, 0.9, 0.89995, 0.8, 0.85, 0.86, 0.87, 0.79, 0.79, 0.79, 0.79, 0.79]
TABLES = [
    ({"factor": 0.5, "patience": 1}, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.0625]),
    ({"factor": 0.5, "patience": 1, "cooldown": 2}, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125]),
    ({"factor": 0.5, "patience": 0, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 0.2}, [1.0, 1.0, 0.5, 0.25, 0.25] + [0.2] * 8),
    ({"factor": 0.5, "patience": 1, "threshold": 0.01, "mode": "max"}, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.0625]),
]  # fmt: skip


def run(scheduler, metrics):
    found = []
    for m in metrics:
        scheduler.step(m)
        found.append(scheduler.optimizer.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize(("options", "table"), TABLES)
def test_the_learning_rate_follows_the_table(options, table):
    metrics = [1 / m for m in METRICS] if options.get("mode") == "max" else METRICS
    assert run(ReduceLROnPlateau(sgd(1.0), **options), metrics) == table


@pytest.mark.parametrize(("options", "table"), TABLES[:3])
def test_a_saved_schedule_continues(options, table, tmp_path):
    path = tmp_path / "s.safetensors"
    for stop in range(len(table)):
        scheduler = ReduceLROnPlateau(sgd(1.0), **options)
        run(scheduler, METRICS[:stop])
        minigrad.io.save([scheduler.state_dict(), scheduler.optimizer.state_dict()], path)
        state, rates = minigrad.io.load(path)
        other = ReduceLROnPlateau(sgd(5.0))
        other.load_state_dict(state)
        other.optimizer.load_state_dict(rates)
        assert run(other, METRICS[stop:]) == table[stop:]


def test_a_change_smaller_than_eps_is_not_made():
    assert run(ReduceLROnPlateau(sgd(1.0), factor=0.5, patience=0, eps=0.2), [1.0] * 6) == [1.0, 0.5, 0.25, 0.25, 0.25, 0.25]


def test_the_first_metric_is_always_better():
    for mode, metric in (("min", 1e300), ("max", -1e300)):
        for threshold_mode in ("rel", "abs"):
            scheduler = ReduceLROnPlateau(sgd(), mode=mode, threshold_mode=threshold_mode, threshold=0.0)
            scheduler.step(metric)
            assert (scheduler.best, scheduler.num_bad_epochs) == (metric, 0)


def test_a_nan_is_not_better():
    scheduler = ReduceLROnPlateau(sgd(1.0), factor=0.5, patience=0)
    assert run(scheduler, [1.0, math.nan, 0.5]) == [1.0, 0.5, 0.5] and scheduler.best == 0.5


def test_every_group_has_its_own_lowest_rate():
    scheduler = ReduceLROnPlateau(sgd(1.0, 1.0), factor=0.1, patience=0, min_lr=[0.5, 0.01])
    scheduler.step(1.0)
    scheduler.step(1.0)
    assert scheduler.get_last_lr() == [0.5, 0.1]


def test_the_metric_may_be_a_tensor():
    scheduler = ReduceLROnPlateau(sgd())
    scheduler.step(minigrad.tensor([0.25]))
    assert scheduler.best == 0.25
    with pytest.raises(ArgumentError, match=r"^ReduceLROnPlateau: metrics is tensor\(\[1., 2.\]\), it must be one number"):
        scheduler.step(minigrad.tensor([1.0, 2.0]))
    assert scheduler.last_epoch == 1


def test_bad_arguments_are_refused():
    o = sgd()
    for call, message in (
        (lambda: ReduceLROnPlateau(o, "lowest"), "ReduceLROnPlateau: mode is 'lowest', it must be \"min\" or \"max\""),
        (lambda: ReduceLROnPlateau(o, threshold_mode="x"), "ReduceLROnPlateau: threshold_mode is 'x', it must be \"rel\" or \"abs\""),
        (lambda: ReduceLROnPlateau(o, factor=1.0), "ReduceLROnPlateau: factor is 1.0, it must be a number in [0, 1)"),
        (lambda: ReduceLROnPlateau(o, patience=-1), "ReduceLROnPlateau: patience is -1, it must be an integer in [0, ∞)"),
        (lambda: ReduceLROnPlateau(o, min_lr=[0.1, 0.2]), "ReduceLROnPlateau: min_lr has 2 values for 1 parameter groups"),
        (lambda: ReduceLROnPlateau(o, min_lr=-1), "ReduceLROnPlateau: min_lr is -1, it must be a number in [0, ∞)"),
        (lambda: ReduceLROnPlateau(3), "ReduceLROnPlateau: optimizer is of type int, it must be an Optimizer"),
    ):
        with pytest.raises(ArgumentError) as caught:
            call()
        assert str(caught.value) == message


def test_the_state_of_another_kind_of_schedule_is_refused():
    with pytest.raises(StateError, match="ReduceLROnPlateau: the state is not of this kind of schedule"):
        ReduceLROnPlateau(sgd()).load_state_dict(StepLR(sgd(), 3).state_dict())
