"""Freed memory is kept for the next array, where the C library can be asked to."""

import ctypes
import os
import platform
import subprocess
import sys

import pytest

from minigrad import allocator

SCRIPT = """
import resource
import numpy as np
import minigrad
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(4 * 2**20, np.uint8)
before = faults()
for _ in range(20):
    np.ones(4 * 2**20, np.uint8)
print(faults() - before)
"""
on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to keep freed memory")


def page_faults(**variables):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **variables}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=True)
    return int(done.stdout)


@on_glibc
def test_a_second_array_of_a_size_costs_no_page_faults():
    assert page_faults() < 100


@on_glibc
def test_the_setting_can_be_turned_off():
    assert page_faults(MINIGRAD_RECYCLE="0") > 100


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_left_alone(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: pytest.fail("the C library was asked"))
    assert allocator.recycle() is False


def test_a_c_library_without_the_setting_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert allocator.recycle() is False
