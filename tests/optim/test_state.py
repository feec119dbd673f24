import copy
from collections import OrderedDict

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.errors import ArgumentError, StateError
from minigrad.optim import SGD, Adagrad, Adam, Adamax, NAdam
from minigrad.optim.state import state_dtype, zeros


def leaf(*values, dtype="float32"):
    return Tensor(list(values), dtype=dtype, requires_grad=True)


def trained(kind=Adam, *shapes, **options):
    """Return an optimizer that has taken a step."""
    params = [Tensor(np.ones(shape, "float32"), requires_grad=True) for shape in shapes or [(2,), (3, 1)]]
    optimizer = kind(params, **options)
    for p in params:
        p.grad = minigrad.ones_like(p)
    optimizer.step()
    return optimizer


def refusal(optimizer, state):
    """Return the message with which a state is refused, having checked that nothing was changed."""
    before = copy.deepcopy(optimizer.state_dict())
    with pytest.raises(StateError) as caught:
        optimizer.load_state_dict(state)
    after = optimizer.state_dict()
    assert repr(after) == repr(before)
    return str(caught.value)


def test_what_is_loaded_is_a_copy():
    source, target = trained(), trained()
    target.load_state_dict(source.state_dict())
    p, q = source.param_groups[0]["params"][0], target.param_groups[0]["params"][0]
    assert target.state[q]["exp_avg"].tolist() == source.state[p]["exp_avg"].tolist()
    source.step()
    assert target.state[q]["exp_avg"].tolist() != source.state[p]["exp_avg"].tolist()
    assert target.state[q]["step"] == 1


def test_the_options_come_with_the_state():
    source, target = trained(Adam, lr=0.5, betas=(0.8, 0.7)), trained(Adam, lr=0.1)
    source.param_groups[0]["initial_lr"] = 0.75
    target.load_state_dict(source.state_dict())
    group = target.param_groups[0]
    assert (group["lr"], group["betas"], group["initial_lr"]) == (0.5, (0.8, 0.7), 0.75)
    assert target.param_groups[0]["params"][0] in target.state


def test_numbers_and_arrays_of_any_kind_are_understood():
    target = trained(NAdam)
    state = trained(NAdam).state_dict()
    state["param_groups"][0]["betas"] = [0.9, 0.99]
    for values in state["state"].values():
        values["step"], values["mu_product"] = np.array(7.0, "float32"), np.array([0.25])
        values["exp_avg"] = values["exp_avg"].numpy().astype("float64")
        values["exp_avg_sq"] = values["exp_avg_sq"].tolist()
    target.load_state_dict(state)
    found = target.state[target.param_groups[0]["params"][0]]
    assert (found["step"], type(found["step"]), found["mu_product"]) == (7, int, 0.25)
    assert found["exp_avg"].dtype == "float32" and found["exp_avg_sq"].shape == (2,)


def test_the_numbers_of_the_parameters_may_be_any():
    target, state = trained(), trained().state_dict()
    renamed = {
        "state": {f"p{n}": values for n, values in state["state"].items()},
        "param_groups": [state["param_groups"][0] | {"params": ["p0", "p1"]}],
    }
    target.load_state_dict(OrderedDict(renamed))
    assert len(target.state) == 2


def test_a_state_taken_before_the_first_step_loads():
    params = [leaf(1.0)]
    fresh = Adagrad(params)
    fresh.load_state_dict(Adagrad([leaf(2.0)]).state_dict())
    assert dict(fresh.state) == {}


def test_the_empty_momentum_of_old_pytorch_states_is_left_out():
    target = trained(SGD, momentum=0.9)
    state = trained(SGD).state_dict()
    state["param_groups"][0]["momentum"] = 0.9
    state["state"] = {0: {"momentum_buffer": None}, 1: {"momentum_buffer": None}}
    target.load_state_dict(state)
    assert all(values == {} for values in target.state.values())


def test_a_switch_that_the_state_lacks_keeps_its_setting():
    target, state = trained(Adam, maximize=True), trained(Adam).state_dict()
    del state["param_groups"][0]["maximize"]
    target.load_state_dict(state)
    assert target.param_groups[0]["maximize"]


def test_momentum_that_is_not_in_use_survives_a_save():
    source = trained(SGD, momentum=0.9)
    source.param_groups[0]["momentum"] = 0.0
    target = trained(SGD)
    target.load_state_dict(source.state_dict())
    assert "momentum_buffer" in target.state[target.param_groups[0]["params"][0]]


def test_what_is_no_state_dict_is_refused():
    assert refusal(trained(), {"model": 1}) == (
        "Adam: the state dict has no state and no param_groups, its keys are ['model']"
    )


def test_groups_of_other_sizes_are_refused():
    assert refusal(trained(), trained(Adam, (2,)).state_dict()) == (
        "Adam: the state has groups of [1] parameters, this optimizer has [2]\n"
        "Hint: build the optimizer over the same model, with the same groups"
    )


def test_parameters_that_moved_to_another_group_are_refused():
    def split(at):
        params = [leaf(1.0), leaf(2.0), leaf(3.0)]
        return SGD([{"params": params[:at]}, {"params": params[at:]}])

    assert refusal(split(1), split(2).state_dict()).startswith(
        "SGD: the state has groups of [2, 1] parameters, this optimizer has [1, 2]"
    )


def test_a_parameter_of_another_shape_is_refused():
    assert refusal(trained(), trained(Adam, (2,), (3, 2)).state_dict()) == (
        "Adam: parameter 1 of the state: exp_avg has shape (3, 2), the parameter (3, 1)"
    )


def test_the_options_of_another_kind_of_optimizer_are_refused():
    message = refusal(trained(Adam), trained(SGD, momentum=0.9).state_dict())
    assert message.startswith("Adam: group 0 of the state has no betas, eps, its keys are ['dampening', 'lr',")
    assert message.endswith("\nHint: is it the state of another kind of optimizer?")


def test_the_memory_of_another_kind_of_optimizer_is_refused():
    message = refusal(trained(Adamax), trained(Adam).state_dict())
    assert message.startswith("Adamax: parameter 0 has no exp_inf in the state, only ['exp_avg', 'exp_avg_sq', 'step']")


def test_a_parameter_that_no_group_has_is_refused():
    state = trained().state_dict()
    state["state"][9] = state["state"][0]
    assert refusal(trained(), state) == "Adam: the state remembers parameter 9, but no group has it"


def test_a_step_count_that_is_no_number_is_refused():
    state = trained().state_dict()
    state["state"][0]["step"] = minigrad.tensor([1.0, 2.0])
    assert refusal(trained(), state) == "Adam: parameter 0 of the state: step has shape (2,), it must be one number"


def test_an_option_out_of_range_is_refused():
    state = trained().state_dict()
    state["param_groups"][0]["lr"] = -1.0
    with pytest.raises(ArgumentError, match=r"Adam: lr is -1\.0, it must be"):
        trained().load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "now"),
    [(np.ones((2, 1), "float32"), r"float32 of shape \(2, 1\) on cpu"), (np.ones(2), r"float64 of shape \(2,\) on cpu")],
)
def test_a_parameter_that_changed_between_steps_is_refused(change, now):
    optimizer = trained(Adam, (2,))
    p = optimizer.param_groups[0]["params"][0]
    p.data = minigrad.tensor(change)
    p.grad = minigrad.ones_like(p)
    with pytest.raises(StateError, match=rf"^Adam\.step: exp_avg of a parameter is float32 of shape \(2,\) on cpu, the parameter calls for {now} now\nHint"):
        optimizer.step()
    assert (p.detach().numpy() == 1).all()


def test_float16_is_remembered_in_float32():
    for dtype, wanted in (("float16", "float32"), ("float32", "float32"), ("float64", "float64")):
        p = leaf(1.0, 2.0, dtype=dtype)
        assert state_dtype(p) == wanted and zeros(p).dtype == wanted and zeros(p).tolist() == [0.0, 0.0]
