import numpy as np

import minigrad
from minigrad import nn, ops

RNG = np.random.default_rng(0)


def test_losses_pass_their_options_on():
    x, t = minigrad.tensor(RNG.normal(size=(4, 3))), minigrad.tensor([0, 2, 1, 2])
    weight = minigrad.tensor([1.0, 2.0, 3.0], dtype="float64")
    layer = nn.CrossEntropyLoss(weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    expected = ops.cross_entropy(x, t, weight, ignore_index=1, reduction="sum", label_smoothing=0.1)
    assert layer(x, t).item() == expected.item()
    logs = x.log_softmax(1)
    assert nn.NLLLoss()(logs, t).item() == ops.nll_loss(logs, t).item()


def test_class_weights_move_with_the_module():
    layer = nn.CrossEntropyLoss(minigrad.ones(3))
    assert "weight" in layer.state_dict() and layer.double().weight.dtype == minigrad.float64
