import pytest

from minigrad import ops
from minigrad.errors import ArgumentError
from minigrad.testing.mutants import plugin
from minigrad_kernels import registry


@pytest.fixture
def configured(monkeypatch):
    """Configure the plugin as pytest does, and take everything back."""

    def configure(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        plugin.pytest_configure(None)

    yield configure
    plugin.pytest_unconfigure(None)


def test_the_mutant_named_in_the_environment_is_planted_until_the_end(configured):
    code = ops.softmax.__code__
    configured(MINIGRAD_MUTANT="zoo:softmax-mean")
    assert ops.softmax.__code__ is not code
    plugin.pytest_unconfigure(None)
    assert ops.softmax.__code__ is code


def test_a_name_that_nobody_has_is_an_error(configured):
    with pytest.raises(ArgumentError, match="there is no mutant 'nobody' in 'zoo'"):
        configured(MINIGRAD_MUTANT="zoo:nobody")


def test_without_a_mutant_only_the_kernels_are_hidden(configured):
    before = registry._load
    configured()
    assert registry._load is not before
    plugin.pytest_unconfigure(None)
    assert registry._load is before


def test_the_mutants_of_functions_that_were_called_are_written_down(configured, tmp_path, monkeypatch):
    path = tmp_path / "names"
    configured(MINIGRAD_REACHED=f"zoo:{path}")
    ops.softmax(ops.zeros(3), 0)
    plugin.pytest_unconfigure(None)
    names = path.read_text().split("\n")
    assert "softmax-mean" in names and "softmax-overflow" in names and "matmul-no-transpose" not in names
