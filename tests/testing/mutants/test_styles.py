"""What each style of checker can see, on the mistakes that tell them apart."""

import pytest

from minigrad import ops
from minigrad.testing.mutants import Call, load, planted
from minigrad.testing.mutants.styles import STYLES

# who objects: one element, whole gradient, random cotangent, whole Jacobian, minigrad
SEEN = {
    "square-half": (True, True, True, True, True),  # wrong everywhere
    "transpose-square": (False, False, True, True, True),  # ones as cotangent hide it
    "tanh-brackets": (False, False, True, True, True),
    "amax-ties": (False, False, False, False, True),  # needs a tie
    "broadcast-mean": (False, False, False, False, True),  # needs shapes that broadcast
    "matmul-no-transpose": (False, False, False, False, True),  # needs a square matrix
    "dropout-redrawn": (None, True, True, True, True),  # a matter of luck for one element
    "norm-constant-statistics": (False, False, False, False, True),  # right to first order
}


def mutant(name):
    (found,) = [m for m in load() if m.name == name]
    return found


@pytest.mark.parametrize("name", SEEN)
def test_styles_see_what_they_should(name):
    bug = mutant(name)
    with planted(bug):
        objections = [style.objection(bug.example, 0) is not None for style in STYLES]
    assert all(expected in (None, found) for expected, found in zip(SEEN[name], objections, strict=True))


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_nobody_objects_to_a_rule_that_is_right(style):
    assert style.objection(Call(lambda x: ops.softmax(x, -1), ((2, 3),), lambda rng: ((3,),)), 0) is None


def test_an_error_in_backward_is_an_objection():
    def f(x):
        raise ValueError("no")

    assert str(STYLES[0].objection(Call(f, ((2,),)), 0)) == "no"
