"""Threads stand by, awake and asleep, and no call to work is ever missed."""

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest

from minigrad_kernels.cpu import workers
from minigrad_kernels.cpu.workers import LINE, Count, Crew, Worker, looks_in, reaches


@pytest.fixture(params=[0.0, 1e-3], ids=["asleep at once", "awake for a while"])
def awake(request, monkeypatch):
    monkeypatch.setattr(workers, "AWAKE", request.param)


def test_one_looks_until_the_number_is_there():
    number = np.zeros(LINE, np.int64)
    assert not reaches(number, 1, 1000, 0)
    number[0] = 5
    assert reaches(number, 1, 1000, 0) and reaches(number, 5, 1, 0) and not reaches(number, 6, 1, 0)


def test_looks_are_counted_by_the_clock():
    looks = looks_in(0.02)
    start = time.perf_counter()
    reaches(np.zeros(LINE, np.int64), 1, looks, 0)
    assert looks_in(0.0) == 0 and looks > 1000 and time.perf_counter() - start > 1e-3


def test_a_number_that_another_thread_sets_is_seen(awake):
    there, back = Count(), Count()

    def answer():
        for i in range(1, 2001):
            there.wait_for(i)
            back.set(i)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    for i in range(1, 2001):
        there.set(i)
        back.wait_for(i)
    thread.join(60)
    assert not thread.is_alive()


def test_a_number_is_seen_however_late_it_comes(awake):
    count = Count()
    timer = threading.Timer(0.05, count.set, [3])
    timer.start()
    count.wait_for(2)
    count.wait_for(3)  # no wait: it is there
    timer.join()


def test_a_worker_does_one_piece_after_the_other(awake):
    worker, done = Worker(), []
    for i in range(500):
        worker.give(partial(done.append, i))
        assert worker.finish() is None
    assert done == list(range(500))


def test_a_worker_lives_on_after_an_exception(awake):
    worker, error = Worker(), ZeroDivisionError("planted")

    def fail():
        raise error

    worker.give(fail)
    assert worker.finish() is error
    worker.give(int)
    assert worker.finish() is None


@pytest.mark.skipif(workers._processor is None, reason="this system does not say where threads run")
def test_a_worker_that_is_woken_is_kept_off_the_processor_of_whoever_wakes_it(monkeypatch):
    worker, found, here = Worker(), [], os.sched_getaffinity(0)
    monkeypatch.setattr(workers, "_processor", lambda: min(here))
    time.sleep(0.05)
    worker.give(lambda: found.append(os.sched_getaffinity(0)))
    assert worker.finish() is None and found == [here - {min(here)} or here] and os.sched_getaffinity(0) == here


@pytest.mark.parametrize("pause", [0.0, 2e-3])
def test_a_crew_grows_and_shrinks_with_the_parts(awake, pause):
    crew, rng = Crew(), np.random.default_rng(0)
    for count in rng.integers(1, 6, 60):
        done = []
        crew.run([partial(done.append, i) for i in range(count)])
        assert sorted(done) == list(range(count))
        time.sleep(pause)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals of Unix")
def test_a_keyboard_interrupt_waits_for_the_part_that_is_at_work():
    worker, finished = Worker(), []

    def slow():
        time.sleep(0.1)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(0.2)
        finished.append(True)

    worker.give(slow)
    try:
        assert isinstance(worker.finish(), KeyboardInterrupt)
    except KeyboardInterrupt:
        pytest.fail("the interrupt came through before the work was done")
    assert finished
