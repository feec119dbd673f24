"""Tables are themselves on the CPU, and one copy on the GPU."""

import numpy as np

from minigrad.ops.tables import table_beside
from tests.cusim.simcupy import LEDGER, installed


def test_on_the_cpu_a_table_is_itself():
    table = np.arange(6.0).reshape(2, 3)
    assert table_beside(np.zeros(1), table) is table


def test_equal_tables_are_copied_to_the_gpu_once():
    with installed() as cupy:
        x = cupy.zeros(3)
        first = table_beside(x, np.arange(7919.0).reshape(1, -1))
        with LEDGER.counting():
            assert table_beside(x, np.arange(7919.0).reshape(1, -1)) is first
            assert LEDGER.uploads == 0
            for other in (np.arange(7919.0), np.arange(7919.0, dtype="float32").reshape(1, -1), np.arange(1, 7920.0).reshape(1, -1)):
                found = table_beside(x, other)
                assert found is not first and found.dtype == other.dtype
                np.testing.assert_array_equal(found.get(), other)
