"""Streams and events of the GPU, and what refuses to be recorded."""

import pytest

import minigrad
from minigrad import optim
from minigrad.cuda import Event, Stream, current_stream, graph, is_current_stream_capturing, stream
from minigrad.errors import DeviceError
from minigrad.nn import functional as F
from tests.cusim.simcupy import cuda as stand_in


def test_work_goes_into_the_stream_of_the_block(cuda):
    outer, s = current_stream(), Stream()
    with stream(s):
        assert current_stream()._stream is s._stream
        x = minigrad.ones(3, device="cuda") * 2
    assert current_stream()._stream is outer._stream and outer._stream is not s._stream
    s.synchronize()
    assert s.query() and x.tolist() == [2, 2, 2]


def test_a_stream_waits_for_what_the_other_has_been_given(cuda, monkeypatch):
    waits, marks = [], []
    monkeypatch.setattr(stand_in.Stream, "wait_event", lambda self, event: waits.append((self, event)))
    real = stand_in.Event.record
    monkeypatch.setattr(stand_in.Event, "record", lambda self, s=None: (marks.append((s, self)), real(self, s))[1])
    a, b = Stream(), Stream()
    a.wait_stream(b)
    assert waits == [(a._stream, marks[0][1])] and marks[0][0] is b._stream
    event = b.record_event()
    a.wait_event(event)
    assert waits[1] == (a._stream, event._event) and marks[1][0] is b._stream
    with stream(b):
        event.wait()
    assert waits[2] == (b._stream, event._event)


def test_two_events_measure_the_time_between(cuda):
    start, end = Event(enable_timing=True), Event(enable_timing=True)
    start.record()
    minigrad.ones(3, device="cuda").sum()
    end.record(current_stream())
    end.synchronize()
    assert end.query() and 0 < start.elapsed_time(end) < 60e3
    with pytest.raises(DeviceError, match="Event: elapsed_time needs two"):
        start.elapsed_time(Event())


@pytest.mark.parametrize("draw", [
    lambda x: F.dropout(x, 0.5), lambda x: minigrad.rand(3, device="cuda"), lambda x: minigrad.randn(3, device="cuda"),
    lambda x: minigrad.bernoulli(x * 0.5),
])  # fmt: skip
def test_random_numbers_are_not_recorded(cuda, draw):
    x = minigrad.ones(3, device="cuda")
    with pytest.raises(DeviceError, match="random numbers: a recorded graph would draw"), graph(minigrad.cuda.CUDAGraph()):
        assert is_current_stream_capturing()
        draw(x)
    assert not is_current_stream_capturing() and draw(x) is not None


@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW, optim.NAdam, optim.RAdam, optim.Adamax, optim.Adagrad])
def test_a_step_that_depends_on_its_number_is_not_recorded(cuda, kind):
    x = minigrad.ones(3, device="cuda").requires_grad_()
    optimizer = kind([x], lr=0.1)
    x.grad = minigrad.ones(3, device="cuda")
    optimizer.step()
    before = x.tolist()
    with pytest.raises(DeviceError, match=f"{kind.__name__}: a step depends on its number"), graph(minigrad.cuda.CUDAGraph()):
        optimizer.step()
    assert x.tolist() == before and optimizer.state[x]["step"] == 1


@pytest.mark.parametrize("kind", [optim.SGD, optim.RMSprop])
def test_other_steps_are_recorded(cuda, kind):
    x = minigrad.ones(3, device="cuda").requires_grad_()
    optimizer, recorded = kind([x], lr=0.1), minigrad.cuda.CUDAGraph()
    x.grad = minigrad.ones(3, device="cuda")
    optimizer.step()
    with graph(recorded):
        optimizer.step()
    before = x.tolist()
    recorded.replay()
    assert x.tolist() < before
