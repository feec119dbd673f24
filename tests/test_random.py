import threading

import numpy as np
import pytest
from scipy import stats

import minigrad
from minigrad import Generator
from minigrad.errors import ArgumentError
from minigrad.random import RngState, bits_at, uniform_at


def philox(seed, block, words):
    """Philox-4x64-10 by its definition, in Python integers: Salmon et al. 2011, section 2.2."""
    mask, out = 2**64 - 1, []
    while len(out) < words:
        a, b, c, d = (block >> (64 * i) & mask for i in range(4))
        k0, k1 = seed, 0
        for _ in range(10):
            p, q = a * 0xD2E7470EE14C6C93, c * 0xCA5A826395121157
            a, b, c, d = (q >> 64) ^ b ^ k0, q & mask, (p >> 64) ^ d ^ k1, p & mask
            k0, k1 = (k0 + 0x9E3779B97F4A7C15) & mask, (k1 + 0xBB67AE8584CAA73B) & mask
        out += [a, b, c, d]
        block += 1
    return out[:words]


@pytest.mark.parametrize(("seed", "block"), [(0, 0), (7, 5), (2**64 - 1, 2**40)])
def test_the_words_are_those_of_philox(seed, block):
    assert bits_at(RngState(seed, block), 9).tolist() == philox(seed, block, 9)


def test_a_draw_is_a_function_of_where_it_starts():
    g = Generator(3)
    first, start = g.bits(10), g.get_state()
    second = g.bits(6)
    np.testing.assert_array_equal(bits_at(RngState(3, 0), 10), first)
    np.testing.assert_array_equal(bits_at(start, 6), second)
    assert start == RngState(3, 3) and g.get_state() == RngState(3, 5)


def test_a_state_can_be_saved_and_restored():
    g = Generator(1)
    g.normal((5,))
    state = g.get_state()
    expected = g.uniform((7,))
    np.testing.assert_array_equal(Generator(99).set_state(tuple(state)).uniform((7,)), expected)
    minigrad.manual_seed(4)
    state = minigrad.get_rng_state()
    a = minigrad.rand(3).tolist()
    minigrad.set_rng_state(state)
    assert minigrad.rand(3).tolist() == a and minigrad.initial_seed() == 4


def test_threads_never_draw_the_same_words():
    g, drawn, lock = Generator(0), [], threading.Lock()

    def work():
        for _ in range(50):
            words = g.bits(4)
            with lock:
                drawn.extend(words.tolist())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(drawn)) == 600


@pytest.mark.parametrize(("dtype", "bits"), [("float16", 11), ("float32", 24), ("float64", 53)])
def test_uniform_numbers_are_multiples_of_a_power_of_two_below_one(dtype, bits):
    u = Generator(2).uniform((3, 5001), np.dtype(dtype))
    assert u.dtype == dtype and u.min() >= 0 and u.max() < 1
    scaled = u.astype("float64") * 2**bits
    np.testing.assert_array_equal(scaled, np.floor(scaled))
    assert stats.kstest(u.ravel().astype("float64"), "uniform").pvalue > 1e-3


def test_normal_numbers_are_normal_and_independent_of_their_partner():
    z = Generator(5).normal((20001,), np.dtype("float64"))
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(z[:10000], z[10001:20001])[0, 1]) < 0.03
    assert Generator(5).normal((3,), np.dtype("float16")).dtype == np.float16


def test_integers_fill_their_range_evenly():
    n = Generator(6).integers(-3, 4, (7000,))
    counts = np.bincount(n + 3, minlength=7)
    assert len(counts) == 7 and stats.chisquare(counts).pvalue > 1e-3
    with pytest.raises(ArgumentError, match=r"\[2, 2\) is empty"):
        Generator(6).integers(2, 2, (1,))


def test_permutations_are_permutations_and_all_equally_likely():
    g = Generator(8)
    drawn = [tuple(g.permutation(3)) for _ in range(1200)]
    counts = [drawn.count(p) for p in sorted(set(drawn))]
    assert len(counts) == 6 and stats.chisquare(counts).pvalue > 1e-3
    assert sorted(g.permutation(1000).tolist()) == list(range(1000))


def test_seeds_outside_64_bits_and_other_types_are_refused():
    with pytest.raises(ArgumentError, match="2\\^64"):
        Generator(2**64)
    with pytest.raises(ArgumentError, match="-1"):
        Generator().manual_seed(-1)
    with pytest.raises(ArgumentError, match="int64"):
        uniform_at(RngState(0, 0), 3, np.dtype("int64"))


def test_an_unpredictable_seed_is_reported_and_can_be_used_again():
    g = Generator()
    seed = g.seed()
    np.testing.assert_array_equal(Generator(seed).bits(4), g.bits(4))
