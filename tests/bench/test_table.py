"""The table says who is faster, and whether the target was met."""

from minigrad.bench.machine import Machine
from minigrad.bench.table import Row, print_rows, print_seconds

MACHINE = Machine("a CPU", 1, 100.0, 10.0)
ROW = Row("work", {"minigrad": 1e-3, "PyTorch": 2e-3, "PyTorch tuned": 0.8e-3}, {"PyTorch": 0.7, "PyTorch tuned": 1.0}, 5e7)


def test_a_ratio_below_one_means_that_we_are_faster():
    assert ROW.ratios() == {"PyTorch": 0.5, "PyTorch tuned": 1.25}
    assert ROW.as_dict()["ratios"] == ROW.ratios()


def test_a_line_holds_time_ratios_targets_and_the_part_of_the_peak(capsys):
    print_rows([ROW], MACHINE, heading=True)
    heading, _, line = capsys.readouterr().out.splitlines()
    assert heading == "a CPU, 1 thread(s); matrix product 100 Gflop/s, copy 10.0 GB/s"
    assert line.split() == ["work", "1.000", "0.50", "(0.70)", "tuned:", "1.25", "(1.00", "MISSED)", "50", "%", "of", "peak"]


def test_a_run_without_a_rival_has_times_only(capsys):
    print_rows([Row("work", {"minigrad": 1e-3}, {})], MACHINE, heading=False)
    assert capsys.readouterr().out.split() == ["work", "1.000"]


def test_seconds_and_megabytes_are_printed_with_their_names(capsys):
    print_seconds({"import minigrad": 0.25}, {"minigrad": 100.0})
    assert capsys.readouterr().out.split() == ["import", "minigrad", "0.25", "s", "process", "that", "trains", "the", "CNN,", "peak,", "minigrad", "100", "MB"]
