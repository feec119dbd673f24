"""A reading holds every value once, inputs first, with the gradients of backward; bad input is explained."""

import numpy as np
import pytest

from minigrad import Tensor, nn, tensor, viz
from minigrad.errors import ArgumentError, DtypeError, GradientError, ReleasedGraphError
from minigrad.viz.reading import LARGEST, read


def leaf(*values):
    return Tensor(np.array(values if len(values) > 1 else values[0], dtype="float64"), requires_grad=True)


def small():
    x, w = leaf(2.0), leaf(-3.0)
    with viz.recording():
        y = (x * w - 0.5).tanh() * x
    return x, w, y


def test_values_come_before_what_is_made_of_them_and_once():
    x, w, y = small()
    reading = read("graph", y, {"x": x, "w": w})
    assert [v.name or v.x.op for v in reading.values] == ["x", "w", "mul", "leaf", "sub", "tanh", "mul"]
    assert [v.kind for v in reading.values] == ["leaf", "leaf", "op", "constant", "op", "op", "loss"]
    assert [(a.source, a.target) for a in reading.arrows] == [(0, 2), (1, 2), (2, 4), (3, 4), (4, 5), (5, 6), (0, 6)]
    assert reading.inputs_of(4) == [2, 3]


def test_gradients_and_what_the_arrows_carry_are_those_of_backward():
    x, w, y = small()
    reading = read("graph", y)
    y.backward()
    assert reading.values[0].grad.item() == x.grad.item() and reading.values[1].grad.item() == w.grad.item()
    into_x = [a.carried.item() for a in reading.arrows if a.source == 0]
    assert len(into_x) == 2 and np.isclose(sum(into_x), x.grad.item()) and into_x[0] != into_x[1]


def test_a_slope_is_the_derivative_of_one_number_by_another():
    _, _, y = small()
    arrows = read("graph", y).arrows
    inner = np.tanh(2.0 * -3.0 - 0.5)
    slopes = [a.slope for a in arrows]
    np.testing.assert_allclose([s for s in slopes if s is not None], [-3, 2, 1, 1 - inner**2, 2, inner])
    assert slopes[3] is None and arrows[3].formula == "" and arrows[3].carried is None


def test_vectors_have_no_slope():
    x = leaf(1.0, 2.0)
    assert [a.slope for a in read("graph", x.exp().sum()).arrows] == [None, None]


def test_constants_are_known_only_to_what_was_recorded():
    x = leaf(2.0)
    assert [v.kind for v in read("graph", x * 3).values] == ["leaf", "loss"] and not read("graph", x * 3).recorded
    with viz.recording():
        y = 3 * x
    assert [v.kind for v in read("graph", y).values] == ["leaf", "constant", "loss"] and read("graph", y).recorded


def test_parameters_are_told_from_leaves_and_named_by_their_module():
    model = nn.Linear(2, 1)
    y = (model(tensor([[1.0, 2.0]])) * leaf(2.0).float()).sum()
    kinds = [(v.name, v.kind) for v in read("graph", y, model).values]
    assert {("weight", "parameter"), ("bias", "parameter"), ("", "leaf")} <= set(kinds)


def test_a_recorded_graph_can_be_read_after_backward():
    _, _, y = small()
    before = [v.array.tolist() for v in read("graph", y).values]
    y.backward()
    assert [v.array.tolist() for v in read("graph", y).values] == before


def test_reading_changes_nothing():
    x, _, y = small()
    read("graph", y)
    assert x.grad is None
    y.backward()


def test_an_overwritten_input_is_read_as_it_was():
    x = leaf(1.0, 2.0)
    with viz.recording():
        a = x * 3
        b = a * 2
        a.mul_(5)
        y = (a + b).sum()
    reading = read("graph", y)
    number = {id(v.x): i for i, v in enumerate(reading.values)}
    assert reading.inputs_of(number[id(a)]) == reading.inputs_of(number[id(b)])[:1]
    assert not reading.recorded  # the story of a tells how it was made at first
    y.backward()
    assert next(v for v in reading.values if v.x is x).grad.tolist() == x.grad.tolist()


@pytest.mark.parametrize(
    ("loss", "error", "words"),
    [
        (lambda: 3.0, DtypeError, "graph: loss must be a tensor, got float"),
        (lambda: tensor(3.0), GradientError, "the loss is a constant of shape (), there is no graph behind it\nHint: set"),
        (lambda: leaf(3.0), GradientError, "the loss is a leaf of shape ()"),
        (lambda: leaf(3.0, 1.0).exp(), GradientError, "the loss has shape (2,), only a single number"),
    ],
)  # fmt: skip
def test_what_is_no_loss_is_refused(loss, error, words):
    with pytest.raises(error) as caught:
        read("graph", loss())
    assert words in str(caught.value)


def test_a_freed_graph_is_refused_at_the_loss_and_behind_it():
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = y.sum()
    z.backward()
    for loss in (z, y.log().sum()):
        with pytest.raises(ReleasedGraphError, match="was freed by an earlier backward\nHint: call page before backward"):
            read("page", loss)


def test_a_graph_too_large_to_follow_is_refused_with_its_size():
    x = leaf(1.0)
    y = x
    for _ in range(LARGEST):
        y = y.sin()
    with pytest.raises(ArgumentError, match=rf"the graph has {LARGEST + 1} values, .* more than {LARGEST} .*\nHint: draw one"):
        read("graph", y)
    assert len(read("graph", y.edges[0][0]).values) == LARGEST


def test_an_overwrite_that_backward_would_refuse_is_refused():
    x = leaf(1.0, 2.0)
    a = x * 1
    y = a.exp().sum() + (a * a).sum()
    with viz.recording():
        a.detach().add_(1)
    with pytest.raises(GradientError, match=r"graph: a gradient cannot be followed: mul.*overwritten"):
        read("graph", y)


@pytest.mark.parametrize(("names", "words"), [("w", "got str"), ({"w": 3}, "the item 'w': 3"), ({1: tensor(1.0)}, "the item 1")])
def test_names_must_name_tensors(names, words):
    with pytest.raises(ArgumentError, match="graph: names must be a module or a dict of names to tensors") as caught:
        read("graph", leaf(1.0).exp(), names)
    assert words in str(caught.value)
