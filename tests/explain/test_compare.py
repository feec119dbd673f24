import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.explain import explain, watching
from minigrad.explain.compare import UNJUDGED, verdicts
from minigrad.testing.mutants import load, planted


def found(f, *shapes, low=-2.0, dtype="float64"):
    """Return the verdict on each op of f, by op."""
    rng = np.random.default_rng(0)
    xs = [Tensor(rng.uniform(low, 2, shape), dtype=dtype, requires_grad=True) for shape in shapes]
    with watching():
        y = f(*xs)
    said, first = verdicts(y.sum() if y.ndim else y)
    return {node.op: said[id(node)] for node in _nodes(y) if id(node) in said}, first


def _nodes(y):
    from minigrad.explain.graph import Graph

    return Graph(y).nodes


CALLS = [
    (lambda x: ops.softmax(x, 1), (3, 4)), (lambda x: x.log_softmax(0), (3, 4)), (lambda x: x.relu(), (3, 4)),
    (lambda x: x.sum(1), (3, 4)), (lambda x: x.mean(), (3, 4)), (lambda x: x.amax(1), (3, 4)), (lambda x: x[1:], (3, 4)),
    (lambda x: x.reshape(2, 6), (3, 4)), (lambda x: x**3, (3, 4)), (lambda x: x.clamp(-1, 1), (3, 4)),
    (lambda x: ops.max_pool2d(x, 2), (1, 2, 4, 4)), (lambda x: ops.layer_norm(x, 4), (3, 4)), (lambda x: x.cumsum(0), (3, 4)),
    (lambda x: ops.where(x > 0, x, 2 * x), (3, 4)), (lambda x: ops.dropout(x, 0.5), (3, 4)),
    (lambda x: ops.cross_entropy(x, minigrad.tensor([1, 0, 3])), (3, 4)), (lambda x: x.sort(1).values, (3, 4)),
]  # fmt: skip
PAIRS = [
    (lambda x, w: x @ w, (3, 4), (4, 2)), (lambda x, y: x + y, (3, 4), (4,)), (lambda x, w: ops.conv2d(x, w, padding=1), (1, 2, 4, 4), (3, 2, 3, 3)),
    (lambda x, y: ops.cat([x, y]), (3, 4), (2, 4)), (lambda x, y: ops.maximum(x, y), (3, 4), (3, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("f", "shapes"), [(f, shapes) for f, *shapes in [*CALLS, *PAIRS]])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rules_that_are_right_are_found_right(f, shapes, dtype):
    said, first = found(f, *shapes, dtype=dtype)
    assert first is None and "ok" in said.values()
    assert set(said.values()) <= {"ok", UNJUDGED}


@pytest.mark.parametrize(
    ("name", "op"),
    [("softmax-mean", "softmax"), ("tanh-brackets", "tanh"), ("cumsum-forwards", "cumsum"), ("square-half", "square"),
     ("conv-flipped", "conv"), ("amax-ties", "amax"), ("linear-weight-averaged", "linear")],
)  # fmt: skip
def test_a_rule_that_is_wrong_is_found_and_named(name, op):
    (bug,) = [m for m in load() if m.name == name]
    arrays = bug.example.drawn(3)
    with planted(bug), watching():
        xs = [Tensor(a, requires_grad=True) for a in arrays]
        loss = (bug.example.f(*xs) * 2).sum()
        report = explain(loss, compare="numeric")
    assert "the first wrong one is that of " + op in report.note and "test_compare.py" in report.note
    assert [row.op for row in report.rows if row.verdict.startswith("WRONG")] == [op]


def cubed(x):
    """A reader's own op, whose rule forgets the 3."""
    return minigrad.record("cubed", x.array**3, (x, lambda dy, _: dy * x * x))


def odd(x):
    """A reader's own op, whose rule returns the wrong shape."""
    return minigrad.record("odd", x.array**3, (x, lambda dy, _: dy.sum()))


def test_an_op_of_ones_own_is_judged_too():
    said, first = found(lambda x: cubed(x.exp()).sin(), (3,))
    assert first.op == "cubed" and said["exp"] == said["sin"] == "ok"
    assert said["cubed"].startswith("WRONG: rule ")


def test_a_rule_that_raises_is_wrong_too():
    said, _ = found(odd, (3,))
    assert said["odd"] == "WRONG: odd: its rule returned a gradient of shape () for an input of shape (3,)"


def test_backward_meets_the_latest_of_several_wrong_rules_first():
    _, first = found(lambda x: odd(cubed(x)), (3,))
    assert first.op == "odd"


def test_an_op_that_cannot_be_called_again_is_not_judged():
    def hidden(x):
        return minigrad.record("hidden", x.array * 3, (x, lambda dy, _: dy))

    assert found(hidden, (3,))[0]["hidden"] == UNJUDGED


def picked(x, key):
    return minigrad.record("picked", x.array[key].copy(), (x, lambda dy, _: ops.put_add(dy, [0, 1], (3,))))


def test_an_op_whose_arguments_were_changed_since_is_not_judged():
    x, key = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True), [0, 1]
    with watching():
        y = picked(x, key)
    key[0] = 2
    assert verdicts(y)[0][id(y)] == UNJUDGED


def test_without_a_watcher_nothing_is_judged():
    y = Tensor([1.0], requires_grad=True).exp()
    assert set(verdicts(y)[0].values()) == {UNJUDGED}


def test_values_at_a_kink_may_have_any_slope_between_those_of_its_sides():
    x = Tensor(np.zeros(3), requires_grad=True)
    with watching():
        y = x.relu() + x.abs()
    assert set(verdicts(y)[0].values()) == {"ok"}
