import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad.classroom
from minigrad.classroom.sandbox.guard import OutOfBounds, StandIn, become, scope_for


def run(source, extra=()):
    scope = scope_for("ops", extra)
    exec(source, scope)
    return scope


def test_numpy_and_the_standard_tools_can_be_imported():
    scope = run("import numpy as np, math\nfrom numpy import linalg\nfrom collections import deque\nA = np.ones(2) * math.pi")
    assert scope["A"].shape == (2,) and scope["linalg"] is np.linalg


@pytest.mark.parametrize("line", ["import torch", "from torch import nn", "import os.path", "from . import other", "from os import path as p"])
def test_other_modules_can_be_imported_and_not_used(line):
    scope = run(line)
    stand_in = next(v for k, v in scope.items() if isinstance(v, StandIn))
    with pytest.raises(OutOfBounds, match="out of bounds here: write it yourself"):
        stand_in.anything(1)


def test_the_refusal_names_what_was_reached_for():
    with pytest.raises(OutOfBounds, match=r"torch\.nn\.functional\.relu is out of bounds"):
        run("import torch\ntorch.nn.functional.relu(1)")


def test_a_stand_in_cannot_be_changed():
    with pytest.raises(OutOfBounds, match="changing it"):
        run("import os\nos.environ = 1")


@pytest.mark.parametrize("name", ["open", "exec", "eval", "compile", "input", "breakpoint"])
def test_functions_that_reach_outside_are_gone(name):
    with pytest.raises(OutOfBounds, match=f"{name} is out of bounds"):
        run(f"{name}('x')")


def test_what_is_given_can_be_imported_too():
    sys.modules["given_for_test"] = sys
    try:
        assert run("import given_for_test", ["given_for_test"])["given_for_test"] is sys
    finally:
        del sys.modules["given_for_test"]


@pytest.mark.parametrize(("largest", "became"), [(1 << 32, 200_007), (65_535, 65_534), (0, None)])
def test_root_becomes_a_stranger_or_nobody_where_a_container_has_no_such_user(monkeypatch, largest, became):
    changes = []

    def change(number):
        if number > largest:
            raise OSError(22, "Invalid argument")
        changes.append(number)

    monkeypatch.setattr(os, "setgroups", lambda groups: None)
    monkeypatch.setattr(os, "setgid", change)
    monkeypatch.setattr(os, "setuid", change)
    become(200_007)
    assert changes == ([] if became is None else [became, became])


WATCHED = """
import sys; sys.path.insert(0, {folder!r})
from sandbox.guard import limit, watch, OutOfBounds
limit(2 << 30, 20, 0); watch()
import os, numpy as np
def tried(f):
    try:
        f()
    except BaseException as e:
        print(type(e).__name__)
    else:
        print("done")
tried(lambda: open("/etc/hostname"))
tried(lambda: open(np.__file__))
tried(lambda: open(np.__file__, "a"))
tried(lambda: os.listdir("/"))
tried(lambda: os.fork())
tried(lambda: os.system("true"))
tried(lambda: __import__("socket").socket().connect(("127.0.0.1", 1)))
tried(lambda: os.kill(os.getppid(), 0))
tried(lambda: os.remove("/nowhere"))
tried(lambda: __import__("numpy.polynomial"))
tried(lambda: np.ones(1 << 30))
"""


def test_the_process_can_compute_and_nothing_else():
    code = WATCHED.format(folder=str(Path(minigrad.classroom.__file__).parent))
    done = subprocess.run([sys.executable, "-I", "-c", code], check=False, capture_output=True, text=True, timeout=60)
    told = "OutOfBounds done OutOfBounds OutOfBounds OutOfBounds OutOfBounds OutOfBounds OutOfBounds OutOfBounds done MemoryError"
    assert done.stdout.split() == told.split(), done.stderr
