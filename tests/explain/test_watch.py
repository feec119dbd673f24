import gc
import weakref

import minigrad
from minigrad import Tensor, no_grad
from minigrad.explain.watch import source_of, story_of, uses_of, watching
from minigrad.grad_mode import mode


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def test_a_result_remembers_its_line_its_inputs_and_the_call_that_made_it():
    x, c = leaf(1.0, 2.0), Tensor([3.0, 4.0])
    with watching():
        y = x * c
    story = story_of(y)
    assert [source for source, _ in story.edges] == [x, c] or all(a is b for (a, _), b in zip(story.edges, (x, c), strict=True))
    assert story.function is minigrad.mul and story.arguments["input"] is x and story.arguments["other"] is c
    assert y.place.partition(":")[0].endswith("test_watch.py")


def test_nothing_is_remembered_outside_the_block():
    with watching():
        pass
    assert story_of(leaf(1.0) * 2) is None and mode.watcher is None


def test_a_watcher_that_was_there_before_comes_back():
    with watching():
        outer = mode.watcher
        with watching():
            assert mode.watcher is not outer
        assert mode.watcher is outer


def test_an_input_remembers_the_ops_it_went_into_and_whether_backward_came_by():
    x = leaf(1.0)
    with watching():
        y = (x * 2).sum()
        with no_grad():
            x.exp()
        y.backward()
    assert [(use.op, use.recorded, use.passed) for use in uses_of(x)] == [("mul", True, True), ("exp", False, False)]


def test_only_the_last_uses_of_many_are_kept():
    x = leaf(1.0)
    with watching():
        for _ in range(120):
            y = x + 1
    assert len(uses_of(x)) == 50 and y is not None


def test_a_detached_copy_is_traced_to_what_it_was_detached_from():
    x = leaf(1.0)
    with watching():
        z = (x * 2).detach()
        z + 1
    assert source_of(z).op == "mul" and source_of(x) is None


def test_stories_make_no_cycle():
    x = leaf(1.0)
    with watching():
        y = (x * 2).exp()
    dead = weakref.ref(y)
    gc.disable()
    try:
        del y
        assert dead() is None
    finally:
        gc.enable()
