"""The registry finds the twin of a loop, once, and imports nothing before it has to."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from minigrad_kernels import registry


@pytest.fixture
def shelf(monkeypatch):
    """A registry whose packages are what a test puts here: module name to module, or to the error it raises."""
    modules, imported = {}, []

    def fake_import(name):
        imported.append(name)
        found = modules.get(name, ModuleNotFoundError(f"No module named {name!r}", name=name))
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(registry, "_found", {})
    monkeypatch.setattr(registry, "import_module", fake_import)
    return SimpleNamespace(modules=modules, imported=imported)


def double(x):
    return 2 * x


def stock(shelf, device="cpu"):
    shelf.modules[f"minigrad_kernels.{device}"] = SimpleNamespace(STEMS={"double": "simple"})
    shelf.modules[f"minigrad_kernels.{device}.simple"] = SimpleNamespace(double=double)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_twin_is_found_by_the_name_of_its_loop_and_the_device(shelf, device):
    stock(shelf, device)
    assert registry.find("double", device) is double


def test_a_loop_without_a_twin_gives_none_and_imports_no_module_of_twins(shelf):
    stock(shelf)
    assert registry.find("triple", "cpu") is None
    assert shelf.imported == ["minigrad_kernels.cpu"]


def test_a_twin_of_one_device_does_not_serve_another(shelf):
    stock(shelf, "cpu")
    shelf.modules["minigrad_kernels.cuda"] = SimpleNamespace(STEMS={})
    assert registry.find("double", "cuda") is None
    assert registry.find("double", "cpu") is double


def test_answers_are_remembered_found_or_not(shelf):
    stock(shelf)
    for _ in range(3):
        assert registry.find("double", "cpu") is double
        assert registry.find("triple", "cpu") is None
    assert shelf.imported == ["minigrad_kernels.cpu", "minigrad_kernels.cpu.simple", "minigrad_kernels.cpu"]


@pytest.mark.parametrize("compiler", ["numba", "cupy"])
def test_a_compiler_that_is_not_installed_means_no_twin(shelf, compiler):
    stock(shelf)
    shelf.modules["minigrad_kernels.cpu.simple"] = ModuleNotFoundError("none", name=compiler)
    assert registry.find("double", "cpu") is None
    assert registry.find("double", "cpu") is None
    assert shelf.imported.count("minigrad_kernels.cpu.simple") == 1


def test_any_other_missing_module_is_a_mistake_that_shows(shelf):
    stock(shelf)
    shelf.modules["minigrad_kernels.cpu.simple"] = ModuleNotFoundError("no numpyy", name="numpyy")
    with pytest.raises(ModuleNotFoundError, match="numpyy"):
        registry.find("double", "cpu")


def test_a_stem_that_names_no_module_is_a_mistake_that_shows(shelf):
    shelf.modules["minigrad_kernels.cpu"] = SimpleNamespace(STEMS={"double": "nowhere"})
    with pytest.raises(ModuleNotFoundError, match=r"minigrad_kernels\.cpu\.nowhere"):
        registry.find("double", "cpu")


def test_a_module_without_the_twin_it_is_listed_for_is_a_mistake_that_shows(shelf):
    stock(shelf)
    shelf.modules["minigrad_kernels.cpu.simple"] = SimpleNamespace()
    with pytest.raises(AttributeError, match="double"):
        registry.find("double", "cpu")
    with pytest.raises(AttributeError):  # a failure is not remembered as "no twin"
        registry.find("double", "cpu")


def test_importing_minigrad_imports_no_compiler():
    script = "import sys, minigrad; print(sorted({'numba', 'cupy', 'scipy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {[p for p in sys.path if p]!r}; {script}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
