import threading
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError
from minigrad.tensor import Tensor
from minigrad.testing.mutants import load, planted
from minigrad.testing.mutants.plant import find, function_of, without_kernels
from minigrad_kernels import registry
from tests.testing.mutants.test_mutant import mutant


def softmax_mean():
    (found,) = [m for m in load() if m.name == "softmax-mean"]
    return found


def gradient(f):
    x = minigrad.tensor([1.0, 2.0], requires_grad=True)
    f(x).backward(minigrad.tensor([1.0, 0.0]))
    return x.grad.tolist()


def test_every_name_of_the_function_is_mutated_and_healthy_again_afterwards():
    names = [lambda x: ops.softmax(x, 0), lambda x: minigrad.softmax(x, 0), lambda x: x.softmax(0), lambda x: Tensor.softmax(x, 0)]
    healthy = gradient(names[0])
    with planted(softmax_mean()):
        assert all(gradient(f) != healthy for f in names)
    assert all(gradient(f) == healthy for f in names)


def test_the_function_is_healthy_after_an_exception():
    code = ops.softmax.__code__
    with pytest.raises(KeyError), planted(softmax_mean()):
        raise KeyError
    assert ops.softmax.__code__ is code


def test_the_source_file_is_not_touched():
    path = Path(ops.softmax.__code__.co_filename)
    before = path.read_bytes()
    with planted(softmax_mean()):
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "count"), [("no such text", "0"), ("axis", r"\d"), ("Turn scores into probabilities", "0")]
)
def test_an_expression_that_does_not_occur_once_is_an_error(old, count):
    message = rf"holds {old!r} {count} times, it must be once\nHint: .* has been rewritten"
    with pytest.raises(ArgumentError, match=message), planted(mutant(old=old)):
        pass


@pytest.mark.parametrize("where", ["minigrad.ops.softmax:gone", "minigrad.ops.gone:softmax"])
def test_a_function_that_is_gone_is_an_error(where):
    with pytest.raises(ArgumentError, match=f"mutant n: {where} does not exist"), planted(mutant(where=where)):
        pass


def test_what_is_no_function_is_an_error():
    with pytest.raises(ArgumentError, match="is not a function written in Python"):
        function_of(find(mutant(where="minigrad.ops.gate:_FLAT")))


def test_a_replacement_that_is_no_python_is_an_error():
    bug = mutant(old="y * (dy - (dy * y).sum(axis, keepdim=True))", new="y *")
    with pytest.raises(ArgumentError, match="does not compile"), planted(bug):
        pass


def test_a_replacement_that_closes_over_something_else_is_an_error():
    bug = mutant(where="minigrad.nn.linear:Linear.__init__", old="super().__init__()", new="Module.__init__(self)")
    with pytest.raises(ArgumentError, match=r"changes what minigrad\.nn\.linear:Linear.__init__ closes over"), planted(bug):
        pass


def test_a_method_that_closes_over_its_class_can_be_mutated():
    bug = mutant(where="minigrad.nn.linear:Linear.__init__", old="super().__init__()", new="super().__init__(); self.bug = 1")
    with planted(bug):
        assert minigrad.nn.Linear(1, 1).bug == 1
    assert not hasattr(minigrad.nn.Linear(1, 1), "bug")


@pytest.mark.parametrize("where", ["minigrad.tensor:Tensor.T", "minigrad.ops.softmax:softmax_forward", "minigrad.backend:kernels"])
def test_functions_are_found_inside_their_decorators(where):
    assert function_of(find(mutant(where=where))).__name__ == where.rpartition(":")[2].rpartition(".")[2]


def test_no_kernel_stands_in_meanwhile_in_any_thread():
    found = []
    with without_kernels():
        thread = threading.Thread(target=lambda: found.append(registry.find("conv_forward", "cpu")))
        thread.start()
        thread.join()
    assert found == [None] and ("conv_forward", "cpu") not in registry._found


def test_kernels_that_were_found_before_are_there_again_afterwards(monkeypatch):
    monkeypatch.setitem(registry._found, ("mine", "cpu"), len)
    with without_kernels():
        assert registry.find("mine", "cpu") is None
    assert registry.find("mine", "cpu") is len


def test_the_package_works_afterwards():
    np.testing.assert_allclose(minigrad.softmax(minigrad.tensor([0.0, 0.0]), 0).numpy(), [0.5, 0.5])
