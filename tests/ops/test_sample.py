import numpy as np
import pytest
from scipy import stats

import minigrad
from minigrad import Generator, Tensor, errors, ops
from tests.ops.laws import *

INT = {"dtype": "int64", "low": 1, "high": 5}  # a draw in float32 is another one than in float64: no law on its type


def seeded(op):
    """Return the op with a generator that starts at the same place in every call."""
    return lambda *args, **kwargs: op(*args, generator=Generator(7), **kwargs)


def in_float64(op):
    """Return the op, seeded, on copies of its arguments in float64."""
    return lambda *args: seeded(op)(*(x.double() if isinstance(x, Tensor) else x for x in args))


def scaled(mean, std):
    return mean + std * Generator(7).normal((2, 3), np.dtype("float64"))


PROBABILITY, POSITIVE = {"low": 0.0, "high": 1.0}, {"low": 0.1}

CASES = [
    *[Case(name, seeded(op), None, list(args), differentiable=False) for name, op, args in [
        ("rand", ops.rand, (2, 3)), ("rand", ops.rand, ()), ("rand", ops.rand, (0, 3)), ("randn", ops.randn, (3,)), ("randn", ops.randn, ((2, 3),)),
        ("randint", ops.randint, (5, (2, 3))), ("randint", ops.randint, (-2, 5, (4,))), ("randperm", ops.randperm, (7,)),
        ("randperm", ops.randperm, (0,)), ("randint_like", ops.randint_like, (A(2, 3), 5)), ("bernoulli", ops.bernoulli, (A(2, 3, **PROBABILITY),)),
        ("normal", ops.normal, (0.0, 1.0, (2, 3)))]],
    *[Case("multinomial", seeded(ops.multinomial), None, [A(*shape, **POSITIVE), k, replacement], differentiable=False)
        for shape, k, replacement in [((4,), 3, False), ((2, 4), 6, True)]],
    *[Case("normal", in_float64(ops.normal), scaled, [mean, std], differentiable=False, general=False) for mean, std in [
        (A(2, 3, **INT), A(2, 3, **INT)), (A(2, 1, **INT), A(3, **INT)), (A(2, 3, **INT), 2.0), (-1.5, A(2, 3, **INT))]],
    *[Case(name, in_float64(op), None, [A(2, 3, **INT)], differentiable=False) for name, op in [
        ("rand_like", ops.rand_like), ("randn_like", ops.randn_like), ("uniform_", ops.uniform_), ("normal_", ops.normal_),
        ("bernoulli_", ops.bernoulli_)]],
]  # fmt: skip

N = 20_000
FLOATS = ["float16", "float32", "float64"]


def drawn(op, *args, seed=3, **kwargs):
    return op(*args, generator=Generator(seed), **kwargs).numpy().astype("float64")


def follows(sample, distribution):
    """Say whether a Kolmogorov-Smirnov test finds nothing to object to."""
    return stats.kstest(sample.reshape(-1), distribution).pvalue > 0.001


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_rand_is_uniform_and_randn_normal(kind):
    assert follows(drawn(ops.rand, N, dtype=kind), "uniform")
    assert follows(drawn(ops.randn, N, dtype=kind), "norm")


@pytest.mark.parametrize("kind", FLOATS)
def test_the_values_lie_in_the_range_and_the_type_is_the_one_asked_for(kind):
    x = ops.rand(N, dtype=kind, generator=Generator(1))
    assert x.dtype == kind and x.numpy().min() >= 0 and x.numpy().max() < 1
    assert ops.randn(3, dtype=kind).dtype == ops.rand_like(x).dtype == ops.randn_like(x).dtype == kind


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize(("low", "high"), [(-1, 2), (0, 1e-3), (2.5, 2.5), (1000, 1001)])
def test_uniform_never_reaches_its_upper_bound(kind, low, high):
    x = ops.empty(N, dtype=kind).uniform_(low, high, generator=Generator(2)).numpy()
    assert x.min() >= np.dtype(kind).type(low) and (x.max() < np.dtype(kind).type(high) or low == high)


def test_uniform_and_normal_in_place_follow_their_parameters():
    x = ops.empty(N)
    assert x.uniform_(-3, 5, generator=Generator(4)) is x
    assert follows(x.numpy(), stats.uniform(-3, 8).cdf)
    assert follows(x.normal_(2, 0.5, generator=Generator(4)).numpy(), stats.norm(2, 0.5).cdf)


def test_normal_takes_a_mean_and_a_spread_for_each_element():
    mean, std = ops.tensor([[-5.0], [3.0]], dtype="float64"), ops.tensor([0.1] * N, dtype="float64")
    x = drawn(ops.normal, mean, std)
    assert x.shape == (2, N)
    assert follows(x[0], stats.norm(-5, 0.1).cdf) and follows(x[1], stats.norm(3, 0.1).cdf)


def test_every_integer_of_the_range_is_equally_likely():
    counts = np.bincount(drawn(ops.randint, 2, 9, (N,)).astype(int), minlength=9)
    assert counts[:2].sum() == 0 and stats.chisquare(counts[2:]).pvalue > 0.001
    assert stats.chisquare(np.bincount(drawn(ops.randint_like, ops.zeros(N), 7).astype(int))).pvalue > 0.001


def test_randint_takes_its_arguments_as_in_pytorch():
    calls = [((10, (2,)), {}), ((10,), {"size": (2,)}), ((0, 10, (2,)), {}), ((), {"high": 10, "size": (2,)}), ((), {"low": 0, "high": 10, "size": 2})]
    results = {tuple(seeded(ops.randint)(*args, **kwargs).tolist()) for args, kwargs in calls}
    assert len(results) == 1
    assert ops.randint(3, (2,), dtype="float32").dtype == "float32" and ops.randint(3, (2,)).dtype == "int64"


def test_every_order_of_three_is_equally_likely():
    source = Generator(5)
    orders = [tuple(ops.randperm(3, generator=source).tolist()) for _ in range(3000)]
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6 and stats.chisquare(counts).pvalue > 0.001


def test_bernoulli_draws_ones_with_the_probabilities_given():
    p = np.repeat([0.0, 0.1, 0.5, 0.9, 1.0], N)
    rates = drawn(ops.bernoulli, Tensor(p)).reshape(5, N).mean(1)
    assert rates[0] == 0 and rates[4] == 1
    np.testing.assert_allclose(rates, [0, 0.1, 0.5, 0.9, 1], atol=4 * 0.5 / N**0.5)
    assert abs(drawn(ops.bernoulli, ops.zeros(N), 0.3).mean() - 0.3) < 4 * 0.5 / N**0.5


def test_bernoulli_in_place_takes_a_number_or_a_tensor():
    x = ops.empty(2, N, dtype="int64")
    x.bernoulli_(ops.tensor([[0.2], [1.0]]), generator=Generator(6))
    assert x.dtype == "int64" and x[1].numpy().all() and abs(x[0].numpy().mean() - 0.2) < 0.02
    assert set(ops.empty(100).bernoulli_(0.5).tolist()) == {0, 1}


def test_multinomial_with_replacement_draws_in_proportion_and_never_an_impossible_place():
    w = np.array([0.0, 1.0, 0.0, 3.0, 6.0, 0.0])
    counts = np.bincount(drawn(ops.multinomial, Tensor(w), N, True).astype(int), minlength=6)
    assert counts[w == 0].sum() == 0 and stats.chisquare(counts[w > 0], N * w[w > 0] / w.sum()).pvalue > 0.001


def test_multinomial_without_replacement_draws_the_first_in_proportion_and_none_twice():
    w = np.array([1.0, 0.0, 3.0, 6.0])
    rows = drawn(ops.multinomial, Tensor(np.tile(w, (N, 1))), 3).astype(int)
    assert (np.sort(rows, axis=1) == [0, 2, 3]).all()
    assert stats.chisquare(np.bincount(rows[:, 0])[w > 0], N * w[w > 0] / w.sum()).pvalue > 0.001
    second = rows[rows[:, 0] == 3][:, 1]  # of what is left: 1 to 3
    assert stats.chisquare([np.sum(second == 0), np.sum(second == 2)], len(second) * np.array([0.25, 0.75])).pvalue > 0.001


def test_every_row_of_a_multinomial_has_its_own_weights():
    rows = ops.multinomial(Tensor([[1.0, 0.0], [0.0, 1.0]]), 4, True)
    assert rows.tolist() == [[0] * 4, [1] * 4] and rows.dtype == "int64"


DRAWS = {
    "rand": lambda **k: ops.rand(5, **k), "randn": lambda **k: ops.randn(5, **k), "randint": lambda **k: ops.randint(99, (5,), **k),
    "randperm": lambda **k: ops.randperm(9, **k), "bernoulli": lambda **k: ops.bernoulli(ops.full((40,), 0.5), **k),
    "normal": lambda **k: ops.normal(0, 1, (5,), **k), "uniform_": lambda **k: ops.empty(5).uniform_(**k), "normal_": lambda **k: ops.empty(5).normal_(**k),
    "bernoulli_": lambda **k: ops.empty(40).bernoulli_(**k), "multinomial": lambda **k: ops.multinomial(ops.ones(20), 9, **k),
    "rand_like": lambda **k: ops.rand_like(ops.ones(5), **k), "randint_like": lambda **k: ops.randint_like(ops.ones(5), 99, **k),
}  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_seed_reproduces_the_draw_and_the_next_draw_differs(draw):
    minigrad.manual_seed(11)
    first, second = draw().tolist(), draw().tolist()
    minigrad.manual_seed(11)
    assert draw().tolist() == first and first != second
    source = Generator(11)
    assert draw(generator=source).tolist() == first and draw(generator=source).tolist() == second


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    minigrad.manual_seed(11)
    before = minigrad.get_rng_state()
    for draw in DRAWS.values():
        draw(generator=Generator(1))
    assert minigrad.get_rng_state() == before


def test_the_state_can_be_stored_and_put_back():
    minigrad.manual_seed(11)
    ops.rand(3)
    state = minigrad.get_rng_state()
    first = ops.randn(4).tolist()
    minigrad.set_rng_state(state)
    assert ops.randn(4).tolist() == first


def test_a_draw_can_start_a_history_but_has_none():
    assert ops.rand(2, requires_grad=True).is_leaf and ops.randn(2, requires_grad=True).requires_grad
    assert not ops.normal(Tensor([0.0], requires_grad=True), 1.0).requires_grad


def test_filling_a_parameter_needs_no_grad_and_is_noticed_by_backward():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    with pytest.raises(errors.InPlaceError):
        x.normal_()
    with minigrad.no_grad():
        x.uniform_()
    with pytest.raises(errors.InPlaceError, match="uniform_"):
        y.backward()


def test_the_size_may_be_given_by_keyword():
    assert ops.rand(size=(2, 3)).shape == ops.randn(size=[2, 3]).shape == (2, 3)


P, ONES = ops.tensor([0.5]), ops.ones(2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.rand(2, dtype=int), errors.DtypeError, "rand: draws real numbers, which int64 cannot hold\nHint"),
        (lambda: ops.randn(2, dtype="bool"), errors.DtypeError, "randn: draws real numbers"),
        (lambda: ops.rand(-1), errors.ShapeError, "rand: sizes must not be negative"),
        (lambda: ops.randint(5, 1, (2,)), errors.ArgumentError, r"randint: the range \[5, 1\) is empty"),
        (lambda: ops.randint(5), errors.ArgumentError, "randint: needs a size\nHint"),
        (lambda: ops.randint(2, 5), errors.ArgumentError, "randint: needs a size"),
        (lambda: ops.randint(0, 2**60, (2,)), errors.ArgumentError, "wider than 2"),
        (lambda: ops.randperm(-1), errors.ShapeError, r"randperm: sizes must not be negative, got \(-1,\)"),
        (lambda: ops.rand_like(ops.arange(3)), errors.DtypeError, "rand: draws real numbers, which int64"),
        (lambda: ops.bernoulli(P * 3), errors.ArgumentError, r"bernoulli: probabilities must lie in \[0, 1\]"),
        (lambda: ops.bernoulli(P * np.nan), errors.ArgumentError, "or NaN"),
        (lambda: ops.bernoulli(ops.arange(2)), errors.DtypeError, "bernoulli: needs probabilities in a floating tensor, got int64"),
        (lambda: ops.empty(2).bernoulli_(1.5), errors.ArgumentError, "bernoulli: probabilities"),
        (lambda: ops.normal(0.0, 1.0), errors.ArgumentError, "normal: two numbers do not say how many to draw\nHint: pass size="),
        (lambda: ops.normal(0.0, -1.0, (2,)), errors.ArgumentError, "normal: std must not be negative, got -1.0"),
        (lambda: ops.normal(0.0, P - 1), errors.ArgumentError, r"normal: std must not be negative, got tensor\(\[-0.5\]\)"),
        (lambda: ops.normal(0.0, np.nan, (2,)), errors.ArgumentError, "got nan"),
        (lambda: ops.normal(ops.zeros(2), ops.ones(3)), errors.ShapeError, "normal: shapes"),
        (lambda: ops.normal(ops.arange(2), 1.0), errors.DtypeError, "normal: draws real numbers, which int64"),
        (lambda: ops.empty(2).uniform_(2, 1), errors.ArgumentError, r"uniform_: the range \[2, 1\) is empty"),
        (lambda: ops.empty(2).uniform_(-1e300, 1e300), errors.ArgumentError, "or wider than float32 can hold"),
        (lambda: ops.arange(2).uniform_(), errors.DtypeError, "uniform_: draws real numbers"),
        (lambda: ops.arange(2).normal_(), errors.DtypeError, "normal_: draws real numbers"),
        (lambda: ops.empty(2).normal_(0, -1), errors.ArgumentError, "std must not be negative"),
        (lambda: ops.multinomial(ops.zeros(2), 1, True), errors.ArgumentError, "multinomial: cannot draw 1 places with replacement, a row has 0"),
        (lambda: ops.multinomial(ONES, 3), errors.ArgumentError, "cannot draw 3 places without replacement, a row has 2 weights above 0"),
        (lambda: ops.multinomial(ops.tensor([0.0, 1.0]), 2), errors.ArgumentError, "a row has 1 weights above 0"),
        (lambda: ops.multinomial(ONES, 0), errors.ArgumentError, "cannot draw 0 places"),
        (lambda: ops.multinomial(-ONES, 1), errors.ArgumentError, "weights must be finite and not negative"),
        (lambda: ops.multinomial(ONES * np.inf, 1), errors.ArgumentError, "weights must be finite"),
        (lambda: ops.multinomial(ops.arange(3), 1), errors.ShapeError, "multinomial: needs floating weights .* got int64"),
        (lambda: ops.multinomial(ops.ones(2, 2, 2), 1), errors.ShapeError, r"multinomial: needs floating weights of shape \(n\) or \(m, n\)"),
    ],
)
def test_parameters_outside_their_range_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
