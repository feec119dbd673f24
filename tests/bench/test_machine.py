"""The yardsticks are measured."""

from minigrad.bench.machine import cpu_name, measure


def test_a_machine_has_a_name_and_positive_speeds():
    machine = measure(1)
    assert machine.cpu == cpu_name() != "" and machine.threads == 1
    assert machine.gflops > 0.1 and machine.gbytes > 0.01
