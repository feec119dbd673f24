import copy

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, no_grad
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.optim import SGD, Adam, Optimizer
from minigrad_kernels import registry


def leaf(*values, dtype="float32"):
    return Tensor(list(values), dtype=dtype, requires_grad=True)


def message(call):
    with pytest.raises(ArgumentError) as caught:
        call()
    return str(caught.value)


def test_no_parameters_are_refused():
    assert message(lambda: Adam([])) == "Adam: params is empty\nHint: pass model.parameters() or a list of tensors"


def test_one_tensor_is_refused():
    assert message(lambda: SGD(leaf(1.0))) == "SGD: params is one tensor of shape (1,)\nHint: put it in a list"


def test_a_set_is_refused_because_its_order_is_not_that_of_the_next_run():
    assert message(lambda: SGD({leaf(1.0)})).startswith("SGD: params is a set, whose order differs")
    assert message(lambda: SGD([{"params": {leaf(1.0)}}])).startswith("SGD: params is a set")


@pytest.mark.parametrize(("params", "what"), [([1.0], "float"), ([np.ones(2)], "ndarray"), (["w"], "str")])
def test_what_is_no_tensor_is_refused(params, what):
    assert message(lambda: SGD(params)) == f"SGD: parameter 0 of group 0 is of type {what}, only tensors can be optimized"


def test_what_is_no_iterable_is_refused():
    assert message(lambda: SGD(3)) == "SGD: params is 3, it must be an iterable of tensors or of dicts"


def test_integers_are_refused():
    wanted = "SGD: parameter 0 of group 0 is int64, only floating tensors can be optimized"
    assert message(lambda: SGD([minigrad.tensor([1, 2])])) == wanted


def test_results_of_ops_are_refused():
    x = leaf(1.0, 2.0)
    assert message(lambda: SGD([x, x * 2])) == (
        "SGD: parameter 1 of group 0, shape (2,), is the result of mul, only leaves can be optimized\n"
        "Hint: pass the tensor it was computed from, or make a leaf with detach().requires_grad_()"
    )


def test_a_parameter_given_twice_is_refused():
    x, y = leaf(1.0, 2.0), leaf(3.0)
    assert message(lambda: SGD([x, y, x])) == (
        "SGD: parameter 2 of group 0, shape (2,), is given twice\nHint: list shared parameters once"
    )
    optimizer = SGD([x])
    assert "parameter 1 of group 1" in message(lambda: optimizer.add_param_group({"params": [y, x]}))
    assert len(optimizer.param_groups) == 1


def test_a_group_without_params_is_refused():
    assert message(lambda: SGD([{"lr": 0.1}])).startswith('SGD: a group is a dict with the key "params", got {')
    assert message(lambda: SGD([{"params": [leaf(1.0)]}, leaf(1.0)])).startswith("SGD: a group is a dict")


def test_the_options_of_a_group_are_checked_too():
    assert message(lambda: SGD([{"params": [leaf(1.0)], "lr": -1}])) == "SGD: lr is -1, it must be a number in [0, ∞)"


def test_an_option_that_is_set_wrong_later_is_named_by_the_step():
    x = leaf(1.0)
    optimizer = SGD([x])
    optimizer.param_groups[0]["lr"] = float("nan")
    x.grad = minigrad.tensor([1.0])
    assert message(optimizer.step) == "SGD.step: lr is nan, it must be a number in [0, ∞)"
    assert x.tolist() == [1.0]


def test_an_option_may_be_a_tensor_of_one_element():
    x = leaf(1.0)
    optimizer = SGD([x], lr=minigrad.tensor(0.5))
    x.grad = minigrad.tensor([1.0])
    optimizer.step()
    optimizer.param_groups[0]["lr"] = minigrad.tensor([0.25])
    optimizer.step()
    assert x.tolist() == [0.25]


def test_groups_inherit_what_they_do_not_set():
    x, y = leaf(1.0), leaf(1.0)
    given = {"params": y, "lr": 0.3, "name": "head"}
    optimizer = SGD([{"params": [x]}, given], lr=0.1, momentum=0.9)
    first, second = optimizer.param_groups
    assert (first["lr"], first["momentum"]) == (0.1, 0.9)
    assert (second["lr"], second["momentum"], second["name"]) == (0.3, 0.9, "head")
    assert second["params"][0] is y and given == {"params": y, "lr": 0.3, "name": "head"}


def test_parameters_may_come_with_names():
    x, y = leaf(1.0), leaf(1.0)
    optimizer = SGD(iter([("weight", x), ("bias", y)]))
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][1] is y
    wanted = "SGD: 1 of 2 parameters have a name; give all or none"
    assert message(lambda: SGD([("weight", leaf(1.0)), leaf(2.0)])) == wanted


def test_the_closure_is_run_with_recording_on_and_its_loss_returned():
    x = leaf(3.0)
    optimizer = SGD([x], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 9.0 and x.tolist() == [0.0]
    assert optimizer.step() is None


def test_zero_grad_forgets_gradients_or_zeroes_them():
    x, y = leaf(3.0), leaf(1.0)
    optimizer = SGD([{"params": [x]}, {"params": [y]}])
    x.grad = kept = minigrad.tensor([2.0])
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0.0] and y.grad is None and kept.tolist() == [2.0]
    y.grad = kept
    optimizer.zero_grad()
    assert x.grad is None and y.grad is None


def test_a_gradient_that_does_not_fit_is_named_and_nothing_is_changed():
    x, y = leaf(1.0), leaf(1.0, 2.0)
    optimizer = SGD([{"params": [x]}, {"params": [y]}])
    x.grad = minigrad.tensor([1.0])
    for grad, error, what in (
        (minigrad.tensor([[1.0, 1.0]]), ShapeError, r"has shape \(1, 2\), the parameter \(2,\)"),
        (minigrad.tensor([1.0, 1.0], dtype="float64"), DtypeError, "is float64, the parameter float32\nHint: convert"),
        (np.ones(2, "float32"), DtypeError, "is of type ndarray, it must be a tensor"),
    ):
        y.grad = grad
        with pytest.raises(error, match=rf"^SGD\.step: the gradient of parameter 0 of group 1 {what}"):
            optimizer.step()
    assert x.tolist() == [1.0] and y.tolist() == [1.0, 2.0]


def test_a_parameter_is_marked_as_overwritten_once():
    x, y = leaf(1.0), leaf(1.0)
    x.grad = minigrad.tensor([1.0])
    optimizer = Adam([x, y])
    before = minigrad.overwrites.clock.tick()
    optimizer.step()
    after = minigrad.overwrites.clock.tick()
    assert after - before == 2  # one tick between these two
    assert x.buffer.changed == before + 1 and x.buffer.place == "Adam.step" and y.buffer is None


def test_parameters_of_several_dtypes_in_one_group_are_moved():
    params = [leaf(1.0, dtype=dtype) for dtype in ("float32", "float64", "float32", "float16")]
    for p in params:
        p.grad = Tensor([1.0], dtype=p.dtype)
    SGD(params, lr=0.5).step()
    assert [p.tolist() for p in params] == [[0.5]] * 4
    assert [str(p.dtype) for p in params] == ["float32", "float64", "float32", "float16"]


def test_a_kernel_gets_all_parameters_of_a_group_in_one_call(monkeypatch):
    calls = []
    monkeypatch.setitem(registry._found, ("sgd_update", "cpu"), lambda params, *_, **options: calls.append((len(params), options["lr"])))
    params = [leaf(1.0), leaf(2.0), leaf(3.0)]
    for p in params:
        p.grad = minigrad.tensor([1.0])
    optimizer = SGD([{"params": params[:2]}, {"params": params[2:], "lr": 0.5}], lr=0.25)
    optimizer.step()
    assert calls == [(2, 0.25), (1, 0.5)]
    with minigrad.kernels("reference"):
        optimizer.step()
    assert [p.tolist() for p in params] == [[0.75], [1.75], [2.5]]


def test_a_kernel_gets_arrays_of_one_dtype(monkeypatch):
    calls = []
    monkeypatch.setitem(registry._found, ("sgd_update", "cpu"), lambda params, *_, **__: calls.append([str(p.dtype) for p in params]))
    params = [leaf(1.0, dtype=dtype) for dtype in ("float32", "float64", "float32")]
    for p in params:
        p.grad = minigrad.ones_like(p)
    SGD(params).step()
    assert calls == [["float32", "float32"], ["float64"]]


def test_a_kernel_that_declines_leaves_the_step_to_the_reference(monkeypatch):
    monkeypatch.setitem(registry._found, ("sgd_update", "cpu"), lambda *_, **__: NotImplemented)
    x = leaf(1.0)
    x.grad = minigrad.tensor([1.0])
    SGD([x], lr=0.25).step()
    assert x.tolist() == [0.75]


def test_gradients_that_are_not_finite_pass_without_a_warning():
    x = leaf(1.0, 1.0, 1.0)
    x.grad = minigrad.tensor([np.inf, np.nan, 1.0])
    Adam([x], lr=0.5).step()
    assert np.isnan(x.detach().numpy()).tolist() == [True, True, False]


def test_a_copy_of_the_optimizer_and_its_parameters_stands_alone():
    x = leaf(1.0)
    optimizer = Adam([x], lr=0.1)
    x.grad = minigrad.tensor([1.0])
    optimizer.step()
    y, other = copy.deepcopy((x, optimizer))
    assert other.param_groups[0]["params"][0] is y
    other.step()
    assert x.tolist() != y.tolist() and (optimizer.state[x]["step"], other.state[y]["step"]) == (1, 2)


def test_the_state_dict_numbers_the_parameters_through_all_groups():
    x, y, z = leaf(1.0), leaf(1.0), leaf(1.0)
    optimizer = Adam([{"params": [x]}, {"params": [y, z], "lr": 0.5}])
    z.grad = minigrad.tensor([1.0])
    optimizer.step()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1, 2]]
    assert state["param_groups"][1]["lr"] == 0.5 and state["param_groups"][0]["betas"] == (0.9, 0.999)
    assert list(state["state"]) == [2] and set(state["state"][2]) == {"step", "exp_avg", "exp_avg_sq"}
    assert state["state"][2]["exp_avg"] is optimizer.state[z]["exp_avg"]


def test_it_is_shown_with_the_options_of_every_group():
    assert repr(SGD([{"params": [leaf(1.0)]}, {"params": [leaf(1.0)], "lr": 0.5}], lr=0.1)) == "\n".join([
        "SGD (",
        *("Parameter Group 0", "    dampening: 0", "    lr: 0.1", "    maximize: False"),
        *("    momentum: 0", "    nesterov: False", "    weight_decay: 0"),
        *("Parameter Group 1", "    dampening: 0", "    lr: 0.5", "    maximize: False"),
        *("    momentum: 0", "    nesterov: False", "    weight_decay: 0"),
        ")",
    ])  # fmt: skip


class SignDescent(Optimizer):
    """The smallest optimizer: what a reader would write."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    def update(self, options, params, grads):
        for p, g in zip(params, grads, strict=True):
            p.array -= options["lr"] * np.sign(g)


def test_an_optimizer_of_ones_own_needs_only_an_update():
    x = leaf(1.0, 1.0)
    optimizer = SignDescent([x], lr=0.25)
    x.grad = minigrad.tensor([5.0, -0.1])
    optimizer.step()
    assert x.tolist() == [0.75, 1.25] and x.buffer.place == "SignDescent.step"
    SignDescent([x], lr=1.0).load_state_dict(optimizer.state_dict())


def test_an_optimizer_without_an_update_says_so():
    x = leaf(1.0)
    x.grad = minigrad.tensor([1.0])
    with pytest.raises(NotImplementedError, match="Optimizer: define update"):
        Optimizer([x], {"lr": 0.1}).step()
