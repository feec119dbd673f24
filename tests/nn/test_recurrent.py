import re

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from minigrad.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from tests.ops import cells

T, B, I, M = 5, 3, 4, 2
LENGTHS = [3, 5, 1]
KINDS = [
    (nn.RNN, {}, cells.rnn(np.tanh)), (nn.RNN, {"nonlinearity": "relu"}, cells.rnn(cells.relu)),
    (nn.GRU, {}, cells.gru), (nn.LSTM, {}, cells.lstm), (nn.LSTM, {"proj_size": 1}, cells.lstm),
]  # fmt: skip


def states_of(result):
    return result if isinstance(result, tuple) else (result,)


def inputs(seed=0):
    return np.random.default_rng(seed).normal(size=(T, B, I))


def by_hand(net, x, states, lengths, cell):
    """Run the layers one by one, every sequence alone."""
    ends = []
    for layer in range(net.num_layers):
        outputs = []
        for direction in ("", "_reverse") if net.bidirectional else ("",):
            state = {k.removesuffix(f"_l{layer}{direction}"): p.numpy() for k, p in net.named_parameters() if k.endswith(f"_l{layer}{direction}")}
            w_hr = state.pop("weight_hr", None)
            start = [s[len(ends)] for s in states]
            y, *end = cells.each_alone(cell, x, start, list(state.values()), lengths, direction != "", w_hr)
            outputs.append(y)
            ends.append(end)
        x = np.concatenate(outputs, 2)
    return x, [np.stack(kind) for kind in zip(*ends, strict=True)]


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("shape", [(1, False), (2, True)])
@pytest.mark.parametrize(("kind", "options", "cell"), KINDS)
def test_a_network_is_its_layers_one_above_the_other(kind, options, cell, shape, lengths):
    net = kind(I, M, num_layers=shape[0], bidirectional=shape[1], **options).double()
    x = inputs()
    zeros = [np.zeros(s.shape) for s in states_of(net(Tensor(x))[1])]
    given = [np.random.default_rng(1).normal(size=s.shape) for s in zeros]
    y, last = net(Tensor(x), tuple(map(Tensor, given)) if kind is nn.LSTM else Tensor(given[0]), lengths=lengths)
    expected, ends = by_hand(net, x, given, lengths, cell)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-13)
    np.testing.assert_allclose(net(Tensor(x))[0].numpy(), by_hand(net, x, zeros, None, cell)[0], atol=1e-13)
    for ours, theirs in zip(states_of(last), ends, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-13)


@pytest.mark.parametrize("enforce_sorted", [False, True])
@pytest.mark.parametrize(("kind", "options", "cell"), KINDS)
def test_packing_and_lengths_say_the_same(kind, options, cell, enforce_sorted):
    net = kind(I, M, num_layers=2, bidirectional=True, **options).double()
    lengths = sorted(LENGTHS, reverse=True) if enforce_sorted else LENGTHS
    x = Tensor(inputs())
    hx = tuple(Tensor(np.random.default_rng(i).normal(size=s.shape)) for i, s in enumerate(states_of(net(x)[1])))
    hx = hx if kind is nn.LSTM else hx[0]
    y, last = net(x, hx, lengths=lengths)
    packed, end = net(pack_padded_sequence(x, lengths, enforce_sorted=enforce_sorted), hx)
    assert (packed.sorted_indices is None) == enforce_sorted
    np.testing.assert_allclose(pad_packed_sequence(packed)[0].numpy(), y.numpy(), atol=1e-14)
    for a, b in zip(states_of(end), states_of(last), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-14)


@pytest.mark.parametrize(("kind", "options", "cell"), KINDS)
def test_the_batch_may_come_first_or_be_missing(kind, options, cell):
    net = kind(I, M, bidirectional=True, **options).double()
    x = Tensor(inputs())
    y, last = net(x)
    net.batch_first = True
    z, end = net(x.transpose(0, 1))
    np.testing.assert_array_equal(z.numpy(), y.transpose(0, 1).numpy())
    one, alone = net(x[:, 1], tuple(s[:, 1] * 0 for s in last) if kind is nn.LSTM else last[:, 1] * 0)
    np.testing.assert_allclose(one.numpy(), y.numpy()[:, 1], atol=1e-14)
    for a, b, c in zip(states_of(last), states_of(end), states_of(alone), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        np.testing.assert_allclose(a.numpy()[:, 1], c.numpy(), atol=1e-14)


@pytest.mark.parametrize(("kind", "options", "cell"), KINDS)
def test_padding_leaks_neither_forward_nor_backward(kind, options, cell):
    net = kind(I, M, num_layers=2, bidirectional=True, **options).double()
    x, found = inputs(), []
    for filling in (0.0, np.nan):
        x[np.arange(T)[:, None] >= LENGTHS] = filling
        net.zero_grad()
        given = Tensor(x, requires_grad=True)
        y, last = net(given, lengths=LENGTHS)
        ((y * y).sum() + sum((s * s * s).sum() for s in states_of(last))).backward()
        found.append([y, *states_of(last), given.grad, *(p.grad for p in net.parameters())])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_dropout_comes_between_layers_and_only_in_training():
    minigrad.manual_seed(0)
    net = nn.GRU(I, 50, num_layers=2, dropout=0.5)
    net.weight_hh_l1.data = net.weight_hh_l1 * 0
    x = Tensor(inputs(), dtype="float32")
    assert not np.allclose(net(x)[0].numpy(), net(x)[0].numpy())
    np.testing.assert_array_equal(net(x)[1].numpy()[0], net(x)[1].numpy()[0])  # the first layer has none
    assert net(x)[0].numpy().all()  # and the last layer's output is not dropped
    net.eval()
    np.testing.assert_array_equal(net(x)[0].numpy(), net(x)[0].numpy())
    with pytest.warns(UserWarning, match="LSTM: dropout comes between layers, and there is only one"):
        nn.LSTM(2, 3, dropout=0.5)


def test_all_weights_of_every_kind_get_gradients():
    for kind, options, _ in KINDS:
        net = kind(I, M, num_layers=2, bidirectional=True, **options)
        y, last = net(Tensor(inputs(), dtype="float32"))
        ((y * y).sum() + sum((s * s).sum() for s in states_of(last))).backward()
        assert all(p.grad is not None and p.grad.numpy().any() for p in net.parameters())


def test_parameters_are_named_and_ordered_as_in_pytorch():
    names = [n for n, _ in nn.LSTM(2, 3, 1, bidirectional=True, proj_size=1).named_parameters()]
    one = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"]
    assert names == one + [f"{n}_reverse" for n in one]
    shapes = [p.shape for p in nn.LSTM(2, 3, 2, bias=False, bidirectional=True, proj_size=1).parameters()]
    assert shapes == [(12, 2), (12, 1), (1, 3)] * 4
    assert nn.GRU(7, 3, 2, bidirectional=True).weight_ih_l1.shape == (9, 6)


def test_the_weights_start_uniform_within_their_bound():
    minigrad.manual_seed(0)
    for p in nn.LSTM(50, 25, num_layers=2, proj_size=10).parameters():
        assert 0.17 < np.abs(p.numpy()).max() <= 0.2


def test_a_network_says_what_it_is():
    assert repr(nn.LSTM(2, 3)) == "LSTM(2, 3)"
    net = nn.LSTM(2, 3, 2, False, True, 0.5, True, 1)
    assert repr(net) == "LSTM(2, 3, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, proj_size=1)"


def test_a_network_learns_to_repeat_what_it_read_three_steps_before():
    minigrad.manual_seed(0)
    rng = np.random.default_rng(0)
    net, head = nn.GRU(1, 12), nn.Linear(12, 1)
    optimizer = minigrad.optim.Adam([*net.parameters(), *head.parameters()], lr=0.05)
    marks = (rng.random((12, 32, 1)) < 0.3).astype("float32")
    wanted = Tensor(np.concatenate([np.zeros((3, 32, 1), "float32"), marks[:-3]]))
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(head(net(Tensor(marks))[0]), wanted)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05  # knowing nothing of the past costs 0.5


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.LSTM(2, 0), ArgumentError, "LSTM: hidden_size 0 and num_layers 1 must be at least 1"),
        (lambda: nn.GRU(2, 3, 0), ArgumentError, "GRU: hidden_size 3 and num_layers 0 must be at least 1"),
        (lambda: nn.LSTM(2, 3, proj_size=3), ArgumentError, "LSTM: proj_size must be less than hidden_size = 3, got 3"),
        (lambda: nn.LSTM(2, 3, 2, dropout=1.5), ArgumentError, "LSTM: dropout is a probability and must lie in [0, 1], got 1.5"),
        (lambda: nn.RNN(2, 3, nonlinearity="gelu"), ArgumentError, "RNN: nonlinearity is 'gelu'; use \"tanh\" or \"relu\""),
        (lambda: nn.GRU(2, 3)(minigrad.zeros(4)), ShapeError, "GRU: input has shape (4,), needs (T, B, I), or (T, I) for one"),
        (lambda: nn.GRU(2, 3, batch_first=True)(minigrad.zeros(4, 2), lengths=[4]), ShapeError, "GRU: input has shape (4, 2), needs (B, T, I)"),
        (lambda: nn.GRU(2, 3)(minigrad.zeros(4, 1, 5)), ShapeError, "gru_layer: I is 5 in input but 2 in w_ih"),
        (lambda: nn.GRU(2, 3)(minigrad.zeros(0, 1, 2)), ShapeError, "gru_layer: there is no step to take"),
        (lambda: nn.GRU(2, 3)(minigrad.zeros(4, 5, 2), minigrad.zeros(5, 1, 3)), ShapeError,
         "GRU: h of hx has shape (5, 1, 3), (num_layers · D, B, O) = (1, 5, 3) is needed\nHint: B comes second, even with batch_first=True"),
        (lambda: nn.LSTM(2, 3)(minigrad.zeros(4, 5, 2), (minigrad.zeros(1, 5, 3), minigrad.zeros(1, 5, 2))), ShapeError,
         "LSTM: c of hx has shape (1, 5, 2), (num_layers · D, B, M) = (1, 5, 3) is needed"),
        (lambda: nn.LSTM(2, 3)(minigrad.zeros(4, 5, 2), minigrad.zeros(2, 5, 3)), ArgumentError, "LSTM: hx must be the pair (h, c), got Tensor"),
        (lambda: nn.GRU(2, 3)(minigrad.zeros(4, 5, 2), (minigrad.zeros(1, 5, 3),) * 2), DtypeError, "GRU: h of hx must be a tensor, got tuple"),
        (lambda: nn.GRU(2, 3)([1.0, 2.0]), DtypeError, "GRU: input must be a tensor, got list"),
        (lambda: nn.GRU(2, 3)(minigrad.zeros(4, 2, 2), lengths=[5, 1]), ArgumentError, "gru_layer: lengths holds 5, outside [1, 4]"),
        (lambda: nn.GRU(2, 3)(pack_padded_sequence(minigrad.zeros(4, 1, 2), [4]), lengths=[4]), ArgumentError,
         "GRU: a packed sequence knows its lengths\nHint: leave out lengths="),
        (lambda: nn.GRU(2, 3).double()(minigrad.zeros(4, 2, 2)), DtypeError, "gru_layer: input is float32 but w_ih is float64"),
    ],
)  # fmt: skip
def test_bad_input_is_explained(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
