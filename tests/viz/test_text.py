"""Numbers and names fit into boxes."""

import numpy as np

from minigrad.viz.text import cells, clipped, number, shape, summary, values


def test_numbers_have_four_digits():
    assert [number(x) for x in (1.0, -0.123456, 1e-9, float("nan"))] == ["1", "-0.1235", "1e-09", "nan"]


def test_small_arrays_are_written_out_and_large_ones_are_summed_up():
    assert values(np.array([[1.0, 2.0], [3.0, -4.5]])) == "[[1, 2], [3, -4.5]]"
    assert values(np.arange(5.0)) == "" and summary(np.arange(5.0)) == "0 to 4"
    assert summary(np.zeros((0, 2))) == "no elements" and summary(np.array(True)) == "1"


def test_shapes_are_written_as_python_does_but_for_numbers():
    assert shape(np.zeros((2, 3))) == "(2, 3)" and shape(np.zeros(3)) == "(3,)" and shape(np.zeros(())) == "a number"


def test_long_texts_are_cut_and_control_characters_replaced():
    assert clipped("abcdef", 6) == "abcdef" and clipped("abcdefg", 6) == "abcde…" and clipped("a\n b\x00", 9) == "a b?"


def test_wide_characters_take_two_cells_and_accents_none():
    assert cells("重み") == 4 and cells("x̂") == 1 and cells(clipped("重" * 20, 9)) <= 9
