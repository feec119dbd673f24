"""The builder of the lessons, on small pages made here."""

import io

import pytest
from PIL import Image

from tutorials.build import (
    FREE,
    Line,
    PageError,
    cells,
    differences,
    main,
    publish,
    run_page,
    tolerance_of,
)

TEXT = "# %% [markdown]\n# # A title\n#\n# Some text.\n\n"
DRAW = "import matplotlib.pyplot as plt\nfigure, axis = plt.subplots()\n"


@pytest.fixture
def page(tmp_path):
    """Return a function that writes a page of this text and returns its path."""

    def write(text, name="page.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def published(path):
    return path.with_suffix(".md").read_text(encoding="utf-8")


def test_text_loses_its_comment_signs_and_code_is_fenced(page):
    path = page(TEXT + "# %%\nx = 1\n")
    assert publish(path, checking=False).status == "written"
    assert published(path) == "# A title\n\nSome text.\n\n```python\nx = 1\n```\n"


def test_what_a_cell_prints_stands_below_it(page):
    assert run_page(page("# %%\nprint('one')\nprint('two')\n")).text.endswith("```\n\n```text\none\ntwo\n```\n")


def test_output_without_a_last_newline_is_kept(page):
    assert "```text\nhalf a line\n```" in run_page(page("# %%\nprint('half a line', end='')\n")).text


def test_the_value_of_the_last_line_is_shown(page):
    assert "```text\n[1, 2]\n```" in run_page(page("# %%\nx = [1, 2]\nx\n")).text


def test_none_and_expressions_on_earlier_lines_are_not_shown(page):
    assert "text" not in run_page(page("# %%\n[3]\nNone\n")).text


def test_cells_share_one_namespace(page):
    assert "```text\n5\n```" in run_page(page("# %%\nx = 2\n\n" + TEXT + "# %%\nx + 3\n")).text


def test_the_namespace_is_a_module_that_dataclasses_and_inspect_find(page):
    code = (
        "# %%\nfrom dataclasses import dataclass\n\n\n@dataclass\nclass A:\n    x: 'int'\n\n\n"
        "# %%\nimport inspect\nprint(A(1), inspect.getsource(A).count('x'))\n"
    )
    assert "A(x=1) 1" in run_page(page(code)).text


def test_code_keeps_the_line_numbers_of_its_page(page):
    code = TEXT + "# %%\n\n\ndef f():\n    pass\n\n\nf.__code__.co_firstlineno\n"
    assert "```text\n9\n```" in run_page(page(code)).text


def test_a_figure_becomes_a_small_picture_with_its_label(page, tmp_path):
    path = page("# %%\n" + DRAW + "figure.set_label('A rising line')\naxis.plot([1, 2])\n")
    publish(path, checking=False)
    assert published(path).endswith("```\n\n![A rising line](page_files/1.png)\n")
    data = (tmp_path / "page_files" / "1.png").read_bytes()
    assert Image.open(io.BytesIO(data)).size == (660, 352)
    assert len(data) < 40_000


def test_the_value_of_a_cell_that_draws_is_not_shown(page):
    assert "```text" not in run_page(page("# %%\n" + DRAW + "figure.set_label('x')\naxis.plot([1, 2])\n")).text


def test_a_figure_without_alternative_text_is_refused(page):
    outcome = publish(page("# %%\n" + DRAW), checking=False)
    assert outcome.status == "failed"
    assert outcome.message == "a figure has no alternative text: say what is seen with figure.set_label(...)"


def test_pictures_that_a_page_no_longer_has_are_removed(page, tmp_path):
    path = page("# %%\nfor i in range(2):\n    " + DRAW.replace("\n", "\n    ") + "figure.set_label(f'{i}')\n")
    publish(path, checking=False)
    assert len(list((tmp_path / "page_files").iterdir())) == 2
    publish(page("# %%\n" + DRAW + "figure.set_label('one')\n"), checking=False)
    assert [p.name for p in (tmp_path / "page_files").iterdir()] == ["1.png"]


def test_what_was_just_written_passes_the_check(page):
    path = page(TEXT + "# %%\n" + DRAW + "figure.set_label('axes')\nprint(1 / 3)\n")
    publish(path, checking=False)
    assert publish(path, checking=True)[1] == "same"


def test_a_page_that_was_never_published_fails_the_check(page):
    message = publish(page(TEXT), checking=True).message
    assert message == "page.md does not exist; write it with: python tutorials/build.py page.py"


def test_a_check_shows_the_lines_that_differ_and_writes_nothing(page):
    path = page("# %%\nprint('same')\nprint('new')\n")
    publish(path, checking=False)
    path.with_suffix(".md").write_text(published(path).replace("same\nnew", "same\nold"), encoding="utf-8")
    outcome = publish(path, checking=True)
    assert outcome.status == "failed"
    assert "\n same\n-old\n+new\n" in outcome.message
    assert "old" in published(path)


def test_a_changed_text_or_code_fails_the_check(page):
    publish(page(TEXT), checking=False)
    assert "+Other text." in publish(page(TEXT.replace("Some", "Other")), checking=True).message


def test_a_missing_picture_and_a_blank_one_fail_the_check(page, tmp_path):
    path = page("# %%\n" + DRAW + "figure.set_label('axes')\n")
    publish(path, checking=False)
    picture = tmp_path / "page_files" / "1.png"
    Image.new("RGB", (660, 352), "white").save(picture)
    assert publish(path, checking=True).message == "page_files/1.png is blank"
    picture.write_text("no picture", encoding="utf-8")
    assert publish(path, checking=True).message == "page_files/1.png is blank"
    picture.unlink()
    assert publish(path, checking=True).message == "page_files/1.png does not exist"


@pytest.mark.parametrize(
    ("source", "tolerance"),
    [("print(x)", None), ("print(x)  # ~", 0.05), ("print(x)  # ~ 30%", 0.3), ("f()  # ~ any", float("inf")), ("f()  # ~ free", FREE)],
)
def test_the_mark_of_a_statement_says_how_far_its_numbers_may_be_off(source, tolerance):
    assert tolerance_of(source) == tolerance


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "same"),
    [
        ("loss 1.00", "loss 1.04", 0.05, True),
        ("loss 1.00", "loss 1.06", 0.05, False),
        ("loss 1.00", "loss 1.04", None, False),
        ("loss 1.00", "cost 1.00", 0.05, False),
        ("took   9.9 s", "took 123.4 s", float("inf"), True),
        ("-1.0 and 1e-3", "1.0 and 1e-3", 0.05, False),
        ("3 of 1,000", "3 of 1,010", 0.05, True),
        ("x1 = 2", "x2 = 2", float("inf"), False),
        ("1 2", "1 2 3", float("inf"), False),
        ("anna bob", "clara", FREE, True),
    ],
)
def test_numbers_of_marked_lines_may_be_close_and_the_words_around_them_may_not(old, new, tolerance, same):
    assert (differences(["before", old, "after"], [Line("before"), Line(new, tolerance), Line("after")]) == []) is same


def test_a_line_that_may_say_anything_does_not_excuse_the_one_beside_it():
    diff = differences(["a", "one", "two", "z"], [Line("a"), Line("free", FREE), Line("three"), Line("z")])
    assert [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")] == ["-two", "+three"]


def test_a_line_more_that_may_say_anything_is_still_a_line_more():
    diff = differences(["a", "one"], [Line("a"), Line("free", FREE), Line("free", FREE)])
    assert [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")] == ["-one", "+free", "+free"]


def test_close_numbers_are_accepted_beside_lines_that_were_added(page):
    diff = differences(["a 1.00", "z"], [Line("new"), Line("a 1.01", 0.05), Line("z")])
    assert [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")] == ["+new"]


def test_a_page_whose_weights_are_missing_is_skipped_by_a_check_with_the_reason(page):
    code = "# %%\nfrom minigrad.errors import DataError\nraise DataError('g2p: not fetched\\nHint: fetch it')\n"
    assert publish(page(code), checking=True)[1::2] == ("skipped", "g2p: not fetched")
    assert publish(page(code), checking=False).status == "failed"


def test_an_error_in_a_page_is_told_with_its_line(page):
    outcome = publish(page(TEXT + "# %%\nx = 1\n1 / 0\n"), checking=False)
    assert outcome.status == "failed"
    assert 'page.py", line 8' in outcome.message
    assert "ZeroDivisionError" in outcome.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n# %%\n", 'line 1: a page begins with "# %%" or "# %% [markdown]", got \'x = 1\''),
        ("# %% [raw]\n", 'line 1: a cell opens with "# %%" or "# %% [markdown]", got "# %% [raw]"'),
    ],
)
def test_a_page_that_is_not_in_cells_is_refused(text, message):
    with pytest.raises(PageError) as error:
        cells(text)
    assert str(error.value) == message


def test_text_outside_comments_is_refused(page):
    outcome = publish(page("# %% [markdown]\n# fine\nnot fine\n"), checking=False)
    assert outcome.message == "after line 1: text stands in comments, got 'not fine'"


def test_the_command_runs_each_page_in_a_process_of_its_own_and_counts_failures(page, capsys):
    one = page("# %%\nimport sys\nsys.leak = 1\n", "one.py")
    two = page("# %%\nimport sys\nprint(hasattr(sys, 'leak'))\n", "two.py")
    bad = page("# %%\nimport os\nos._exit(3)\n", "bad.py")
    assert main(["-j", "2", str(one), str(two), str(bad)]) == 1
    assert "False" in published(two)
    said = capsys.readouterr().out
    assert [line.split()[:2] for line in said.splitlines() if line[0] != " "] == [
        ["written", "one"], ["written", "two"], ["failed", "bad"]
    ]  # fmt: skip
    assert "BrokenProcessPool" in said


def test_a_page_that_does_not_exist_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path / "none.py")])
    assert "no such page" in capsys.readouterr().err
