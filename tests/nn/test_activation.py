import numpy as np
import pytest

import minigrad
from minigrad import nn, ops

LAYERS = {
    nn.CELU(0.5): lambda x: ops.celu(x, 0.5), nn.ELU(0.5): lambda x: ops.elu(x, 0.5), nn.GELU(): ops.gelu,
    nn.GELU("tanh"): lambda x: ops.gelu(x, approximate="tanh"), nn.GLU(): ops.glu, nn.Hardshrink(0.3): lambda x: ops.hardshrink(x, 0.3),
    nn.Hardsigmoid(): ops.hardsigmoid, nn.Hardswish(): ops.hardswish, nn.Hardtanh(-2, 0.5): lambda x: ops.hardtanh(x, -2, 0.5),
    nn.LeakyReLU(0.2): lambda x: ops.leaky_relu(x, 0.2), nn.LogSigmoid(): ops.logsigmoid,
    nn.LogSoftmax(1): lambda x: ops.log_softmax(x, 1), nn.Mish(): ops.mish, nn.ReLU(inplace=True): ops.relu,
    nn.ReLU6(): ops.relu6, nn.SELU(): ops.selu, nn.SiLU(): ops.silu, nn.Sigmoid(): ops.sigmoid,
    nn.Softmax(0): lambda x: ops.softmax(x, 0), nn.Softmin(1): lambda x: ops.softmin(x, 1),
    nn.Softplus(2.0): lambda x: ops.softplus(x, 2.0), nn.Softshrink(0.3): lambda x: ops.softshrink(x, 0.3),
    nn.Softsign(): ops.softsign, nn.Tanh(): ops.tanh, nn.Tanhshrink(): ops.tanhshrink,
    nn.Threshold(0.1, 5.0): lambda x: ops.threshold(x, 0.1, 5.0),
}


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_layer_is_its_op_with_its_options(layer):
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(3, 4)))
    np.testing.assert_array_equal(layer(x).numpy(), LAYERS[layer](x).numpy())
