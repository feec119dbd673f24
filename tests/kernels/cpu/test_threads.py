import multiprocessing
import sys
import threading
import time
from functools import partial

import pytest

from minigrad_kernels.cpu import threads
from minigrad_kernels.cpu.threads import get_num_threads, set_num_threads, split


@pytest.fixture(autouse=True)
def nobody_asked(monkeypatch):
    monkeypatch.setattr(threads, "_asked", None)


def parts_of(work):
    """Return parts that call work(start, stop)."""
    return lambda start, stop: partial(work, start, stop)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_item_is_worked_on_once(monkeypatch, count):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    done, lock = [], threading.Lock()

    def work(start, stop):
        with lock:
            done.extend(range(start, stop))

    split(parts_of(work), count)
    assert sorted(done) == list(range(count)) and get_num_threads() == 3


@pytest.mark.parametrize("part", [0, 1])
def test_an_exception_in_a_part_is_raised(monkeypatch, part):
    set_num_threads(2)

    def work(start, stop):
        if start == 2 * part:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        split(parts_of(work), 4)


def test_no_part_is_still_at_work_when_another_has_failed():
    set_num_threads(2)
    started, finished = threading.Event(), []

    def work(start, stop):
        if start == 0:
            started.wait()
            raise ZeroDivisionError
        started.set()
        time.sleep(0.05)
        finished.append(start)

    with pytest.raises(ZeroDivisionError):
        split(parts_of(work), 2)
    assert finished


def test_the_number_asked_for_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    set_num_threads(5)
    assert get_num_threads() == 5


def test_without_a_number_there_is_a_thread_for_each_cpu(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert get_num_threads() >= 1


@pytest.mark.parametrize("work_of_one", [True, False])
def test_one_thread_is_the_one_that_asks(work_of_one):
    set_num_threads(1 if work_of_one else 4)
    names = []
    split(parts_of(lambda start, stop: names.append(threading.current_thread())), 4, worthwhile=work_of_one)
    assert names == [threading.current_thread()]


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "2", True])
def test_a_wrong_number_of_threads_is_refused(wrong):
    with pytest.raises(ValueError, match="set_num_threads: needs a number of threads, at least 1, got"):
        set_num_threads(wrong)


def work_in_child(answers):
    done = []
    split(parts_of(lambda start, stop: done.append((start, stop))), 4)
    answers.put(sorted(done))


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_starts_threads_of_its_own():
    set_num_threads(2)
    split(parts_of(lambda start, stop: None), 4)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=work_in_child, args=(answers,))
    child.start()
    assert answers.get(timeout=30) == [(0, 2), (2, 4)]
    child.join(30)


def test_the_first_work_that_is_split_holds_blas_to_one_thread(monkeypatch):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    monkeypatch.setattr(threads, "_crew", None)
    set_num_threads(2)
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        split(parts_of(lambda start, stop: None), 2)
        counts = [
            library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"
        ]
    assert set(counts) <= {1}


def test_asking_for_one_thread_holds_blas_too():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        set_num_threads(1)
        counts = [
            library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"
        ]
    assert set(counts) <= {1}


def test_whoever_comes_while_the_others_are_at_work_works_alone():
    set_num_threads(2)
    seen = []

    def inner(start, stop):
        seen.append((start, stop, threading.current_thread().name))

    def outer(start, stop):
        split(parts_of(inner), 10)

    split(parts_of(outer), 2)
    assert len(seen) == 2 and {ends[:2] for ends in seen} == {(0, 10)} and len({name for *_, name in seen}) == 2


def test_parts_are_made_by_the_thread_that_asks():
    set_num_threads(3)
    makers, workers = [], set()

    def part(start, stop):
        makers.append(threading.current_thread())
        return lambda: workers.add(threading.current_thread())

    split(part, 3)
    assert makers == [threading.current_thread()] * 3 and len(workers) == 3
