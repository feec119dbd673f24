import numpy as np
import pytest

import minigrad
from minigrad import Tensor, no_grad
from minigrad.errors import ArgumentError, InPlaceError, ShapeError, StateError
from minigrad.io import load, save
from minigrad.optim import ExponentialMovingAverage


def leaf(*values, dtype="float64"):
    return Tensor(list(values), dtype=dtype, requires_grad=True)


def put(p, *values):
    with no_grad():
        p.copy_(Tensor(list(values), dtype=p.dtype))


def test_the_average_is_the_weighted_sum_of_all_values_so_far():
    p, rng = leaf(1.0, -2.0), np.random.default_rng(0)
    seen, d = [p.detach().numpy().copy()], 0.8
    average = ExponentialMovingAverage([p], decay=d, use_num_updates=False)
    for _ in range(6):
        put(p, *rng.normal(size=2))
        seen.append(p.detach().numpy().copy())
        average.update()
    weights = [d**6] + [(1 - d) * d ** (6 - k) for k in range(1, 7)]
    np.testing.assert_allclose(average.shadow_params[0].numpy(), sum(w * x for w, x in zip(weights, seen, strict=True)))


def test_the_first_values_are_soon_forgotten():
    p = leaf(0.0)
    average, wanted = ExponentialMovingAverage([p], decay=0.25), 0.0
    for t, x in enumerate([4.0, 8.0, 2.0, 6.0], 1):
        put(p, x)
        average.update()
        d = min(0.25, (1 + t) / (10 + t))
        wanted = d * wanted + (1 - d) * x
        np.testing.assert_allclose(average.shadow_params[0].tolist(), [wanted])
    assert (1 + 1) / (10 + 1) < 0.25 < (1 + 3) / (10 + 3)  # both branches were taken


def test_the_average_stands_in_for_the_parameters_and_leaves_them_as_they_were():
    p, q = leaf(0.0), leaf(10.0, dtype="float32")
    average = ExponentialMovingAverage([p, q], decay=0.5, use_num_updates=False)
    put(p, 8.0)
    average.update()
    with average.average_parameters():
        assert (p.tolist(), q.tolist()) == ([4.0], [10.0])
    assert (p.tolist(), q.tolist()) == ([8.0], [10.0]) and p.requires_grad and q.dtype == "float32"
    with pytest.raises(KeyError), average.average_parameters():
        raise KeyError
    assert p.tolist() == [8.0]
    with average.average_parameters(), average.average_parameters():
        assert p.tolist() == [4.0]
    assert p.tolist() == [8.0]


def test_it_can_take_the_place_of_the_parameters_for_good():
    p = leaf(0.0)
    average = ExponentialMovingAverage([p], decay=0.5, use_num_updates=False)
    put(p, 8.0)
    average.update()
    average.copy_to()
    put(p, p.item() + 1)
    assert p.tolist() == [5.0] and average.shadow_params[0].tolist() == [4.0]


def test_a_swap_between_forward_and_backward_is_caught():
    p = leaf(1.0)
    average = ExponentialMovingAverage([p], decay=0.5)
    loss = (p * p).sum()
    with average.average_parameters(), pytest.raises(InPlaceError, match=r"by ExponentialMovingAverage\.average_parameters"):
        loss.backward()
    loss = (p * p).sum()
    with average.average_parameters():
        pass
    with pytest.raises(InPlaceError, match=r"by the end of ExponentialMovingAverage\.average_parameters"):
        loss.backward()


def test_float16_is_averaged_in_float32():
    p = leaf(1.0, dtype="float16")
    average = ExponentialMovingAverage([p], decay=0.9999, use_num_updates=False)
    put(p, 2.0)
    for _ in range(3):
        average.update()
    assert average.shadow_params[0].dtype == "float32"
    np.testing.assert_allclose(average.shadow_params[0].tolist(), [1.0003], rtol=1e-6)  # float16 would stay at 1
    with average.average_parameters():
        assert p.dtype == "float16"


def test_a_saved_average_continues_bit_for_bit(tmp_path):
    rng = np.random.default_rng(3)
    p = Tensor(rng.normal(size=(3, 2)).astype("float32"), requires_grad=True)
    average = ExponentialMovingAverage([p], decay=0.9)

    def steps(average, p, seed):
        rng = np.random.default_rng(seed)
        for _ in range(4):
            p.data = minigrad.tensor(rng.normal(size=(3, 2)).astype("float32"))
            average.update()

    steps(average, p, 1)
    save(average.state_dict(), tmp_path / "ema.safetensors")
    steps(average, p, 2)
    other = ExponentialMovingAverage([Tensor(np.zeros((3, 2), "float32"), requires_grad=True)], decay=0.1)
    other.load_state_dict(load(tmp_path / "ema.safetensors"))
    steps(other, other.parameters[0], 2)
    np.testing.assert_array_equal(other.shadow_params[0].numpy(), average.shadow_params[0].numpy())


def test_a_state_that_does_not_fit_is_refused():
    average = ExponentialMovingAverage([leaf(1.0, 2.0)], decay=0.5)
    with pytest.raises(StateError, match=r"^ExponentialMovingAverage: the state has no num_updates, shadow_params$"):
        average.load_state_dict({"decay": 0.5})
    other = ExponentialMovingAverage([leaf(1.0)], decay=0.9)
    with pytest.raises(StateError, match=r"the state has arrays of shapes \[\(1,\)\], the parameters \[\(2,\)\]"):
        average.load_state_dict(other.state_dict())
    assert average.decay == 0.5


def test_a_parameter_that_changed_its_shape_is_named():
    p = leaf(1.0)
    average = ExponentialMovingAverage([p], decay=0.5)
    p.data = minigrad.tensor([1.0, 2.0], dtype="float64")
    with pytest.raises(ShapeError, match=r"a parameter has shape \(2,\) now, its average \(1,\)"):
        average.update()


def test_bad_arguments_are_refused():
    with pytest.raises(ArgumentError, match=r"^ExponentialMovingAverage: decay is 1.5, it must be a number in \[0, 1\]"):
        ExponentialMovingAverage([leaf(1.0)], decay=1.5)
    with pytest.raises(ArgumentError, match="parameters must be tensors, got nothing"):
        ExponentialMovingAverage([], decay=0.5)
    with pytest.raises(ArgumentError, match="parameters must be tensors, got Tensor, float"):
        ExponentialMovingAverage([leaf(1.0), 3.0], decay=0.5)
