import pytest

from minigrad.errors import ArgumentError
from minigrad.optim.lr_scheduler import ConstantLR, ExponentialLR, LambdaLR, LinearLR, MultiStepLR, PolynomialLR, StepLR
from tests.optim.lr_scheduler.tables import continues, follows, rates, sgd

TABLES = {
    "step": (lambda o: StepLR(o, 3, gamma=0.5), [0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125]),
    "step by default": (lambda o: StepLR(o, 4), [0.5, 0.5, 0.5, 0.5, 0.05, 0.05, 0.05, 0.05, 0.005]),
    "milestones": (lambda o: MultiStepLR(o, [2, 5, 5, 7], gamma=0.1), [0.5, 0.5, 0.05, 0.05, 0.05, 0.0005, 0.0005, 5e-05, 5e-05]),
    "constant by default": (lambda o: ConstantLR(o), [0.1666666667] * 5 + [0.5] * 3),
    "constant": (lambda o: ConstantLR(o, factor=0.25, total_iters=2), [0.125, 0.125, 0.5, 0.5, 0.5]),
    "linear by default": (lambda o: LinearLR(o), [0.1666666667, 0.2333333333, 0.3, 0.3666666667, 0.4333333333, 0.5, 0.5, 0.5]),
    "linear": (lambda o: LinearLR(o, 0.9, 0.1, total_iters=4), [0.45, 0.35, 0.25, 0.15, 0.05, 0.05, 0.05]),
    "exponential": (lambda o: ExponentialLR(o, 0.8), [0.5, 0.4, 0.32, 0.256, 0.2048, 0.16384, 0.131072]),
    "polynomial by default": (lambda o: PolynomialLR(o), [0.5, 0.4, 0.3, 0.2, 0.1, 0, 0, 0]),
    "polynomial": (lambda o: PolynomialLR(o, total_iters=4, power=2.5), [0.5, 0.2435696448, 0.08838834765, 0.015625, 0, 0, 0]),
    "lambda": (lambda o: LambdaLR(o, lambda t: 1 / (1 + t)), [0.5, 0.25, 0.1666666667, 0.125, 0.1, 0.08333333333]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_the_learning_rate_follows_the_table(name):
    follows(*TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_a_saved_schedule_continues(name, tmp_path):
    continues(TABLES[name][0], tmp_path / "s.safetensors", epochs=8)


def test_every_group_can_have_a_function_of_its_own():
    scheduler = LambdaLR(sgd(1.0, 2.0), [lambda t: 0.5**t, lambda t: 1 + t])
    scheduler.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25, 6.0]


class Halving:
    """A function with a memory."""

    def __init__(self, start):
        self.start = start

    def __call__(self, t):
        return self.start * 0.5**t


def test_an_object_that_is_called_is_part_of_the_state():
    scheduler, other = LambdaLR(sgd(1.0), Halving(4.0)), LambdaLR(sgd(1.0), Halving(1.0))
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"start": 4.0}]
    other.load_state_dict(state)
    assert rates(other, 2)[1] == 2.0
    assert LambdaLR(sgd(1.0), lambda t: 1.0).state_dict()["lr_lambdas"] == [None]


def refused(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == message


def test_bad_arguments_are_refused():
    o = sgd()
    refused(lambda: StepLR(o, 0), "StepLR: step_size is 0, it must be an integer in [1, ∞)")
    refused(lambda: StepLR(o, 3, gamma=-0.1), "StepLR: gamma is -0.1, it must be a number in [0, ∞)")
    refused(lambda: MultiStepLR(o, [3, -1]), "MultiStepLR: a milestone is -1, it must be an integer in [0, ∞)")
    refused(lambda: ConstantLR(o, factor=2), "ConstantLR: factor is 2, it must be a number in [0, 1]")
    refused(lambda: LinearLR(o, 0), "LinearLR: start_factor is 0, it must be a number in (0, 1]")
    refused(lambda: LinearLR(o, 1.0, 1.5), "LinearLR: end_factor is 1.5, it must be a number in [0, 1]")
    refused(lambda: LinearLR(o, total_iters=0), "LinearLR: total_iters is 0, it must be an integer in [1, ∞)")
    refused(lambda: ExponentialLR(o, -1.0), "ExponentialLR: gamma is -1.0, it must be a number in [0, ∞)")
    refused(lambda: PolynomialLR(o, 2.5), "PolynomialLR: total_iters is 2.5, it must be an integer in [1, ∞)")
    refused(lambda: LambdaLR(o, [abs, abs]), "LambdaLR: lr_lambda has 2 values for 1 parameter groups")
    refused(lambda: LambdaLR(o, 0.5), "LambdaLR: lr_lambda is of type float, it must be a function")
    assert o.param_groups[0]["lr"] == 0.5
