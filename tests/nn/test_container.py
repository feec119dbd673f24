import pytest

import minigrad
from minigrad import nn
from minigrad.errors import ArgumentError, RangeError


def test_sequential_applies_its_modules_in_order_and_can_be_cut():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = minigrad.tensor([[1.0, -2.0]])
    assert net(x).item() == net[2](net[1](net[0](x))).item()
    assert len(net[:2]) == 2 and net[-1] is net[2]
    net.append(nn.Identity())
    del net[1]
    assert [type(m).__name__ for m in net] == ["Linear", "Linear", "Identity"]
    net.insert(1, nn.ReLU())
    assert list(dict(net.named_children())) == ["0", "1", "2", "3"]


def test_sequential_takes_names():
    net = nn.Sequential({"hidden": nn.Linear(2, 2), "out": nn.Linear(2, 1)})
    assert list(net.state_dict()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    with pytest.raises(ArgumentError, match="item 0 is int"):
        nn.Sequential(3)


def test_lists_of_modules_and_parameters_are_found():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])
            self.scales = nn.ParameterList([minigrad.ones(2), minigrad.ones(3)])

    names = [n for n, _ in Net().named_parameters()]
    assert names == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "scales.0", "scales.1"]


def test_a_list_says_what_it_does_not_have():
    with pytest.raises(RangeError, match="no item 2, it holds 1"):
        nn.ModuleList([nn.ReLU()])[2]


def test_a_dict_of_modules_works_like_a_dict():
    modules = nn.ModuleDict({"a": nn.Linear(1, 1)})
    modules["b"] = nn.ReLU()
    assert list(modules) == ["a", "b"] and "a" in modules and len(modules) == 2
    assert isinstance(modules.pop("b"), nn.ReLU) and list(modules.keys()) == ["a"]
    assert [n for n, _ in modules.items()] == ["a"] and len(list(modules.values())) == 1
    with pytest.raises(RangeError, match="no 'c'"):
        modules["c"]
    with pytest.raises(ArgumentError, match="hide a method"):
        modules["keys"] = nn.ReLU()
