"""The plugin that pytest loads at every start: light, and silent unless asked."""

import subprocess
import sys

from tests.pytest_runs import ROOT, run_pytest, write

FLAKY = """
    from hypothesis import given, settings, strategies as st
    import minigrad
    calls = []

    @settings(database=None, derandomize=True)
    @given(st.integers())
    def test_noise(n):
        calls.append(1)
        assert not 3 < len(calls) < 6
"""


def test_loading_the_plugin_imports_neither_numpy_nor_minigrad():
    code = f"import sys; sys.path.insert(0, {str(ROOT / 'kernels')!r}); import minigrad_pytest; print(sorted({{'numpy', 'minigrad', 'hypothesis'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_run_without_the_option_imports_neither_and_passes(tmp_path):
    write(tmp_path, "test_plain.py", """
        import sys

        def test_nothing_heavy_is_loaded():
            assert not {"numpy", "minigrad"} & set(sys.modules)
    """)  # fmt: skip
    code, shown = run_pytest(tmp_path, "-p", "no:hypothesispytest")
    assert code == 0, shown


def test_a_flaky_failure_is_called_not_deterministic(tmp_path):
    write(tmp_path, "test_flaky.py", FLAKY)
    code, shown = run_pytest(tmp_path, "test_flaky.py")
    assert code == 1 and "test_noise: not deterministic: the same input passed and failed" in shown
    assert "Flaky" in shown


def test_checks_run_beside_the_tests_that_are_named(tmp_path):
    write(tmp_path, "test_plain.py", "def test_passes():\n    pass\n")
    write(tmp_path, "my_ops.py", """
        import minigrad
        from minigrad.testing import A, gradchecked

        @gradchecked(A(2))
        def mine(x):
            return x.tanh()
    """)  # fmt: skip
    code, shown = run_pytest(tmp_path, "-v", "--gradcheck", "my_ops", "test_plain.py")
    assert code == 0 and "2 passed" in shown and "gradcheck of mine" not in shown, shown
    assert "my_ops::mine PASSED" in shown and "test_plain.py::test_passes PASSED" in shown
