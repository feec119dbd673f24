"""Mixed precision: which ops run in float16, what the scaler does with gradients that overflow."""

import math
import threading

import numpy as np
import pytest

import minigrad
from minigrad import GradScaler, autocast, nn, ops, optim
from minigrad.errors import ArgumentError, GradientError
from minigrad_kernels import registry

F = nn.functional
RNG = np.random.default_rng(0)


def floats(*shape):
    return minigrad.tensor(RNG.normal(size=shape).astype(np.float32), requires_grad=True)


PRODUCTS = {
    "matmul": lambda: floats(3, 4) @ floats(4, 5),
    "linear": lambda: F.linear(floats(3, 4), floats(5, 4), floats(5)),
    "conv2d": lambda: F.conv2d(floats(1, 2, 5, 5), floats(3, 2, 3, 3), floats(3)),
    "conv_transpose1d": lambda: F.conv_transpose1d(floats(1, 2, 5), floats(2, 3, 3), floats(3)),
    "bmm": lambda: ops.bmm(floats(2, 3, 4), floats(2, 4, 5)),
    "einsum": lambda: ops.einsum("ij,jk->ik", floats(3, 4), floats(4, 2)),
    "addmm": lambda: ops.matmul(floats(2, 3), floats(3, 2)),
}  # fmt: skip
EXACT = {
    "softmax": lambda x: x.softmax(-1),
    "exp": lambda x: x.exp(),
    "sum": lambda x: x.sum(0),
    "mean": lambda x: x.mean(),
    "cross_entropy": lambda x: F.cross_entropy(x, minigrad.tensor([0, 1, 2])),
    "mse_loss": lambda x: F.mse_loss(x, x.detach() * 0),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_computed_in_the_type_of_autocast(name):
    with autocast("cuda"):
        y = PRODUCTS[name]()
    assert y.dtype == np.float16 and PRODUCTS[name]().dtype == np.float32


@pytest.mark.parametrize("name", EXACT)
def test_sums_and_exponentials_of_its_results_are_computed_in_float32(name):
    x = floats(3, 4)
    with autocast("cuda"):
        y = EXACT[name](x @ floats(4, 4))
    assert y.dtype == np.float32


def test_gradients_come_back_in_the_type_of_the_parameters_and_close_to_those_of_float32():
    x, w, v = floats(6, 8), floats(8, 5), minigrad.tensor(RNG.integers(-3, 4, (6, 5)).astype(np.float32))
    ((x @ w).tanh() * v).sum().backward()
    exact = x.grad.numpy().copy(), w.grad.numpy().copy()
    x.grad = w.grad = None
    with autocast("cuda"):
        loss = ((x @ w).tanh() * v).sum()
    loss.backward()
    for got, wanted in zip((x.grad, w.grad), exact, strict=True):
        assert got.dtype == np.float32 and not np.array_equal(got.numpy(), wanted)
        np.testing.assert_allclose(got.numpy(), wanted, atol=2e-2 * np.abs(wanted).max())


def test_float64_is_not_touched():
    x = minigrad.tensor(RNG.normal(size=(3, 3)))
    with autocast("cuda"):
        assert (x @ x).dtype == np.float64


def test_bfloat16_sets_the_precision_of_products_and_leaves_tensors_in_float32():
    with autocast("cuda", "bfloat16"):
        assert registry.choice.precision == "medium" and (floats(2, 2) @ floats(2, 2)).dtype == np.float32
    assert registry.choice.precision == "highest"


def test_blocks_nest_and_one_can_switch_it_off():
    x = floats(2, 2)
    with autocast("cuda"):
        with autocast("cuda", enabled=False):
            assert (x @ x).dtype == np.float32
        assert (x @ x).dtype == np.float16
    assert (x @ x).dtype == np.float32


def test_it_is_undone_after_an_error_and_another_thread_does_not_see_it():
    seen, x = [], floats(2, 2)
    with pytest.raises(ZeroDivisionError), autocast("cuda"):
        other = threading.Thread(target=lambda: seen.append((x @ x).dtype))
        other.start()
        other.join()
        raise ZeroDivisionError
    assert seen == [np.float32] and (x @ x).dtype == np.float32


def test_it_decorates_a_function():
    @autocast("cuda")
    def square(x):
        return x @ x

    assert square(floats(2, 2)).dtype == np.float16 and (floats(2, 2) @ floats(2, 2)).dtype == np.float32


def test_a_second_derivative_goes_through_the_casts():
    x = minigrad.tensor([[0.5]], requires_grad=True)
    with autocast("cuda"):
        y = (x @ x).sum()
    (g,) = minigrad.grad(y, [x], create_graph=True)
    (h,) = minigrad.grad(g.sum(), [x])
    assert g.item() == pytest.approx(1.0, abs=1e-3) and h.item() == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("arguments, message", [
    (("tpu",), 'device_type \'tpu\' is unknown; use "cpu" or "cuda"'), (("cuda", "int8"), "dtype must be float16")])  # fmt: skip
def test_wrong_arguments_of_autocast_are_named(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        autocast(*arguments)


def stepped(scaler, scale_of_loss, weight=1.0):
    """Take one step of plain descent with loss = scale · w; return w."""
    w = minigrad.tensor([weight], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.5)
    scaler.scale((w * scale_of_loss).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    return w.item()


def test_the_scale_cancels():
    assert stepped(GradScaler(), 1.0) == 0.5 == stepped(GradScaler(enabled=False), 1.0)


def test_a_gradient_too_small_for_float16_survives():
    w = minigrad.tensor([[2.0**-20]], requires_grad=True)
    x = minigrad.tensor([[2.0**-10]])
    for scaler, survives in ((GradScaler(enabled=False), False), (GradScaler(), True)):
        w.grad = None
        with autocast("cuda"):
            loss = (x @ w).sum() * 2.0**-16
        scaler.scale(loss).backward()
        scaler.unscale_(optim.SGD([w], lr=1.0))
        assert (w.grad.item() == 2.0**-26) is survives


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_a_step_that_overflows_is_left_out_and_the_scale_halved(bad):
    scaler = GradScaler()
    assert stepped(scaler, bad) == 1.0 and scaler.get_scale() == 32768


def test_the_scale_grows_after_an_interval_of_good_steps_in_a_row():
    scaler = GradScaler(init_scale=8.0, growth_interval=3)
    scales = []
    for loss in (1.0, 1.0, math.inf, 1.0, 1.0, 1.0, 1.0):
        stepped(scaler, loss)
        scales.append(scaler.get_scale())
    assert scales == [8, 8, 4, 4, 4, 8, 8]


def test_gradients_can_be_divided_before_clipping_but_only_once():
    scaler, w = GradScaler(), minigrad.tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    scaler.scale(w.sum()).backward()
    scaler.unscale_(optimizer)
    assert w.grad.item() == 1
    with pytest.raises(GradientError, match="already called for this optimizer"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    assert w.item() == 0


def test_an_update_without_a_step_is_refused():
    with pytest.raises(GradientError, match=r"update\(\) without a step"):
        GradScaler().update()


def test_its_state_can_be_saved_and_loaded():
    a, b = GradScaler(growth_interval=2), GradScaler(growth_interval=2)
    stepped(a, 1.0)
    b.load_state_dict(a.state_dict())
    stepped(b, 1.0)
    assert b.get_scale() == 131072 and GradScaler(enabled=False).state_dict() == {}


@pytest.mark.parametrize("options", [{"init_scale": 0}, {"growth_factor": 1}, {"backoff_factor": 1}, {"growth_interval": 0}])
def test_factors_that_would_not_adapt_are_refused(options):
    with pytest.raises(ArgumentError, match="needs init_scale > 0"):
        GradScaler(**options)


def test_a_network_learns_under_autocast():
    minigrad.manual_seed(0)
    x, y = minigrad.randn(64, 10), minigrad.randint(0, 3, (64,))
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 3))
    optimizer, scaler = optim.Adam(model.parameters(), lr=0.01), GradScaler()
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        with autocast("cuda"):
            loss = F.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
    assert losses[0] > 1 and losses[-1] < 0.1
