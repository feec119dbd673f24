"""gradcheck takes functions of PyTorch's tensors, and its Modules."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from minigrad.errors import ArgumentError  # noqa: E402
from minigrad.testing import gradcheck, gradgradcheck  # noqa: E402

pytestmark = pytest.mark.torch
RNG = np.random.default_rng(0)
X, W = torch.tensor(RNG.normal(size=(2, 3))), torch.tensor(RNG.normal(size=(3, 2)))


class WrongExp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, dy):
        return 2 * dy * ctx.saved_tensors[0]


def test_right_functions_pass():
    assert [c.name for c in gradcheck(lambda x, w: (x @ w).tanh(), X, W).covered] == ["x", "w"]
    assert gradcheck(lambda x: (x.softmax(-1), x.sum(0)), X) and gradcheck(torch.relu, torch.zeros(3))
    assert gradcheck(lambda x, i: x[i], X, torch.tensor([0, 1, 1]))


def test_a_wrong_rule_is_found_and_named():
    report = gradcheck(lambda x: WrongExp.apply(x), X, raise_exception=False)
    assert not report and report.diagnosis[0] == "factor:2" and report.entries[0].name == "x"
    assert "torch.from_numpy(np.array(" in report.repro() and "import torch" in report.repro()
    assert report.smallest().inputs[0].size == 1


def test_a_module_is_checked_with_its_parameters_on_a_copy():
    layer = torch.nn.Linear(3, 2)
    assert [c.name for c in gradcheck(layer, X).covered] == ["input", "weight", "bias"]
    assert layer.weight.dtype == torch.float32 and layer.weight.grad is None
    assert gradcheck(layer, X.numpy())


def test_what_is_detached_or_no_tensor_is_told():
    assert gradcheck(lambda x: x.detach() * 2, X, raise_exception=False).diagnosis == ("disconnected",)
    assert "no floating torch tensor" in gradcheck(lambda x: 3.0, X, raise_exception=False).sentence


def test_second_derivatives_are_minigrads_own():
    with pytest.raises(ArgumentError, match="second derivatives need minigrad's tape"):
        gradgradcheck(lambda x: x.exp(), X)
