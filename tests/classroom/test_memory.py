import numpy as np

from minigrad.classroom.memory import copied, memory


def test_copies_share_nothing_wherever_the_arrays_are():
    a = np.ones(2)
    found = copied([a, [a, (a,)], 3, "text"])
    assert found[2:] == (3, "text") and type(found[1]) is list and type(found[1][1]) is tuple
    assert not any(np.shares_memory(a, b) for b in (found[0], found[1][0], found[1][1][0]))


def test_memory_is_compared_pair_by_pair():
    a, b = np.ones(2), np.ones(2)
    assert memory((a, b), [a]) == [False, True, False]
    assert memory(3.0, [a, b]) == [False]
