"""`minigrad trace` shows a script's ops and gradients in order, aligned, with names, rules and lines."""

import subprocess
import sys

import pytest

from minigrad.cli import main, trace
from minigrad.grad_mode import mode

SCRIPT = """\
import sys
import minigrad
from minigrad import nn, tensor

x = tensor([1.0, 2.0])
model = nn.Linear(2, 1)
w = tensor(3.0).requires_grad_()
y = (model(x) * w).sum()
y.backward()
(g,) = minigrad.grad(w * 2 + w, w)
with minigrad.no_grad():
    z = w * 5
print("arguments", sys.argv[1:])
"""


@pytest.fixture(name="traced")
def traced_fixture(tmp_path, capsys):
    """Return a function that traces a script and returns the status and the lines."""

    def traced(text, *options, after=()):
        path = tmp_path / "script.py"
        path.write_text(text)
        status = main(["trace", *options, str(path), *after])
        return status, capsys.readouterr().out.splitlines()

    return traced


def steps(lines):
    """Return the numbered lines as dicts from column to text, found by where the header has the column."""
    starts = [lines[1].index(name) for name in ("op", "from", "to", "values", "rule", "line")]
    ends = [*starts[1:], None]
    found = []
    for text in lines:
        if text[:6].strip().isdigit():
            cells = [text[a:b].strip() for a, b in zip(starts, ends, strict=True)]
            found.append((text[8], *cells))
    return found


def test_ops_are_shown_with_names_shapes_values_rule_and_line(traced):
    status, lines = traced(SCRIPT)
    mark, op, source, target, values, rule, line = steps(lines)[-1]
    assert status == 0
    assert (mark, op, source, target, values, rule, line) == ("·", "mul", "w (), constant ()", "()", "15", "z = x y", "script.py:12")
    assert any(s[2].startswith("x (2,)") or "model.weight (1, 2)" in s[2] for s in steps(lines))


def test_gradients_are_shown_with_where_they_go_and_the_rule_they_come_by(traced):
    found = [s for s in steps(traced(SCRIPT)[1]) if s[0] == "←"]
    names = [s[3] for s in found]
    assert {"model.bias (1,)", "model.weight (1, 2)", "w ()"} <= set(names)
    into_w = [(s[1], s[4], s[5]) for s in found if s[3] == "w ()" and s[6] == "script.py:10"]
    assert into_w == [("add", "1", "dy = α dz"), ("mul", "2", "dx = dz · y")]


def test_results_are_called_by_their_step(traced):
    found = steps(traced("from minigrad import tensor\na = tensor(2.0).requires_grad_()\n((a * a).exp()).backward()\n")[1])
    assert [(s[0], s[2], s[3]) for s in found] == [
        ("→", "a (), a ()", "()"), ("→", "#1 ()", "()"),
        ("←", "#2", "#1 ()"), ("←", "#1", "a ()"), ("←", "#1", "a ()"),
    ]  # fmt: skip


def test_columns_are_aligned_whatever_is_in_them(traced):
    text = "from minigrad import tensor\n" + "重み_" + "n" * 60 + " = tensor([1e-9] * 3).requires_grad_()\n"
    _, lines = traced(text + "重み_" + "n" * 60 + ".softmax(0).sum().backward()\n")
    rows = [line for line in lines if line[:6].strip().isdigit()]
    place = lines[1].index("line")
    assert len(rows) == 4 and all(trace.cells(line.partition("script.py")[0]) == place for line in rows)


def test_the_limit_hides_the_rest_and_says_so(traced):
    _, lines = traced(SCRIPT, "--limit", "2")
    assert len(steps(lines)) == 2
    assert lines[-1].endswith("steps are not shown (--limit 0 shows all)") and lines[-2] == "arguments []"
    _, lines = traced(SCRIPT, "--limit", "0")
    ops, gradients = (sum(s[0] in marks for s in steps(lines)) for marks in ("→·", "←"))
    assert lines[-1] == f"{ops} ops, {gradients} gradients"


def test_the_limit_may_follow_the_script_and_arguments_are_passed_on(traced):
    assert len(steps(traced(SCRIPT, after=["--limit", "3"])[1])) == 3
    assert "arguments ['a', '--b']" in traced(SCRIPT, after=["--", "a", "--b"])[1]


def test_a_script_imports_its_neighbours_and_leaves_no_trace(traced, tmp_path):
    (tmp_path / "neighbour_of_script.py").write_text("VALUE = 7\n")
    before = (list(sys.argv), list(sys.path))
    status, lines = traced("import neighbour_of_script\nprint(neighbour_of_script.VALUE, __name__)\n")
    assert status == 0 and "7 __main__" in lines
    assert (sys.argv, sys.path) == before and mode.watcher is None


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("raise ValueError('bad')\n", 1, "ValueError: bad"),
        ("1 +\n", 1, "SyntaxError"),
        ("import sys\nsys.exit(3)\n", 3, ""),
        ("import sys\nsys.exit()\n", 0, ""),
        ("import sys\nsys.exit('no luck')\n", 1, "no luck"),
        ("from minigrad import tensor\ntensor(1.0).backward()\n", 1, "GradientError"),
    ],
)  # fmt: skip
def test_how_a_script_ends_is_how_the_command_ends(tmp_path, capsys, text, status, words):
    path = tmp_path / "script.py"
    path.write_text(text)
    assert main(["trace", str(path)]) == status
    error = capsys.readouterr().err
    assert words in error and "runpy" not in error and mode.watcher is None


def test_a_script_that_is_not_there_and_a_negative_limit_are_refused(tmp_path, capsys):
    assert main(["trace", str(tmp_path / "no.py")]) == 1
    assert "trace: there is no script" in capsys.readouterr().err
    path = tmp_path / "script.py"
    path.write_text("")
    assert main(["trace", "--limit", "-1", str(path)]) == 1
    assert "trace: --limit is -1\nHint" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_ends_the_trace_without_noise(tmp_path):
    path = tmp_path / "script.py"
    path.write_text("from minigrad import tensor\nx = tensor(1.0).requires_grad_()\nfor _ in range(20000): x = x.sin()\n")
    command = [sys.executable, "-m", "minigrad", "trace", "--limit", "0", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 0
