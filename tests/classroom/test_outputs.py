import json
from xml.etree import ElementTree

import pytest

from minigrad.classroom import outputs
from minigrad.classroom.grade import grade


@pytest.fixture(scope="module")
def found(assignment):
    source = assignment.solution.replace("2.0 * dy", "1.0 * dy").replace("sum(x.reshape(-1)) * 1.0", "x.mean()")
    return grade(assignment, source + "\nimport torch\n", "alice <&>", b"secret")


def test_gradescope_gets_points_status_and_visibility(found):
    result = outputs.gradescope(found)
    json.dumps(result)
    tests = result["tests"]
    assert [t["score"] for t in tests[:4]] == [0.0, 0.0, 2.0, 0.0] and result["score"] == 2.0
    assert [t["status"] for t in tests[:4]] == ["failed", "failed", "passed", "failed"]
    assert [t["visibility"] for t in tests] == ["visible", "after_due_date", "visible", "after_due_date", "hidden"]
    assert result["stdout_visibility"] == "hidden" and result["extra_data"]["mistakes"] == {"square_backward": "half", "total": "mean"}


def test_a_hidden_failure_shows_no_input(found):
    tests = outputs.gradescope(found)["tests"]
    assert "import ops" in tests[0]["output"] and "A known mistake: the factor 2 is missing." in tests[0]["output"]
    assert tests[3]["output"] == "wrong on an example that is not shown\nA known mistake: the mean is taken."


def test_notes_are_for_instructors_only(found):
    last = outputs.gradescope(found)["tests"][-1]
    assert "imports torch" in last["output"] and last["visibility"] == "hidden"


def test_before_grading_ends_there_is_a_result_that_gives_nothing():
    assert outputs.pessimistic("Wait.")["score"] == 0.0


def test_plain_json_has_everything(found):
    result = json.loads(json.dumps(outputs.plain(found)))
    assert result["score"] == 2.0 and result["total"] == 6.0 and result["mistakes"]["total"] == "mean"
    assert result["results"][0]["codes"] and result["notes"]


def test_junit_is_xml_even_with_strange_names(found):
    root = ElementTree.fromstring(outputs.junit([found, found]))
    suite = root[0]
    assert suite.get("name") == "b1_squares alice <&>" and suite.get("failures") == "3" and len(root) == 2
    assert suite[0].find("failure").get("message").startswith("x[") and suite[2].find("failure") is None


def test_characters_that_xml_cannot_hold_are_left_out(found):
    found.results[0].failure.__dict__["sentence"], kept = "a\x00b\x1b[31m\ud800", found.results[0].failure.sentence
    try:
        root = ElementTree.fromstring(outputs.junit([found]))
        assert root[0][0].find("failure").text.startswith("ab[31m")
    finally:
        found.results[0].failure.__dict__["sentence"] = kept


def test_github_gets_a_line_per_failure(found):
    lines = outputs.github(found, "a,b/ops.py", {"square_backward": 6})
    assert lines[0].startswith("::error file=a%2Cb/ops.py,line=6,title=square_backward%3A the slope::x[")
    assert len(lines) == 4 and lines[-1] == "::notice::2 of 6 points"


def test_files_are_written_whole(tmp_path):
    outputs.write_json(tmp_path / "a.json", {"a": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
