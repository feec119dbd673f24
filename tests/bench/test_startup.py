"""New processes are timed, with and without compiled kernels at hand."""

import pytest

from minigrad.bench import startup


def test_every_kind_of_start_is_run(monkeypatch):
    ran = []
    monkeypatch.setattr(startup, "_run", lambda code, kernels="": ran.append((code, bool(kernels))) or float(len(ran)))
    times = startup.startup(["torch"])
    assert times["import numpy"] == 1 and times["import torch"] == 7  # the best of three
    assert times["first convolution, kernels to be compiled"] == 10 and times["first convolution, kernels on disk"] == 11
    assert ran[0] == ("import numpy", False) and ran[-1][1]


@pytest.mark.slow
def test_a_real_start_takes_time():
    assert startup._run("import minigrad") > 0.01
