import importlib.util
import sys

import numpy as np
import pytest

from minigrad import nn
from minigrad.classroom import practice
from minigrad.classroom.assignment import every


def test_digits_are_pictures_of_mean_0_with_labels():
    x, y = practice.digits("train", 200)
    assert x.shape == (200, 28, 28) and x.dtype == np.float32 and y.shape == (200,) and abs(x.mean()) < 0.1


def test_training_learns_something_in_few_steps(capsys):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    assert practice.train(model, steps=50) > 0.6
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("step   50  loss ") and told[1].endswith("digits it has never seen are read right")


@pytest.mark.slow
@pytest.mark.parametrize("a", every(), ids=lambda a: a.name)
def test_the_solution_of_every_assignment_trains_a_network(a, monkeypatch):
    monkeypatch.syspath_prepend(str(a.folder / "solution"))
    monkeypatch.syspath_prepend(str(a.folder))
    stems = ("given", a.file.removesuffix(".py"))
    for stem in stems:
        monkeypatch.delitem(sys.modules, stem, raising=False)
    spec = importlib.util.spec_from_file_location("practice_train", a.folder / "train.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        assert module.main() > 0.8
    finally:
        for stem in stems:
            sys.modules.pop(stem, None)
