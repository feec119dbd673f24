"""Changes in place: PyTorch's rules, and never a wrong gradient."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, no_grad
from minigrad.errors import DtypeError, InPlaceError, ShapeError


def leaf(*values):
    return Tensor(np.array(values, "float64"), requires_grad=True)


def test_a_leaf_may_be_overwritten_only_under_no_grad():
    x = leaf(1.0, 2.0)
    with pytest.raises(InPlaceError, match="no_grad"):
        x.add_(1)
    with no_grad():
        x.add_(1)
    assert x.tolist() == [2, 3] and x.is_leaf and x.requires_grad


def test_an_overwritten_value_that_a_rule_needs_names_both_places():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = y * y
    y.add_(1)
    with pytest.raises(InPlaceError) as error:
        z.sum().backward()
    message = str(error.value)
    assert message.startswith("mul: backward needs")
    assert "add_ at" in message and "test_overwrites.py" in message and "Hint:" in message


def test_an_overwritten_value_that_no_rule_needs_is_no_matter():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = x * 2
    z = y + w
    y.mul_(10)
    z.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_a_result_that_its_own_rule_needs_is_kept_or_checked():
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = y + 1
    y.zero_()
    z.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))
    y = x.exp()
    z = y + 1
    with no_grad():
        y.zero_()
    with pytest.raises(InPlaceError, match="exp: backward needs its result"):
        z.sum().backward()


def test_an_optimizer_step_between_forward_and_backward_is_caught():
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    loss = (w * x).sum()
    with no_grad():
        w.sub_(0.1)
    with pytest.raises(InPlaceError, match="sub_ at"):
        loss.backward()


def test_writing_through_data_is_caught():
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    loss = (w * x).sum()
    w.data[0] = 100
    with pytest.raises(InPlaceError, match="setitem at"):
        loss.backward()


def test_assigning_data_is_caught_and_the_usual_update_works():
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    loss = (w * x).sum()
    w.data = w.data * 2
    with pytest.raises(InPlaceError, match="data"):
        loss.backward()
    (w * x).sum().backward()
    w.data -= 0.5 * w.grad.data
    assert w.tolist() == [0.5, 2.0] and w.requires_grad


def test_the_array_that_numpy_gets_is_read_only():
    x = leaf(1.0)
    with pytest.raises(ValueError, match="read-only"):
        x.numpy()[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x)[0] = 5


def test_tensor_copies_so_that_the_callers_array_may_change():
    array = np.array([1.0, 2.0])
    x = Tensor(array, requires_grad=True)
    loss = (x * x).sum()
    array[0] = 100
    loss.backward()
    assert x.grad.tolist() == [2, 4]


def test_ops_before_an_overwrite_use_the_value_and_history_of_then():
    x, w = leaf(1.0, 2.0), leaf(3.0, 5.0)
    h = x * 2
    before = h + 1
    h.mul_(w)
    after = h * 1
    (before.sum() + after.sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 + 2 * np.array([3.0, 5.0]))
    np.testing.assert_allclose(w.grad.numpy(), [2, 4])


@pytest.mark.parametrize("name", ["add_", "sub_", "mul_", "div_"])
@pytest.mark.parametrize("times", [1, 3])
def test_in_place_arithmetic_has_the_gradients_of_arithmetic(name, times):
    rng = np.random.default_rng(0)
    values, other, v = rng.uniform(1, 2, (2, 3)), rng.uniform(1, 2, 3), rng.normal(size=(2, 3))
    results = []
    for in_place in (True, False):
        x, y = Tensor(values, requires_grad=True), Tensor(other, requires_grad=True)
        h = x * 1
        for _ in range(times):
            h = getattr(h, name)(y) if in_place else getattr(h, name[:-1])(y)
        h.backward(Tensor(v))
        results.append([h.numpy(), x.grad.numpy(), y.grad.numpy()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b)


@pytest.mark.parametrize("key", [0, (slice(None), 1), [0, 0, 1], np.array([True, False]), (0, [1, 1]), Ellipsis, None])
def test_writing_elements_has_the_gradients_of_what_stays(key):
    rng = np.random.default_rng(1)
    base = rng.normal(size=(2, 3))
    place = np.arange(6).reshape(2, 3)[key]
    v, cotangent = rng.normal(size=place.shape), rng.normal(size=(2, 3))
    x, value = Tensor(base, requires_grad=True), Tensor(v, requires_grad=True)
    h = x * 1
    h[key] = value
    expected = base.copy()
    expected[key] = v
    np.testing.assert_array_equal(h.numpy(), expected)
    h.backward(Tensor(cotangent))
    untouched = cotangent.copy()
    untouched[key] = 0
    np.testing.assert_array_equal(x.grad.numpy(), untouched)
    last = {int(p): i for i, p in enumerate(place.ravel())}
    survivors = list(last.values())
    expected_dv = np.zeros(place.size)
    expected_dv[survivors] = cotangent.ravel()[place.ravel()[survivors]]
    np.testing.assert_array_equal(value.grad.numpy().ravel(), expected_dv)


def test_a_constant_written_into_by_a_tracked_value_becomes_tracked():
    buffer, x = minigrad.zeros(3, dtype="float64"), leaf(2.0)
    buffer[1] = x[0] * 3
    buffer.sum().backward()
    assert x.grad.tolist() == [3]


def test_writing_to_a_view_of_a_tracked_tensor_is_refused():
    h = leaf(1.0, 2.0) * 1
    with pytest.raises(InPlaceError, match="view"):
        h[0].mul_(2)
    with pytest.raises(InPlaceError, match="view"):
        h.reshape(2, 1).add_(1)


def test_writing_a_tracked_value_into_a_view_of_a_constant_is_refused():
    whole, x = minigrad.zeros(4, dtype="float64"), leaf(1.0)
    with pytest.raises(InPlaceError, match="view"):
        whole[:2].add_(x)


def test_a_view_taken_before_its_base_was_rewritten_is_refused():
    whole, x = minigrad.zeros(2, dtype="float64"), leaf(1.0)
    view = whole[:1]
    whole.add_(x)
    with pytest.raises(InPlaceError, match="take the view again"):
        view * 2
    (whole[:1] * 2).sum().backward()
    assert x.grad.item() == 2


def test_a_view_of_a_parameter_outlives_optimizer_steps():
    w = leaf(1.0, 2.0, 3.0)
    view = w[1:]
    with no_grad():
        w.mul_(2)
    (view * view).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), [0, 8, 12])


def test_views_share_the_clock_of_their_buffer():
    base = minigrad.tensor([1.0, 2.0], dtype="float64")
    w = leaf(3.0, 4.0)
    loss = (w * base).sum()
    base.reshape(2, 1)[0, 0] = 50
    with pytest.raises(InPlaceError, match="setitem"):
        loss.backward()


def test_a_detached_alias_shares_the_clock_but_not_the_history():
    w, x = leaf(1.0), leaf(2.0)
    loss = (w * x).sum()
    alias = w.detach()
    assert not alias.requires_grad
    alias.fill_(9)
    assert w.item() == 9
    with pytest.raises(InPlaceError):
        loss.backward()


def test_detaching_does_not_keep_the_graph_alive():
    import weakref

    y = leaf(1.0) * 2
    kept, alive = y.detach(), weakref.ref(y)
    del y
    assert alive() is None and kept.item() == 2


def test_results_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"add_: the result has shape \(2, 3\)"):
        minigrad.zeros(3).add_(minigrad.zeros(2, 3))
    with pytest.raises(DtypeError, match="int64"):
        minigrad.tensor([1, 2]).add_(0.5)
    with pytest.raises(InPlaceError, match="shared by several"):
        minigrad.zeros(1).expand(3).add_(1)


def test_augmented_assignment_keeps_the_object():
    x = leaf(1.0) * 1
    same = x
    x += 2
    x *= 3
    assert x is same and x.tolist() == [9]


def test_hooks_taken_before_an_overwrite_watch_the_value_of_then():
    x, seen = leaf(1.0), []
    h = x * 2
    h.register_hook(lambda g: seen.append(g.item()))
    h.mul_(5)
    h.sum().backward()
    assert seen == [5] and x.grad.item() == 10


def test_copy_fill_and_zero_cut_the_history_of_what_they_replace():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x * 2
    h.copy_(y * 3)
    h.sum().backward()
    assert y.grad.tolist() == [3, 3] and x.grad is None
    assert (x * 2).fill_(7).tolist() == [7, 7] and (x * 2).zero_().tolist() == [0, 0]


def test_in_place_ops_raise_no_false_alarm_for_later_graphs():
    w = leaf(1.0, 2.0)
    for _ in range(3):
        loss = (w * w).sum()
        loss.backward()
        with no_grad():
            w.sub_(0.1 * w.grad)
        w.grad = None


def test_a_view_taken_after_the_overwrite_is_as_fresh_as_its_memory_even_without_a_history():
    x = leaf(1.0, 2.0) * 3
    x.mul_(x)
    with no_grad():
        untracked = x[:1]
    assert (untracked * 2).tolist() == [18]
    x.zero_()
    assert (x[:1] + 1).tolist() == [1]


def test_backward_from_a_view_whose_history_is_out_of_date_is_refused():
    a = leaf(1.0, 2.0)
    x = a * 3
    view = x[:1]
    x.add_(x)
    with pytest.raises(InPlaceError, match="backward: an input is a view of memory that was overwritten later, by add_ at"):
        view.backward(Tensor([1.0], dtype="float64"))
    x[:1].backward(Tensor([1.0], dtype="float64"))
    assert view.item() == 6 and a.grad.tolist() == [6, 0]
