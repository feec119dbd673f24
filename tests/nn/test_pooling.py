import minigrad
from minigrad import nn, ops


def test_layers_call_their_op_with_their_options():
    x = minigrad.arange(36.0).reshape(1, 1, 6, 6)
    assert nn.MaxPool2d(2)(x).tolist() == ops.max_pool2d(x, 2).tolist()
    assert nn.MaxPool2d(3, 2, padding=1, ceil_mode=True)(x).shape == (1, 1, 4, 4)
    assert nn.MaxPool1d(2)(minigrad.ones(1, 2, 6)).shape == (1, 2, 3)
    assert nn.MaxPool3d(2)(minigrad.ones(1, 2, 2, 2, 2)).shape == (1, 2, 1, 1, 1)
    assert nn.AvgPool2d(2)(x).tolist() == ops.avg_pool2d(x, 2).tolist()
    assert nn.AvgPool1d(3, count_include_pad=False)(minigrad.ones(1, 2, 6)).shape == (1, 2, 2)
    assert nn.AvgPool3d(2)(minigrad.ones(1, 2, 2, 2, 2)).shape == (1, 2, 1, 1, 1)


def test_unpooling_puts_values_back_where_pooling_found_them():
    x = minigrad.arange(16.0).reshape(1, 1, 4, 4)
    y, places = nn.MaxPool2d(2, return_indices=True)(x)
    back = nn.MaxUnpool2d(2)(y, places)
    assert back.sum().item() == y.sum().item() and back[0, 0, 3, 3].item() == 15


def test_the_repr_names_the_options():
    assert repr(nn.MaxPool2d(2)) == "MaxPool2d(kernel_size=2, padding=0, dilation=1, ceil_mode=False, return_indices=False)"
