"""The adapter follows from what the function is, then from what its inputs are."""

import numpy as np
import pytest

from minigrad import nn
from minigrad.errors import ArgumentError
from minigrad.testing import gradcheck, numpy_pair
from minigrad.testing.adapters.choose import is_torch, subject_for
from minigrad.testing.adapters.layers import LayerFunction
from minigrad.testing.adapters.modules import ModuleFunction
from minigrad.testing.adapters.pairs import PairFunction
from minigrad.testing.adapters.tensors import TensorFunction


class Layer:
    def forward(self, x):
        return x

    def backward(self, dy):
        return dy


@pytest.mark.parametrize("f, kind", [(lambda x: x, TensorFunction), (nn.ReLU(), ModuleFunction), ((abs, abs), PairFunction),
                                     (numpy_pair(abs, abs), PairFunction), (Layer(), LayerFunction)])  # fmt: skip
def test_each_kind_of_function_has_its_adapter(f, kind):
    assert type(subject_for("gradcheck", f, [np.ones(2)])) is kind


@pytest.mark.parametrize("f, name", [(np.ones(2), "ndarray"), ("f", "str"), ((abs,), "tuple"), (None, "NoneType")])
def test_what_is_no_function_is_refused_with_the_order_of_arguments(f, name):
    with pytest.raises(ArgumentError, match=rf"gradcheck: the first argument must be a function, .*, got {name}\nHint: gradcheck\(f, x\)"):
        gradcheck(f, np.ones(2))


def test_torch_is_not_needed_to_see_that_it_is_not_there():
    assert not is_torch(lambda x: x, [np.ones(2), 3]) and not is_torch(nn.ReLU(), [])
