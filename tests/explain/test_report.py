import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.explain import watching
from minigrad.explain.report import Report, Stats, aligned


def result(watched=True):
    x = Tensor(np.array([[1.0, -2.0, 0.0], [4.0, 5.0, -6.0]]), requires_grad=True)
    if watched:
        with watching():
            return (x.relu() * 2).sum()
    return (x.relu() * 2).sum()


def rows_by_op(report):
    return {row.op: row for row in report.rows}


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ([1.0, 2.0, 0.0, -3.0], (-3, 0, 2, 0.25, 0)), ([np.nan, 1.0, np.inf], (1, 1, 1, 0, 2)),
        ([True, False], (0, 0.5, 1, 0.5, 0)), ([7], (7, 7, 7, 0, 0)),
    ],
)  # fmt: skip
def test_arrays_are_measured_over_their_finite_elements(array, expected):
    s = Stats.of(np.array(array))
    assert (s.low, s.mean, s.high, s.zero, s.bad) == expected


@pytest.mark.parametrize("array", [np.zeros(0), np.array([np.nan])])
def test_nothing_finite_has_no_extremes(array):
    s = Stats.of(array)
    assert np.isnan([s.low, s.mean, s.high]).all() and s.bad == array.size


def test_rows_go_from_the_input_to_the_result_with_values_and_gradients():
    report = Report(result())
    assert [row.op for row in report.rows] == ["leaf", "relu", "mul", "sum"]
    leaf, relu = report.rows[:2]
    assert (leaf.value.low, leaf.value.high) == (-6, 5) and leaf.gradient.high == 2 and leaf.gradient.zero == 0.5
    assert relu.shape == (2, 3) and relu.dtype == "float64" and relu.value.zero == 0.5 and relu.gradient.mean == 2
    assert relu.place.partition(":")[0].endswith("test_report.py")


def test_gradients_are_measured_by_their_size():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    gradient = Report((x * Tensor(np.array([-5.0, 1.0]))).sum()).rows[0].gradient
    assert (gradient.high, gradient.mean) == (5, 3)


def test_bytes_are_counted_once_for_shared_memory():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    report = Report(x.reshape(6).T.sum())
    assert [row.kept for row in report.rows] == [48, 0, 0, 8]


def test_what_a_rule_alone_keeps_is_counted_where_it_was_kept():
    x = Tensor(np.ones(100), requires_grad=True)
    index = np.zeros(100, int)
    rows = rows_by_op(Report(x[index].sum()))
    assert rows["getitem"].kept == 800 + 800


def test_columns_are_aligned_and_totals_below():
    lines = str(Report(result())).split("\n")
    assert lines[0].split()[:4] == ["op", "shape", "dtype", "min"]
    column = lines[0].index("dtype")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines[:5])
    assert lines[5] == "4 values, 160 bytes"


def test_lines_are_unknown_without_a_watcher_and_that_is_said():
    assert "No lines: compute inside `with watching():`" in str(Report(result(watched=False)))
    assert "No lines" not in str(Report(result()))


def test_a_freed_graph_is_said_to_be():
    y = result(watched=False)
    y.backward()
    assert "The graph behind sum was freed by an earlier backward: call explain before it" in str(Report(y))


def test_a_value_that_was_overwritten_is_named():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    x.data[0] = 9.0
    text = str(Report(y))
    assert "mul: backward needs" in text and "overwritten since" in text


def test_a_notebook_shows_a_table_with_paths_and_marks_what_is_wrong():
    y = result()
    page = Report(y, {id(y): "WRONG: a < b"})._repr_html_()
    assert page.startswith("<table><tr><th></th><th>op</th>") and page.count("<tr") == 5
    assert 'background:#fdd' in page and "WRONG: a &lt; b" in page and "test_report.py" in page


def test_float32_and_large_numbers_fit_the_columns():
    text = str(Report((Tensor([1e30, 2.0], requires_grad=True) * minigrad.tensor(1e-30)).sum()))
    assert "1e+30" in text and "float32" in text


def test_cells_are_padded_to_the_left_or_to_the_right():
    assert aligned([["a", "b"], ["cc", "dd"]], {0}) == ["a    b", "cc  dd"]
