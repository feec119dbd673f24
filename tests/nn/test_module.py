import numpy as np
import pytest

import minigrad
from minigrad import nn
from minigrad.errors import DtypeError, StateError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.inner = nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False))
        self.register_buffer("count", minigrad.zeros(2))
        self.register_buffer("scratch", minigrad.zeros(1), persistent=False)

    def forward(self, x):
        return self.inner(self.first(x))


def test_parameters_buffers_and_modules_are_found_by_path():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == ["first.weight", "first.bias", "inner.1.weight"]
    assert [n for n, _ in net.named_buffers()] == ["count", "scratch"]
    assert [n for n, _ in net.named_modules()] == ["", "first", "inner", "inner.0", "inner.1"]
    assert list(net.state_dict()) == ["count", "first.weight", "first.bias", "inner.1.weight"]
    assert net.get_parameter("inner.1.weight") is net.inner[1].weight
    with pytest.raises(StateError, match=r"no parameter 'inner\.9'"):
        net.get_parameter("inner.9")


def test_a_shared_parameter_is_listed_once_and_saved_under_each_name():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    assert "1.weight" in net.state_dict()


def test_a_state_dict_restores_the_function():
    a, b = Net(), Net()
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(5, 3)), dtype="float32")
    assert not np.allclose(a(x).numpy(), b(x).numpy())
    b.load_state_dict({k: v.numpy() for k, v in a.state_dict().items()})
    np.testing.assert_array_equal(a(x).numpy(), b(x).numpy())


def test_a_state_that_does_not_fit_changes_nothing_and_names_every_key():
    net = Net()
    before = net.first.weight.numpy().copy()
    state = {**net.state_dict(), "extra": minigrad.zeros(1), "first.bias": minigrad.zeros(7)}
    del state["inner.1.weight"]
    state["first.weight"] = minigrad.ones(4, 3)
    with pytest.raises(StateError) as error:
        net.load_state_dict(state)
    message = str(error.value)
    assert "missing keys: inner.1.weight" in message and "unexpected keys: extra" in message
    assert "first.bias: (7,) in the state, (4,) in the module" in message
    np.testing.assert_array_equal(net.first.weight.numpy(), before)
    state["first.bias"] = minigrad.zeros(4)
    assert net.load_state_dict(state, strict=False) == (["inner.1.weight"], ["extra"])


def test_train_and_eval_reach_every_module():
    net = Net()
    assert not any(m.training for m in net.eval().modules()) and all(m.training for m in net.train().modules())


def test_casting_keeps_the_parameters_and_their_gradients_together():
    net = Net().double()
    assert {p.dtype for p in net.parameters()} == {minigrad.float64}
    net(minigrad.ones(1, 3, dtype="float64")).sum().backward()
    parameter = net.first.weight
    assert net.float().first.weight is parameter and parameter.grad.dtype == minigrad.float32
    with pytest.raises(DtypeError, match="int64"):
        net.to("int64")


def test_hooks_see_and_may_change_what_goes_in_and_out():
    net, seen = nn.Identity(), []
    before = net.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    after = net.register_forward_hook(lambda m, args, out: seen.append(out.item()) or out + 1)
    assert net(minigrad.tensor(3.0)).item() == 7 and seen == [6]
    before.remove()
    after.remove()
    assert net(minigrad.tensor(3.0)).item() == 3


def test_a_parameter_is_not_replaced_by_a_plain_tensor_by_accident():
    net = Net()
    with pytest.raises(DtypeError, match="assign a Parameter"):
        net.first.weight = minigrad.zeros(4, 3)
    net.count = minigrad.ones(2)
    assert isinstance(net.count, nn.Buffer)


def test_zero_grad_freezing_and_apply():
    net, names = Net(), []
    net(minigrad.ones(1, 3)).sum().backward()
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert not net.requires_grad_(False)(minigrad.ones(1, 3)).requires_grad
    net.apply(lambda m: names.append(type(m).__name__))
    assert names == ["Linear", "ReLU", "Linear", "Sequential", "Net"]


def test_the_repr_shows_the_tree():
    assert repr(Net()).splitlines()[:3] == [
        "Net(", "  (first): Linear(in_features=3, out_features=4, bias=True)", "  (inner): Sequential(",
    ]  # fmt: skip


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="define forward"):
        nn.Module()(1)
