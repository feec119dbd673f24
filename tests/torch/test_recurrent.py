"""Recurrent networks, packing and CTC: the options crossed at random, values, gradients and states as PyTorch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import nn

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

KINDS = [("RNN", {"nonlinearity": "tanh"}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {}), ("LSTM", {}), ("LSTM", {"proj_size": 2})]


def pair(name, args, options):
    """Return our module and PyTorch's with the same weights, moved both ways."""
    theirs, ours = getattr(torch.nn, name)(*args, **options).double(), getattr(nn, name)(*args, **options).double()
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    again = getattr(torch.nn, name)(*args, **options).double()
    again.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in again.named_parameters()]
    return ours, again


def several(state):
    return list(state) if isinstance(state, tuple) else [state]


def both(arrays):
    return [minigrad.tensor(a, requires_grad=True) for a in arrays], [torch.tensor(a, requires_grad=True) for a in arrays]


def compare(ours, theirs, inputs, others, modules=(), seed=0):
    """Compare values, then the gradients of a random sum over all of them."""
    totals = [0, 0]
    for k, (y, e) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_allclose(y.numpy(), e.detach().numpy(), rtol=1e-8, atol=1e-10)
        v = np.random.default_rng([seed, k]).normal(size=y.shape)
        totals = [totals[0] + (y * minigrad.tensor(v)).sum(), totals[1] + (e * torch.tensor(v)).sum()]
    for total in totals:
        total.backward()
    if modules:
        inputs, others = [*inputs, *modules[0].parameters()], [*others, *modules[1].parameters()]
    for a, b in zip(inputs, others, strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-7, atol=1e-9)


@st.composite
def networks(draw):
    name, further = draw(st.sampled_from(KINDS))
    options = {name: draw(st.booleans()) for name in ("bias", "batch_first", "bidirectional")}
    options |= {"num_layers": draw(st.integers(1, 3)), **further}
    T, B, I = (draw(st.integers(1, most)) for most in (5, 4, 3))
    lengths = draw(st.none() | st.lists(st.integers(1, T), min_size=B, max_size=B))
    return name, (I, draw(st.integers(3, 5))), options, (T, B), lengths, draw(st.booleans()), draw(st.integers(0, 2**32))


@given(networks())
def test_networks_agree(problem):
    name, sizes, options, (T, B), lengths, given_state, seed = problem
    modules = pair(name, sizes, options)
    rng, batch_first = np.random.default_rng(seed), options["batch_first"]
    depth = options["num_layers"] * (1 + options["bidirectional"])
    widths = [options.get("proj_size", sizes[1]), sizes[1]][: 1 + (name == "LSTM")]
    arrays = [rng.normal(size=(B, T, sizes[0]) if batch_first else (T, B, sizes[0]))]
    arrays += [rng.normal(size=(depth, B, width)) for width in widths] if given_state else []
    (x, *hx), (z, *other) = both(arrays)
    state, their_state = ((tuple(s) if name == "LSTM" else s[0]) if s else None for s in (hx, other))
    y, last = modules[0](x, state, lengths=lengths)
    if lengths is None:
        e, end = modules[1](z, their_state)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(z, lengths, batch_first, enforce_sorted=False)
        e, end = modules[1](packed, their_state)
        e, _ = torch.nn.utils.rnn.pad_packed_sequence(e, batch_first, total_length=T)
    compare([y, *several(last)], [e, *several(end)], [x, *hx], [z, *other], modules, seed)


@pytest.mark.parametrize(("name", "options"), KINDS)
def test_one_sequence_without_a_batch_agrees(name, options):
    modules = pair(name, (3, 4), {"bidirectional": True, **options})
    (x,), (z,) = both([np.random.default_rng(0).normal(size=(5, 3))])
    (y, last), (e, end) = modules[0](x), modules[1](z)
    compare([y, *several(last)], [e, *several(end)], [x], [z], modules)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("name", "options"), [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("GRUCell", {}), ("LSTMCell", {})])
@pytest.mark.parametrize("shape", [(3,), (5, 3)])
def test_cells_agree(name, options, bias, shape):
    modules = pair(name, (3, 4), {"bias": bias, **options})
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=s) for s in [shape, *[(*shape[:-1], 4)] * (1 + (name == "LSTMCell"))]]
    (x, *hx), (z, *other) = both(arrays)
    ours = several(modules[0](x, tuple(hx) if len(hx) > 1 else hx[0]))
    compare(ours, several(modules[1](z, tuple(other) if len(other) > 1 else other[0])), [x, *hx], [z, *other], modules)


def test_the_lstm_cell_is_pytorchs_function():
    rng = np.random.default_rng(2)
    ours, theirs = both([rng.normal(size=s) for s in [(2, 3), (2, 4), (2, 4), (16, 3), (16, 4), (16,), (16,)]])
    compare(
        minigrad.lstm_cell(ours[0], tuple(ours[1:3]), *ours[3:]), torch.lstm_cell(theirs[0], tuple(theirs[1:3]), *theirs[3:]),
        ours, theirs,
    )  # fmt: skip


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.booleans())
def test_packed_sequences_agree(lengths, batch_first):
    lengths = [n + i * 4 for i, n in enumerate(lengths)][::-1]  # all different: among equals the order is free
    lengths = [lengths[i] for i in np.random.default_rng(len(lengths)).permutation(len(lengths))]
    x = np.random.default_rng(0).normal(size=(max(lengths), len(lengths), 2))
    x = x.swapaxes(0, 1) if batch_first else x
    a, b = nn.utils.rnn, torch.nn.utils.rnn
    ours = a.pack_padded_sequence(minigrad.tensor(x), lengths, batch_first, enforce_sorted=False)
    theirs = b.pack_padded_sequence(torch.tensor(x), lengths, batch_first, enforce_sorted=False)
    for name in ("data", "batch_sizes", "sorted_indices", "unsorted_indices"):
        np.testing.assert_array_equal(getattr(ours, name).numpy(), getattr(theirs, name).numpy())
    options = {"batch_first": batch_first, "padding_value": 3.0, "total_length": max(lengths) + 1}
    for mine, other in zip(a.pad_packed_sequence(ours, **options), b.pad_packed_sequence(theirs, **options), strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    for mine, other in zip(a.unpack_sequence(ours), b.unpack_sequence(theirs), strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    parts = b.unpack_sequence(theirs)
    for side in ("left", "right"):
        mine = a.pad_sequence([minigrad.tensor(p.numpy()) for p in parts], batch_first, 2.0, padding_side=side)
        np.testing.assert_array_equal(mine.numpy(), b.pad_sequence(parts, batch_first, 2.0, padding_side=side).numpy())


@st.composite
def alignments(draw):
    T, B, V = draw(st.integers(1, 12)), draw(st.integers(1, 4)), draw(st.integers(2, 5))
    blank, U = draw(st.integers(0, V - 1)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    counts = rng.integers(0, U + 1, B)
    counts[rng.integers(B)] = U
    targets = rng.integers(0, V - 1, (B, U))
    targets += targets >= blank
    if draw(st.booleans()):
        targets = np.concatenate([row[:n] for row, n in zip(targets, counts, strict=True)])
    options = {"blank": blank, "reduction": draw(st.sampled_from(["none", "mean", "sum"])), "zero_infinity": draw(st.booleans())}
    return rng.normal(size=(T, B, V)), targets, rng.integers(1, T + 1, B), counts, options


@given(alignments())
def test_ctc_agrees(problem):
    """Below log_softmax: see `ops.ctc_loss` for what PyTorch adds to the gradient above it."""
    scores, targets, frames, counts, options = problem
    (x,), (z,) = both([scores])
    y = nn.functional.ctc_loss(x.log_softmax(2), minigrad.tensor(targets), frames.tolist(), minigrad.tensor(counts), **options)
    e = torch.nn.functional.ctc_loss(z.log_softmax(2), torch.tensor(targets), torch.tensor(frames), torch.tensor(counts), **options)
    if np.isfinite(y.numpy()).all():
        compare([y], [e], [x], [z])
    else:
        np.testing.assert_allclose(y.numpy(), e.detach().numpy(), rtol=1e-8)
