import contextlib
import threading

import numpy as np

import minigrad
from minigrad import Tensor, enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled


def leaf():
    return Tensor(np.array([1.0]), requires_grad=True)


def test_no_grad_records_nothing_and_enable_grad_records_again():
    with no_grad():
        assert not (leaf() * 2).requires_grad
        with enable_grad():
            assert (leaf() * 2).requires_grad
        assert not (leaf() * 2).requires_grad
    assert (leaf() * 2).requires_grad


def test_an_exception_leaves_the_mode_that_was_there_before():
    with no_grad():
        with contextlib.suppress(ValueError), enable_grad():
            raise ValueError
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_modes_work_as_decorators_and_leave_the_caller_alone():
    @no_grad()
    def frozen():
        return is_grad_enabled()

    assert frozen() is False and is_grad_enabled()


def test_one_object_may_be_entered_again_inside_itself():
    mode = no_grad()
    with mode:
        with mode:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_a_decorated_function_may_run_in_several_threads_at_once():
    barrier = threading.Barrier(2)

    @set_grad_enabled(False)
    def work():
        barrier.wait()
        barrier.wait()
        return is_grad_enabled()

    after = []

    def run():
        work()
        after.append(is_grad_enabled())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert after == [True, True]


def test_an_exception_restores_the_mode():
    try:
        with no_grad():
            raise KeyError
    except KeyError:
        pass
    assert is_grad_enabled()


def test_enable_grad_has_no_effect_in_inference_mode():
    with inference_mode(), enable_grad():
        assert not (leaf() * 2).requires_grad
    assert is_grad_enabled() and minigrad.is_grad_enabled()
