import pytest

from minigrad.errors import ArgumentError, StateError
from minigrad.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LinearLR,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from tests.optim.lr_scheduler.tables import continues, follows, rates, sgd

TABLES = {
    "sequence": (
        lambda o: SequentialLR(o, [LinearLR(o, 0.1, total_iters=3), CosineAnnealingLR(o, 4), ConstantLR(o, 0.5, total_iters=2)], [3, 7]),
        [0.05, 0.2, 0.35, 0.5, 0.4267766953, 0.25, 0.0732233047, 0.25, 0.25, 0.5, 0.5],
    ),
    "product": (
        lambda o: ChainedScheduler([ConstantLR(o, 0.1, total_iters=3), ExponentialLR(o, 0.9)]),
        [0.05, 0.045, 0.0405, 0.3645, 0.32805, 0.295245, 0.2657205],
    ),
    "product above a minimum": (
        lambda o: ChainedScheduler([LinearLR(o, 0.5, total_iters=4), CosineAnnealingLR(o, 6, eta_min=0.1)]),
        [0.25, 0.2982651992, 0.3073269515, 0.2723654068, 0.2056373753, 0.1283054494, 0.1],
    ),
}  # fmt: skip


def nested(o):
    """Return a warm-up followed by two schedules at once: what each part gives is known."""
    both = ChainedScheduler([ExponentialLR(o, 0.5), StepLR(o, 2, gamma=0.1)])
    return SequentialLR(o, [LinearLR(o, 0.25, total_iters=3), both], [3])


@pytest.mark.parametrize("name", TABLES)
def test_the_learning_rate_follows_the_table(name):
    follows(*TABLES[name])


@pytest.mark.parametrize("name", TABLES)
def test_a_saved_combination_continues(name, tmp_path):
    continues(TABLES[name][0], tmp_path / "s.safetensors")


def test_a_sequence_may_hold_a_product(tmp_path):
    wanted = [0.5 * f for f in (0.25, 0.5, 0.75, 1.0, 0.5, 0.25 * 0.1, 0.125 * 0.1, 0.0625 * 0.01)]
    assert rates(nested(sgd()), 8) == pytest.approx(wanted)
    continues(nested, tmp_path / "s.safetensors", epochs=8)


def test_a_product_may_hold_a_sequence():
    def build(o):
        return ChainedScheduler([SequentialLR(o, [ConstantLR(o, 0.5, 9), ExponentialLR(o, 0.1)], [2]), StepLR(o, 3, 0.5)])

    assert rates(build(sgd(1.0)), 5) == pytest.approx([0.5, 0.5, 1.0, 0.05, 0.005])


def test_restarts_and_cycles_begin_when_their_turn_comes():
    def build(o):
        return SequentialLR(o, [ConstantLR(o, 0.5, 9), CosineAnnealingWarmRestarts(o, 2)], [3])

    assert rates(build(sgd(1.0)), 7) == pytest.approx([0.5, 0.5, 0.5, 1.0, 0.5, 1.0, 0.5])

    def cycle(o):
        return SequentialLR(o, [ConstantLR(o, 0.5, 9), OneCycleLR(o, 2.0, total_steps=3, pct_start=0.5, cycle_momentum=False)], [2])

    assert rates(cycle(sgd(1.0)), 5) == pytest.approx([0.5, 0.5, 0.08, 0.75 * 2.0 + 0.25 * 8e-6, 8e-6])


def test_a_combination_goes_to_any_epoch():
    def product(o):
        return ChainedScheduler([ExponentialLR(o, 0.5), ChainedScheduler([StepLR(o, 2), ConstantLR(o, 0.5, 3)])])

    for build in (TABLES["sequence"][0], TABLES["product"][0], nested, product):
        walked, scheduler = rates(build(sgd()), 8), build(sgd())
        for epoch in (6, 2, 5, 0, 3, 7, 4):
            scheduler.step(epoch)
            assert scheduler.get_last_lr() == pytest.approx([walked[epoch]], rel=1e-12, abs=1e-12)


def test_a_sequence_is_continued_after_its_last_epoch():
    build, table = TABLES["sequence"]
    optimizer = sgd()
    rates(build(optimizer), 5)
    fresh = sgd()
    fresh.load_state_dict(optimizer.state_dict())
    schedulers = [LinearLR(fresh, 0.1, total_iters=3), CosineAnnealingLR(fresh, 4), ConstantLR(fresh, 0.5, total_iters=2)]
    assert rates(SequentialLR(fresh, schedulers, [3, 7], last_epoch=4), 6) == pytest.approx(table[5:])


def test_bad_arguments_are_refused():
    o, other = sgd(), sgd()
    a, b = ExponentialLR(o, 0.5), StepLR(o, 3)
    for call, message in (
        (lambda: SequentialLR(o, [], []), "SequentialLR: schedulers is empty, it needs at least one"),
        (lambda: ChainedScheduler([]), "ChainedScheduler: schedulers is empty, it needs at least one"),
        (lambda: SequentialLR(o, [a, b], []), "SequentialLR: 0 milestones for 2 schedules, there must be one less"),
        (lambda: SequentialLR(o, [a, b], [0]), "SequentialLR: milestones[0] is 0, it must be an integer in [1, ∞)"),
        (lambda: SequentialLR(o, [a, b, a], [5, 5]), "SequentialLR: milestones is [5, 5], it must rise"),
        (lambda: ChainedScheduler([a, 0.5]), "ChainedScheduler: schedulers[1], of type float, is not a schedule"),
        (lambda: ChainedScheduler([a, StepLR(other, 3)]), "ChainedScheduler: schedulers[1], of type StepLR, is of another optimizer"),
        (lambda: SequentialLR(other, [a], []), "SequentialLR: schedulers[0], of type ExponentialLR, is of another optimizer"),
        (lambda: ChainedScheduler([ReduceLROnPlateau(o)]),
         "ChainedScheduler: schedulers[0], of type ReduceLROnPlateau, cannot step without a metric\nHint: step it yourself, after this one"),
    ):  # fmt: skip
        with pytest.raises(ArgumentError) as caught:
            call()
        assert str(caught.value) == message


def test_the_state_of_another_combination_is_refused():
    o = sgd()
    one, two = ChainedScheduler([StepLR(o, 3)]), ChainedScheduler([StepLR(o, 3), StepLR(o, 4)])
    with pytest.raises(StateError, match=r"^ChainedScheduler: the state is of 1 schedules, this one has 2$"):
        two.load_state_dict(one.state_dict())
    with pytest.raises(StateError, match="unexpected: step_size"):
        ChainedScheduler([ExponentialLR(o, 0.5)]).load_state_dict(one.state_dict())
