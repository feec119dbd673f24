"""Ctrl-C is noted between steps, raised the second time, and left to others outside the block."""

from __future__ import annotations

import signal
import threading

import pytest

from minigrad.train.interrupt import Interrupt


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def test_the_first_ctrl_c_is_noted_and_does_not_raise():
    with Interrupt() as interrupt:
        assert not interrupt.requested
        press_ctrl_c()
        assert interrupt.requested


def test_the_second_ctrl_c_raises_at_once():
    reached = []
    with pytest.raises(KeyboardInterrupt), Interrupt():
        press_ctrl_c()
        reached.append("first")
        press_ctrl_c()
        reached.append("second")
    assert reached == ["first"]


@pytest.mark.parametrize("leave", ["normally", "by an exception"])
def test_the_handler_that_was_there_before_is_put_back(leave):
    heard = []

    def own(number, frame):
        heard.append(number)

    before = signal.signal(signal.SIGINT, own)
    try:
        try:
            with Interrupt():
                press_ctrl_c()
                if leave != "normally":
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert heard == [] and signal.getsignal(signal.SIGINT) is own
        press_ctrl_c()
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_that_may_set_no_handler_gets_none():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with Interrupt() as interrupt:
            seen.append((signal.getsignal(signal.SIGINT), interrupt.requested))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, False)]
