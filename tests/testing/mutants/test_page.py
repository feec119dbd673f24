from pathlib import Path

import pytest

from minigrad.testing.mutants import load, page
from minigrad.testing.mutants.page import Row, false_alarms, measure, only_gradients, residents, table, verdict, write
from minigrad.testing.mutants.styles import STYLES, Style

ROOT = Path(__file__).parents[3]


def named(*names):
    return [m for m in load() if m.name in names]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("softmax-no-sum", True), ("broadcast-not-undone", True), ("gelu-rounded-constant", False), ("adam-uncorrected", False)],
)
def test_a_gradient_checker_can_see_what_changes_a_gradient_and_no_value(name, expected):
    assert only_gradients(*named(name)) is expected


def test_shares_are_counted_over_seeds_and_false_alarms_over_rules():
    odd = Style("odd", lambda call, seed: [][seed] if seed % 2 else None)
    rows = measure(named("square-half", "adam-uncorrected"), [odd], seeds=4)
    assert [(row.mutant.name, row.caught) for row in rows] == [("square-half", (0.5,))]
    assert false_alarms(rows, [odd], seeds=4) == [1] and false_alarms(rows, [odd], seeds=1) == [0]


@pytest.mark.slow
def test_our_checker_misses_no_wrong_rule_and_objects_to_none_that_is_right():
    ours = STYLES[-1:]
    rows = measure(load(), ours, seeds=1)
    assert len(rows) > 100 and [row.mutant.name for row in rows if not row.caught[0]] == []
    assert false_alarms(rows, ours, seeds=1) == [0]


def test_the_table_has_a_line_per_law_one_for_all_and_one_for_false_alarms():
    (square,), (ties,) = named("square-half"), named("amax-ties")
    styles = [Style("a", lambda call, seed: None), Style("b", lambda call, seed: None)]
    lines = table([Row(square, (1.0, 0.0)), Row(ties, (0.0, 0.0))], [0, 3], styles).split("\n")
    assert lines[0] == "| law that it takes | mutants | a | b |" and lines[1] == "| --- | ---: | ---: | ---: |"
    assert lines[2] == f"| {square.law} | 1 | 100 % | 0 % |"
    assert lines[-2:] == ["| **all** | 2 | **50 %** | **0 %** |", "| false alarms | 2 | 0 | 3 |"]


def test_residents_are_listed_by_family_with_their_specimens():
    text = residents(named("softmax-mean", "amax-ties"))
    assert text.startswith("### Softmax\n\n- `softmax-mean` in `softmax`: a mean where") and "### Reductions" in text


def test_a_verdict_shows_the_change_and_what_is_said_about_it():
    text = verdict(named("square-half")[0], lambda call, seed: ValueError("half of what it should be"))
    assert "```diff\n- dy * (2 * x)\n+ dy * x\n```" in text and "half of what it should be" in text


def test_the_page_is_written_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "page", lambda mutants, held_out: f"{len(mutants)} live here\n")
    path = write(str(tmp_path / "zoo" / "README.md"), named("square-half"))
    assert path.read_text() == "1 live here\n"


def test_the_page_in_the_repository_knows_every_mutant():
    text = (ROOT / "tutorials" / "zoo" / "README.md").read_text(encoding="utf-8")
    assert [m.name for m in load() if f"`{m.name}`" not in text] == []


def test_mistakes_that_nobody_tuned_to_are_reported_apart(monkeypatch):
    monkeypatch.setattr(page, "SHOWN", ())
    text = page.page(named("square-half"), named("exp-by-input"))
    assert text.index("holds 1 mistakes") < text.index("## The same for mistakes that nobody tuned to") < text.index("holds 1 wrong rules")
