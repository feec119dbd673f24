"""gradcheck and gradgradcheck pass right rules and report wrong ones: the input, the element, and both values."""


import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from minigrad.autograd import record
from minigrad.errors import GradientError
from minigrad.testing import GradcheckError, GradReport, gradcheck, gradgradcheck

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(3, 3))
ROWS = RNG.normal(size=(2, 5))


def report(check, f, *inputs, **options):
    """Return what the check says about a wrong rule: the input by number, the worst element, both values."""
    with pytest.raises(GradcheckError) as error:
        check(f, *inputs, **options)
    found = error.value.report
    assert found.check == check.__name__ and found.kind == "value" and str(error.value).startswith(f"{check.__name__}: ")
    worst = found.entries[0]
    assert f"backward says {worst.backward:.10g}, differences say {worst.differences:.10g} ± " in found.sentence
    return [c.name for c in found.covered].index(worst.name), worst.index, worst.backward, worst.differences


def twice_too_large(x):
    return record("exp", np.exp(x.array), (x, lambda dy, y: 2 * dy * y))


def transposed_on_a_square(a, b):
    """A matrix product whose rule for `a` forgets that b is transposed: right in shape only because b is square."""
    return record("mm", a.array @ b.array, (a, lambda dy, _: dy @ b), (b, lambda dy, _: a.t() @ dy))


def ones_back(x):
    """A rule that ignores what comes in: right for a sum of all outputs, wrong for anything else."""
    return record("ones", x.array * 1, (x, lambda dy, _: minigrad.ones(dy.shape, dtype="float64")))


def softmax_of(x):
    e = np.exp(x.array - x.array.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_without_the_mean(x):
    return record("softmax", softmax_of(x), (x, lambda dy, y: y * dy))


def reversed_gradient(x):
    return record("flipped", x.array * 3, (x, lambda dy, _: dy.flip(0) * 3))


def sign_lost(x, y):
    return record("sub", x.array - y.array, (x, lambda dz, _: dz), (y, lambda dz, _: dz))


def statistics_as_constants(x):
    """Layer norm whose rule is right to first order, but takes the spread as a constant when it is differentiated."""

    def d_x(dy, _):
        centered = x - x.mean(-1, keepdim=True)
        spread = ((centered * centered).mean(-1, keepdim=True) + 1e-5).sqrt().detach()
        y = centered / spread
        return (dy - dy.mean(-1, keepdim=True) - y * (dy * y).mean(-1, keepdim=True)) / spread

    centered = x.array - x.array.mean(-1, keepdims=True)
    return record("layer_norm", centered / np.sqrt((centered**2).mean(-1, keepdims=True) + 1e-5), (x, d_x))


def detached_rule(x):
    """A square whose rule has the right value and no history."""
    return record("square", x.array**2, (x, lambda dy, _: dy * (2 * x).detach()))


def cotangent_detached(x):
    return record("tripled", x.array * 3, (x, lambda dy, _: dy.detach() * 3))


RIGHT = {
    "exp": (lambda x: x.exp(), [ROWS]),
    "product": (lambda a, b: a @ b, [MATRIX, MATRIX + 1]),
    "broadcast": (lambda a, b: a * b, [ROWS, RNG.normal(size=5)]),
    "softmax": (lambda x: x.softmax(-1), [ROWS]),
    "several outputs": (lambda x: (x.sin(), x.sum(0) * x[0]), [ROWS]),
    "outputs as a list, one of them integers": (lambda x: [x * x, x.argmax(-1), x.mean()], [ROWS]),
    "a number": (lambda x: x * x * x, [np.array(1.5)]),
    "a Python number": (lambda x: x.tanh(), [0.3]),
    "empty": (lambda x: x * x, [np.zeros((0, 3))]),
    "an unused input": (lambda x, y: x.cos(), [ROWS, MATRIX]),
    "linear": (lambda x: 3 * x, [ROWS]),
}


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize("name", RIGHT)
def test_right_rules_pass(check, name):
    f, inputs = RIGHT[name]
    found = check(f, *inputs)
    assert isinstance(found, GradReport) and found


def test_a_factor_of_two_is_reported_with_both_values():
    x = np.array([[0.1, 0.2], [0.3, 0.4]])
    which, at, got, expected = report(gradcheck, twice_too_large, x)
    assert which == 0 and got == pytest.approx(2 * expected, rel=1e-8)
    assert abs(expected) in [pytest.approx(k * np.exp(x[at])) for k in (1, 2, 3)]  # a cotangent times the slope


def test_a_transposed_factor_is_reported_though_the_shapes_agree():
    which, _, got, expected = report(gradcheck, transposed_on_a_square, MATRIX, MATRIX + 1)
    assert which == 0 and got != pytest.approx(expected)


def test_a_transposed_factor_cannot_be_seen_on_a_symmetric_one():
    symmetric = MATRIX + MATRIX.T
    assert gradcheck(lambda a: transposed_on_a_square(a, Tensor(symmetric)), MATRIX)


def test_a_rule_that_ignores_what_comes_in_is_reported():
    which, _, got, expected = report(gradcheck, ones_back, ROWS)
    assert which == 0 and got == 1 and round(expected) in (-3, -2, -1, 2, 3)  # the cotangent itself


def test_softmax_without_the_mean_term_is_reported():
    which, _, got, expected = report(gradcheck, softmax_without_the_mean, ROWS)
    assert which == 0 and got != pytest.approx(expected)


def test_a_permuted_gradient_is_reported():
    report(gradcheck, reversed_gradient, np.linspace(1, 2, 7))


def test_the_input_that_is_wrong_is_the_one_that_is_named():
    which, _, got, expected = report(gradcheck, sign_lost, ROWS, ROWS + 1)
    assert which == 1 and got == pytest.approx(-expected)


def test_a_single_wrong_element_is_found_and_counted():
    def f(x):
        factor = np.ones((2, 5))
        factor[1, 3] = 1.001
        return record("almost", x.array * 1, (x, lambda dy, _: dy * Tensor(factor)))

    with pytest.raises(GradcheckError, match=r"gradcheck: x\[1, 3\], shape \(2, 5\): .*; 1 of 10 elements are wrong"):
        gradcheck(f, ROWS)


def test_a_nan_or_an_infinity_from_a_rule_is_reported():
    for value in (np.nan, np.inf):
        with pytest.raises(GradientError, match=f"backward says {value}"):
            gradcheck(lambda x, value=value: record("bad", x.array * 1, (x, lambda dy, _: dy * value)), ROWS)


def test_a_missing_history_is_reported_as_a_gradient_of_zero():
    _, _, got, expected = report(gradcheck, lambda x: x.detach() * 2, ROWS)
    assert got == 0 and abs(expected) >= 2


def test_statistics_taken_as_constants_pass_to_first_order_and_are_reported_to_second():
    assert gradcheck(statistics_as_constants, ROWS)
    which, _, got, expected = report(gradgradcheck, statistics_as_constants, ROWS)
    assert which == 0 and got != pytest.approx(expected, rel=1e-3)


def test_a_rule_without_a_history_is_reported_to_second_order():
    assert gradcheck(detached_rule, ROWS)
    which, _, got, expected = report(gradgradcheck, detached_rule, ROWS)
    assert which == 0 and got == 0 and expected != 0


def test_a_lost_cotangent_is_reported_as_a_further_input():
    assert gradcheck(cotangent_detached, ROWS)
    which, _, got, expected = report(gradgradcheck, cotangent_detached, ROWS)
    assert which == 1 and got == 0 and round(abs(expected), 6) in (3, 6, 9)  # a direction times the slope


def test_a_wrong_rule_of_a_later_output_is_reported():
    report(gradcheck, lambda x: (x * 2, twice_too_large(x)), ROWS)


def test_the_cotangent_is_random_so_that_errors_that_sum_to_zero_show():
    """The gradient of Σ softmax is 0, and so is that of this wrong rule."""
    for seed in range(5):
        with pytest.raises(GradientError):
            gradcheck(lambda x: record("softmax", softmax_of(x), (x, lambda dy, _: dy * 0)), ROWS, seed=seed)


def test_the_seed_repeats_the_cotangent():
    def values(seed):
        with pytest.raises(GradientError) as error:
            gradcheck(twice_too_large, ROWS, seed=seed)
        return str(error.value)

    assert values(3) == values(3)
    assert len({values(seed) for seed in range(6)}) > 1


def test_tolerances_are_those_that_are_asked_for():
    def slightly_off(x):
        return record("off", x.array * 1, (x, lambda dy, _: dy * (1 + 1e-4)))

    with pytest.raises(GradientError):
        gradcheck(slightly_off, ROWS)
    assert gradcheck(slightly_off, ROWS, rtol=1e-3)
    assert gradcheck(slightly_off, ROWS, rtol=0, atol=1e-3)
    assert gradgradcheck(slightly_off, ROWS, rtol=1e-3)


def test_the_step_moves_the_points_that_differences_look_at():
    wiggle = np.array([0.25])
    seen = []

    def f(x):
        seen.append(float(x.array[0]))
        return x * x * x

    assert gradcheck(f, wiggle, step=0.125) and max(seen) == 0.375
    assert gradcheck(lambda x: x.relu(), wiggle, step=1.0)  # a step that reaches over the kink shrinks


def test_inputs_are_computed_in_double_precision_and_left_as_they_were():
    x = Tensor(np.linspace(0, 1, 3, dtype="float32"), requires_grad=True)
    seen = []

    def f(z):
        seen.append(z.dtype)
        return z * z

    assert gradcheck(f, x) and gradgradcheck(f, x)
    assert set(seen) == {np.dtype("float64")} and x.grad is None and x.dtype == minigrad.float32


def test_a_rule_that_raises_to_second_order_only_is_seen_by_gradgradcheck_only():
    def once(x):
        def d_x(dy, _):
            if dy.requires_grad:
                raise NotImplementedError("no second derivative")
            return dy * 2

        return record("once", x.array * 2, (x, d_x))

    assert gradcheck(once, ROWS)
    with pytest.raises(GradcheckError, match="NotImplementedError: no second derivative"):
        gradgradcheck(once, ROWS)
