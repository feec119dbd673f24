import pytest

from minigrad_kernels.cpu.launch import WORTHWHILE, launch


@pytest.mark.parametrize("threads", ["1", "2", "3"])
@pytest.mark.parametrize("size", [1, WORTHWHILE + 1])
def test_every_number_of_the_range_is_covered_once(monkeypatch, threads, size):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    covered = []
    launch(size, 10, lambda name, start, stop: covered.extend((name, i) for i in range(start, stop)), "x")
    assert sorted(covered) == [("x", i) for i in range(10)]


def test_small_work_stays_on_this_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    parts = []
    launch(WORTHWHILE, 10, lambda start, stop: parts.append((start, stop)))
    assert parts == [(0, 10)]
