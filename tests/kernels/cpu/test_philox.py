import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.random import RngState, bits_at
from minigrad_kernels.cpu.philox import blocks


def words(seed, first, count):
    got = np.empty(count, np.uint64)
    blocks(np.uint64(seed), np.uint64(first), got)
    return got


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 20), st.integers(0, 16))
def test_the_bits_are_those_of_the_generator(seed, first, n):
    np.testing.assert_array_equal(words(seed, first, 4 * n), bits_at(RngState(seed, first), 4 * n))


@pytest.mark.parametrize("first", [0, 1, 2**32 - 1, 2**63])
def test_a_stream_may_be_entered_anywhere(first):
    np.testing.assert_array_equal(words(7, first, 12)[4:], words(7, first + 1, 8))


def test_a_known_answer():
    # of the zero counter and key, as the authors' test vectors have it
    expected = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert [int(w) for w in words(0, 0, 4)] == expected
