"""Running a schedule and holding it to a table. The tables were computed with PyTorch 2.13."""

import numpy as np

import minigrad
from minigrad.io import load, save
from minigrad.optim import SGD


def sgd(*lrs, kind=SGD, **options):
    """Return an optimizer with a group for each learning rate."""
    return kind([{"params": [minigrad.tensor([1.0], requires_grad=True)], "lr": lr} for lr in lrs or (0.5,)], **options)


def rates(scheduler, epochs):
    """Return the learning rate of the first group in each epoch."""
    found = []
    for _ in range(epochs):
        found.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.step()
    return found


def follows(build, table):
    """Check a schedule against a table."""
    scheduler = build(sgd())
    assert scheduler.get_last_lr() == [scheduler.optimizer.param_groups[0]["lr"]]
    np.testing.assert_allclose(rates(scheduler, len(table)), table, rtol=1e-9, atol=1e-12)
    assert scheduler.get_last_lr() == [scheduler.optimizer.param_groups[0]["lr"]]


def continues(build, path, epochs=12):
    """Check that a schedule that is saved and loaded, with its optimizer, goes on as if it had not been."""
    uninterrupted = rates(build(sgd()), epochs)
    for stop in range(epochs):
        scheduler = build(sgd())
        for _ in range(stop):
            scheduler.step()
        save({"scheduler": scheduler.state_dict(), "optimizer": scheduler.optimizer.state_dict()}, path)
        saved, other = load(path), build(sgd(9.0))
        other.optimizer.load_state_dict(saved["optimizer"])
        other.load_state_dict(saved["scheduler"])
        assert other.get_last_lr() == scheduler.get_last_lr()
        assert rates(other, epochs - stop) == uninterrupted[stop:]
