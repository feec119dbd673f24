"""What goes wrong in a run is named, and the last checkpoint stays good."""

import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import AnomalyError, ArgumentError, StateError
from minigrad.optim import SGD
from minigrad.train import Checkpoint, Trainer, accuracy
from tests.train.trainer.runs import linear_run


def test_a_loss_that_is_not_finite_names_the_op_that_made_it():
    model = nn.Linear(2, 1)
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), lambda output, y: (output * 0 - 1).log().mean())
    before = model.weight.numpy().copy()
    with pytest.raises(AnomalyError, match=r"^log at .*test_mistakes\.py:\d+"):
        trainer.fit([(minigrad.ones(3, 2), minigrad.ones(3, 1))], 1)
    assert np.array_equal(model.weight.numpy(), before)


def test_an_op_that_fails_for_some_random_numbers_only_is_found_with_the_same_ones():
    def draws(seed):
        minigrad.manual_seed(seed)
        return [minigrad.rand(1).item() for _ in range(2)]

    seed = next(seed for seed in range(100) if draws(seed)[0] < 0.4 and draws(seed)[1] > 0.6)
    model = nn.Linear(2, 1)
    trainer = Trainer(model, SGD(model.parameters(), lr=0.1), lambda output, y: (output * 0 + minigrad.rand(1) - 0.5).log().mean())
    minigrad.manual_seed(seed)
    with pytest.raises(AnomalyError, match=r"^log at .*test_mistakes\.py:\d+"):
        trainer.fit([(minigrad.ones(1, 2), minigrad.ones(1, 1))], 1)


def test_a_parameter_that_an_update_spoiled_is_named_and_the_last_checkpoint_stays(tmp_path):
    path = tmp_path / "run.safetensors"
    trainer, batches, _, _ = linear_run(callbacks=[Checkpoint(path)])
    trainer.fit(batches, 1)
    good = path.read_bytes()
    trainer.optimizer.param_groups[0]["lr"] = 1e300
    with np.errstate(all="ignore"), pytest.raises(AnomalyError, match=r"fit: (weight|bias) is not finite since an update"):
        trainer.fit([(x * 1e9, y) for x, y in batches], 3)
    assert path.read_bytes() == good


def test_a_gradient_that_is_not_finite_in_the_last_batch_does_not_reach_the_checkpoint(tmp_path):
    model, path = nn.Linear(2, 1), tmp_path / "run.safetensors"
    trainer = Trainer(
        model, SGD(model.parameters(), lr=0.1), lambda output, y: (output * 0).sqrt().mean(), callbacks=[Checkpoint(path)]
    )
    with np.errstate(all="ignore"), pytest.raises(AnomalyError, match="weight is not finite since an update, epoch 1, 1 b"):
        trainer.fit([(minigrad.ones(3, 2), minigrad.ones(3, 1))], 1)
    assert not path.exists()


@pytest.mark.parametrize("which", ["x", "y"])
def test_data_that_are_not_finite_are_named(which):
    trainer, batches, _, _ = linear_run()
    bad = minigrad.from_numpy(np.full((2, 3 if which == "x" else 1), np.nan))
    batch = (bad, batches[0][1]) if which == "x" else (batches[0][0], bad)
    with pytest.raises(AnomalyError, match=f"the loss is nan in epoch 1, batch 4: {which} of the batch is not finite"):
        trainer.fit([*batches, batch], 1)


@pytest.mark.parametrize("loader", [[], iter(())])
def test_a_loader_without_batches_is_an_error(loader):
    trainer, batches, _, _ = linear_run()
    with pytest.raises(ArgumentError, match="fit: the loader gave no batches in epoch 1"):
        trainer.fit(loader, 1)
    with pytest.raises(ArgumentError, match="evaluate: the loader gave no batches"):
        trainer.fit(batches, 1, validation=loader)


def test_a_generator_that_is_used_up_is_an_error_in_the_second_epoch():
    trainer, batches, _, _ = linear_run()
    with pytest.raises(ArgumentError, match=r"no batches in epoch 2\nHint: a generator gives its batches only once"):
        trainer.fit((batch for batch in batches), 2)


@pytest.mark.parametrize("name", ["epoch", "loss", "examples"])
def test_a_metric_cannot_take_a_name_of_the_history(name):
    with pytest.raises(ArgumentError, match=f"Trainer: {name} cannot name a metric"):
        linear_run(metrics={name: accuracy})


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ArgumentError, match="schedule_by is 'batches'"):
        linear_run(schedule_by="batches")


def test_a_state_with_missing_parts_or_of_another_run_is_refused(build_run):
    run = build_run()
    state = run.trainer.state_dict()
    partial = {key: value for key, value in state.items() if key != "random"}
    with pytest.raises(StateError, match="the checkpoint has no random"):
        run.trainer.load_state_dict(partial)
    with pytest.raises(StateError, match="is of a run without a scheduler, this one is with"):
        run.trainer.load_state_dict({**state, "scheduler": None})
