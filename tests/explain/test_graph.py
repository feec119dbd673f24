import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.explain.graph import Graph, is_freed
from minigrad.explain.watch import watching


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def diamond(x):
    a = x * x
    return (a.exp() * a + a.sin()).sum()


def test_gradients_are_those_of_backward():
    x = leaf(0.5, -1.0)
    y = diamond(x)
    found = Graph(y).find_gradients().grads[id(x)]
    y.backward()
    np.testing.assert_allclose(found.numpy(), x.grad.numpy())
    assert not found.requires_grad


def test_an_op_before_an_overwrite_gets_the_gradient_of_the_earlier_value():
    x = leaf(1.0, 2.0)
    a = x * 3
    b = a * 2
    a.mul_(5)
    y = (a + b).sum()
    found = Graph(y).find_gradients().grads[id(x)].numpy()
    y.backward()
    np.testing.assert_allclose(found, x.grad.numpy())


def test_a_checkpointed_block_is_followed_inside():
    x = leaf(0.5, -1.0)
    y = minigrad.checkpoint(diamond, x)
    found = Graph(y).find_gradients().grads[id(x)].numpy()
    y.backward()
    np.testing.assert_allclose(found, x.grad.numpy())


def test_nodes_come_latest_first_and_each_once():
    x = leaf(1.0)
    y = diamond(x)
    ops = [node.op for node in Graph(y).nodes]
    assert ops[0] == "sum" and ops[-1] == "leaf" and sorted(ops) == sorted(["sum", "add", "sin", "mul", "exp", "mul", "leaf"])


def test_a_freed_graph_is_noted_unless_it_was_watched():
    y = diamond(leaf(1.0))
    y.backward()
    assert is_freed(y) and [node.op for node in Graph(y).freed] == ["sum"]
    with watching():
        y = diamond(leaf(1.0))
    y.backward()
    assert is_freed(y) and not Graph(y).freed and len(Graph(y).nodes) == 7


def test_a_value_that_was_overwritten_is_a_problem_and_no_error():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    x.data[0] = 9.0
    graph = Graph(y).find_gradients()
    assert id(x) not in graph.grads
    assert "overwritten since by setitem" in next(iter(graph.problems.values()))


def test_a_path_follows_the_largest_gradient():
    x = leaf(1.0)
    y = (x.exp() * 1000 + x.sin()).sum()
    graph = Graph(y).find_gradients()
    assert [node.op for node in graph.path(x)] == ["leaf", "exp", "mul", "add", "sum"] and graph.path(x)[-1] is y


@pytest.mark.parametrize("n", [5000])
def test_a_long_chain_needs_no_recursion(n):
    y = x = leaf(1.0)
    for _ in range(n):
        y = y + 0.0
    assert Graph(y).find_gradients().grads[id(x)].item() == 1
