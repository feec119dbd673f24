"""The contract of the engine, row by row."""

import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, no_grad
from minigrad.autograd import grad, record
from minigrad.errors import GradientError, ReleasedGraphError


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_a_diamond_adds_the_gradients_of_both_paths():
    x = leaf(3.0)
    y = x * x
    (y * y + y).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [4 * 27 + 6])


@pytest.mark.slow
def test_a_chain_of_a_million_ops_goes_forward_and_back_and_is_freed():
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + x
    y.backward()
    assert x.grad.item() == 1_000_001
    del y


def test_a_long_chain_that_is_never_walked_is_freed_without_recursion():
    y = leaf(1.0)
    for _ in range(200_000):
        y = y * 1.0
    del y


def test_each_edge_is_walked_once():
    x, calls = leaf(2.0), []

    def counted(y):
        def d_y(dz, _):
            calls.append(1)
            return dz * 1.0

        return record("counted", y.array.copy(), (y, d_y))

    y = counted(x)
    z = y
    for _ in range(20):
        z = z + z  # 2^20 paths
    z.backward()
    assert len(calls) == 1 and x.grad.item() == 2**20


def test_graphs_are_freed_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        for run_backward in (True, False):
            x = leaf(1.0, 2.0)
            y = ((x * 2).exp() * x).sum()
            middle = weakref.ref(y.edges[0][0])
            if run_backward:
                y.backward()
            del y
            assert middle() is None
    finally:
        gc.enable()


def test_edges_are_freed_as_the_walk_leaves_them():
    x, alive = leaf(1.0), []

    def probe(y, watched):
        return record("probe", y.array.copy(), (y, lambda dz, _: (alive.append(watched() is not None), dz)[1]))

    late = probe(x, lambda: None)
    kept = late * 2
    reference = weakref.ref(kept)
    early = probe(late, reference)
    y = early + kept
    del kept, early
    y.backward()
    assert reference() is None
    assert x.grad.item() == 3


def test_backward_twice_explains_how_to_retain_the_graph():
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(ReleasedGraphError, match="retain_graph=True"):
        y.backward()


def test_with_a_retained_graph_leaf_gradients_add_up():
    x = leaf(3.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    assert x.grad.item() == 6
    y.backward(retain_graph=True)
    assert x.grad.item() == 12


def test_a_second_backward_does_not_count_inner_gradients_twice():
    x = leaf(2.0)
    y = x * x
    z = y * y
    z.backward(retain_graph=True)
    z.backward()
    assert x.grad.item() == 2 * 4 * 8


def test_a_freed_part_shared_by_two_losses_is_named():
    x = leaf(1.0)
    shared = x.exp()
    first, second = shared * 2, shared * 3
    first.backward()
    with pytest.raises(ReleasedGraphError, match="behind exp"):
        second.backward()


def test_an_exception_in_a_rule_leaves_no_state_behind():
    x = leaf(1.0)

    def broken(dz, _):
        raise RuntimeError("broken rule")

    bad = record("broken", x.array * 1, (x, broken)) + x
    with pytest.raises(RuntimeError, match="broken rule"):
        bad.backward()
    assert x.grad is None and minigrad.is_grad_enabled()
    (x * 5).backward()
    assert x.grad.item() == 5


def test_recording_is_a_matter_of_the_thread():
    seen = []

    def other():
        seen.append(minigrad.is_grad_enabled())

    with no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert not minigrad.is_grad_enabled()
    assert seen == [True]


def test_threads_may_run_backward_at_the_same_time():
    x, results = leaf(2.0), []

    def work(k):
        for _ in range(50):
            results.append((k, grad((x * k).exp().sum(), x)[0].item()))

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 100
    assert all(np.isclose(g, k * np.exp(2 * k)) for k, g in results)


def test_a_gradient_of_the_wrong_shape_is_refused_and_named():
    x = leaf(1.0, 2.0)
    y = record("odd", x.array.sum(), (x, lambda dy, _: dy))
    with pytest.raises(GradientError, match=r"odd: its rule returned a gradient of shape \(\) for an input of shape \(2,\)"):
        y.backward()


def test_a_gradient_has_the_dtype_of_its_leaf():
    x = leaf(1.0, dtype="float32")
    y = record("widening", x.array.astype("float64"), (x, lambda dy, _: dy))
    y.backward()
    assert x.grad.dtype == minigrad.float32


def test_leaves_never_share_the_memory_of_a_gradient():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = Tensor([1.0, 1.0], dtype="float64")
    (a + b).backward(seed)
    a.grad.zero_()
    assert b.grad.tolist() == [1, 1] and seed.tolist() == [1, 1]


def test_the_gradient_of_a_sum_can_be_written_to():
    x = leaf(1.0, 2.0)
    x.sum().backward()
    x.grad.mul_(3)
    assert x.grad.tolist() == [3, 3]


def test_backward_from_several_numbers_needs_a_gradient():
    with pytest.raises(GradientError, match=r"shape \(2,\)"):
        (leaf(1.0, 2.0) * 2).backward()
    with pytest.raises(GradientError, match=r"gradient has shape \(3,\), the output \(2,\)"):
        (leaf(1.0, 2.0) * 2).backward(minigrad.ones(3))


def test_backward_from_a_constant_says_what_to_do():
    with pytest.raises(GradientError, match="requires_grad"):
        Tensor([1.0]).backward()


def test_integer_tensors_cannot_require_a_gradient():
    with pytest.raises(TypeError, match="int64"):
        Tensor([1, 2], requires_grad=True)


def test_inputs_that_need_no_gradient_are_not_stored():
    x, constant = leaf(1.0), Tensor([2.0], dtype="float64")
    assert [edge[0] is x for edge in (x * constant).edges] == [True]


def test_users_write_ops_of_their_own_in_the_same_form():
    def cube(x):
        return record("cube", x.array**3, (x, lambda dy, _: dy * (3 * x * x)))

    x = leaf(2.0)
    (g,) = grad(cube(x).sum(), x, create_graph=True)
    assert g.item() == 12 and grad(g.sum(), x)[0].item() == 12


@st.composite
def programs(draw):
    """Draw a random graph of sums and products: pairs of earlier values to combine, and how."""
    n = draw(st.integers(1, 12))
    return [(draw(st.integers(0, i + 1)), draw(st.integers(0, i + 1)), draw(st.sampled_from("+*"))) for i in range(n)]


@given(programs())
def test_random_graphs_agree_with_the_sum_over_all_paths(program):
    """Forward-mode derivatives, carried along with the values, are the oracle."""
    values = [(1.5, np.array([1.0, 0.0])), (0.5, np.array([0.0, 1.0]))]
    tensors = [leaf(1.5), leaf(0.5)]
    for i, j, op in program:
        (a, da), (b, db) = values[i], values[j]
        values.append((a + b, da + db) if op == "+" else (a * b, da * b + a * db))
        tensors.append(tensors[i] + tensors[j] if op == "+" else tensors[i] * tensors[j])
    tensors[-1].backward()
    got = [0.0 if x.grad is None else x.grad.item() for x in tensors[:2]]
    np.testing.assert_allclose(got, values[-1][1], rtol=1e-9)
