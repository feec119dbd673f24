import os
import time

import numpy as np
import pytest

from minigrad.classroom.worker import Ended, Limits, StudentError, Worker

QUICK = Limits(seconds=1.0, total=20.0, memory=1 << 30, longest=1 << 20)
SYSTEM = 'next(c for c in object.__subclasses__() if c.__name__ == "_wrap_close").__init__.__globals__'
SOURCE = f"""
import numpy as np

def double(x):
    print("hello")
    return 2 * x

def same(x):
    return x

def change(x):
    x[0] = 9.0
    return x.sum()

def locked(x):
    x += 1
    return x

def loop(x):
    while True:
        pass

def leave(x):
    {SYSTEM}["_exit"](3)

def crash(x):
    {SYSTEM}["kill"]({SYSTEM}["getpid"](), 11)

def stray(x):
    for descriptor in range(3, 64):
        try:
            {SYSTEM}["write"](descriptor, CONTENT)
        except OSError:
            pass
    if WAIT:
        while True:
            pass
    return x

def dribble(x):
    while True:
        {SYSTEM}["sys"].modules["time"].sleep(0.3)
        for descriptor in range(3, 64):
            try:
                {SYSTEM}["write"](descriptor, b"a")
            except OSError:
                pass

def million(x):
    for i in range(200_000):
        print("x" * 50)
    return x + 1

def who(x):
    return [{SYSTEM}["getuid"](), len({SYSTEM}["environ"])]

CONTENT, WAIT = b"ab", True

def cut(x):
    global CONTENT, WAIT
    CONTENT, WAIT = (100).to_bytes(8, "little") + b"PK", True
    return stray(x)

def long(x):
    global CONTENT, WAIT
    CONTENT, WAIT = b"\\xff" * 8, False
    return stray(x)

def forged(x):
    global CONTENT, WAIT
    CONTENT, WAIT = (4).to_bytes(8, "little") + b"PK..", False
    return stray(x)
"""


def worker(source=SOURCE, limits=QUICK):
    return Worker({"ops.py": source}, "ops.py", limits)


def test_a_function_gets_its_arguments_and_returns_its_result():
    with worker() as w:
        x = np.array([[1.0, -2.5]])
        assert np.array_equal(w.call("double", x), 2 * x) and w.printed == "hello\n"


def test_memory_is_here_what_it_was_there():
    with worker() as w:
        x = np.ones(3)
        assert w.call("same", x) is x
        assert w.call("change", x) == 11.0 and x.tolist() == [9.0, 1.0, 1.0]


def test_read_only_arguments_are_read_only_there():
    x = np.ones(3)
    x.flags.writeable = False
    with worker() as w, pytest.raises(StudentError, match=r"locked raises ValueError in line .* read-only"):
        w.call("locked", x)


@pytest.mark.parametrize("name", ["loop", "stray", "cut", "dribble"])
def test_one_deadline_covers_the_whole_exchange(name):
    with worker() as w:
        started = time.monotonic()
        with pytest.raises(Ended, match=f"{name} took longer than 1 s"):
            w.call(name, 1)
        assert time.monotonic() - started < 3.0 and w.process.poll() is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("leave", r"leave ended the process it ran in \(exit status 3\)"),
        ("crash", r"crash (ended the process it ran in \(signal SIGSEGV\)|goes out of bounds: os.kill)"),
        ("long", "long wrote something of its own into the channel to the grader"),
        ("forged", "forged wrote something of its own into the channel to the grader"),
    ],
)
def test_whatever_ends_badly_is_one_sentence(name, said):
    with worker() as w, pytest.raises(StudentError, match=said):
        w.call(name, 1)


def test_a_process_that_has_ended_says_so_again():
    with worker() as w:
        for _ in range(2):
            with pytest.raises(Ended, match="leave ended the process"):
                w.call("leave", 1)


def test_a_file_that_ends_the_process_costs_all_and_harms_nobody():
    with worker(f"{SYSTEM}['_exit'](0)") as w:
        assert w.ended.startswith("ops.py ended the process")
        with pytest.raises(Ended):
            w.call("f", 1)


def test_a_file_that_never_ends_is_stopped():
    with worker("while True:\n    pass\n", Limits(start=1.5)) as w:
        assert w.ended == "ops.py took longer than 1.5 s: is there an endless loop?"


def test_the_time_of_all_calls_is_limited_too():
    with worker(limits=Limits(seconds=5.0, total=0.5)) as w:
        w.spent = 0.4
        with pytest.raises(Ended, match=r"loop took longer than 0\.1 s"):
            w.call("loop", 1)


def test_a_function_for_which_no_time_is_left_is_not_said_to_loop():
    with worker(limits=Limits(seconds=5.0, total=0.5)) as w:
        w.spent = 0.6
        with pytest.raises(Ended, match=r"double was not called: the calls before took the 0\.5 s there are"):
            w.call("double", np.ones(1))


def test_a_flood_of_prints_is_cut():
    with worker() as w:
        assert w.call("million", 1) == 2 and len(w.printed) == 2000


def test_problems_of_the_file_are_known():
    with worker("def f(x)\n    return x\n") as w:
        assert len(w.problems) == 1 and w.problems[0].startswith("line 1 of ops.py is not Python")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_grader_that_is_root_lends_nobody_its_rights():
    with worker() as w:
        user, variables = w.call("who", 1)
        assert user >= 200_000 and variables <= 8


def test_nothing_is_left_behind():
    with worker() as w:
        folder, process = w.folder.name, w.process
    assert not os.path.exists(folder) and process.poll() is not None
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
