from minigrad.classroom.grade import grade
from minigrad.classroom.report import class_report


def test_a_class_is_told_on_one_page(assignment):
    half = assignment.solution.replace("2.0 * dy", "1.0 * dy")
    sources = {"ann": assignment.solution, "ben": half, "cem": half.replace("x * x", ""), "dee": "import torch\n"}
    grades = [grade(assignment, source, name, b"s") for name, source in sources.items()]
    page = class_report(assignment, grades)
    assert page.startswith("# Squares\n\n4 submissions; median 3 of 6 points, lowest 0, highest 6.\n")
    assert "| `square_backward` | 1 of 4 | 0.8 of 3 |" in page and "| `total` | 3 of 4 | 0.8 of 1 |" in page
    assert "| 2 | `square_backward` | the factor 2 is missing. | ben, cem |" in page
    assert "| 2 | `square_backward` | undefined |" in page
    assert "- dee: line 1 of ops.py imports torch" in page


def test_one_perfect_submission_makes_a_short_page(assignment):
    page = class_report(assignment, [grade(assignment, assignment.solution, "ann", b"s")])
    assert "1 submission; median 6" in page and "No known misconception occurred." in page
    assert "Other failures" not in page and "Worth a look" not in page
