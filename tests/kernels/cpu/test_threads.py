import threading

import pytest

from minigrad_kernels.cpu.threads import split, thread_count


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_every_item_is_worked_on_once(monkeypatch, count):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    done, lock = [], threading.Lock()

    def work(start, stop):
        with lock:
            done.extend(range(start, stop))

    split(work, count)
    assert sorted(done) == list(range(count)) and thread_count() == 3


def test_an_exception_in_a_part_is_raised(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    def work(start, stop):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        split(work, 4)
