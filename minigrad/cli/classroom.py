"""Release assignments, check them as a student, grade them as an instructor, and test the grader.

    release a1 handout/          the students' folder; --student NAME gives a variant of their own
    check a1 mine/ -k relu       at once: what is wrong, and the smallest example that shows it
    grade a1 alice/ bob/ --secret-file FILE --json grades.json --class-report class.md
    selftest                     solutions get everything, stubs nothing, cheats nothing
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError

if TYPE_CHECKING:
    from ..classroom.assignment import Assignment
    from ..classroom.grade import Grade

SECRET = "MINIGRAD_CLASSROOM_SECRET"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--assignments", type=Path, metavar="FOLDER", help="where assignments are (the checkout's)")
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    release = actions.add_parser("release", help="write the students' folder")
    _takes(release, "assignment")
    release.add_argument("target", type=Path, help="a new folder, or a .zip")
    release.add_argument("--student", help="whose variant to write")
    check = actions.add_parser("check", help="check your functions")
    _takes(check, "assignment")
    check.add_argument("path", type=Path, nargs="?", default=Path("."), help="your folder, or your file (.)")
    check.add_argument("-k", dest="only", default="", metavar="WORD", help="only functions whose name contains it")
    grade = actions.add_parser("grade", help="grade submissions")
    _takes(grade, "assignment")
    grade.add_argument("submissions", type=Path, nargs="+", help="folders or files; their names are the students'")
    grade.add_argument("--id", help="the submission's name, if there is one only")
    grade.add_argument("--results", type=Path, metavar="FILE", help="write Gradescope's results.json")
    grade.add_argument("--json", type=Path, metavar="FILE", help="write everything about every grade")
    grade.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit's XML")
    grade.add_argument("--github", action="store_true", help="print GitHub's annotations")
    grade.add_argument("--class-report", type=Path, metavar="FILE", help="write which misconceptions occurred")
    for action in (release, grade):
        action.add_argument("--secret-file", type=Path, metavar="FILE", help=f"the secret; or set {SECRET}")
    selftest = actions.add_parser("selftest", help="test the grader")
    selftest.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all by default")
    selftest.add_argument("--quick", action="store_true", help="cheats in the first assignment only")


def _takes(action: argparse.ArgumentParser, name: str) -> None:
    action.add_argument(name, help="a folder's name, or how it begins, such as a1")


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked; return 1 if something was found wrong."""
    return {"release": _release, "check": _check, "grade": _grade, "selftest": _selftest}[arguments.action](arguments)


def _release(arguments: argparse.Namespace) -> int:
    from ..classroom.release import release

    assignment = _assignment(arguments)
    if arguments.student:
        assignment = _variant(assignment, _secret(arguments), arguments.student)
    print(f"wrote {release(assignment, arguments.target)}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from ..classroom.grade import grade, read
    from ..classroom.outputs import words

    assignment = _assignment(arguments)
    source = read(arguments.path, assignment.file)
    assignment = assignment.variant(_written(assignment, arguments.path))
    found = grade(assignment, source, "check", hidden=False, only=arguments.only, together=True)
    for problem in found.problems:
        print(problem)
    for r in found.results:
        print(f"{'ok   ' if r.failure is None else 'WRONG'}  {r.asked.function}: {r.asked.title}")
        if r.failure is not None:
            print("       " + words(found, r).replace("\n", "\n       "))
        if r.printed:
            print("       printed: " + r.printed.rstrip().replace("\n", "\n                "))
    right = sum(r.failure is None for r in found.results)
    print(f"{right} of {len(found.results)} public checks hold, in {found.seconds:.1f} s (hidden ones count too)")
    return int(right < len(found.results))


def _grade(arguments: argparse.Namespace) -> int:
    from ..classroom.outputs import gradescope, junit, pessimistic, plain, write_json
    from ..classroom.report import class_report
    from ..io.atomic import atomic_write

    assignment = _assignment(arguments)
    several = len(arguments.submissions) > 1
    if several and (arguments.results or arguments.id):
        raise ArgumentError("classroom: --results and --id are for one submission\nHint: use --json for several")
    if arguments.results:
        write_json(arguments.results, pessimistic("Grading did not come to its end. Tell your instructor."))
    secret = _secret(arguments)
    grades = [_graded(assignment, path, secret, arguments) for path in arguments.submissions]
    for g in grades:
        print(f"{g.submission}: {g.score:g} of {g.total:g} points, {g.seconds:.1f} s")
    if arguments.json:
        write_json(arguments.json, [plain(g) for g in grades])
    if arguments.junit:
        with atomic_write(arguments.junit, "w") as file:
            file.write(junit(grades))
    if arguments.class_report:
        with atomic_write(arguments.class_report, "w") as file:
            file.write(class_report(assignment, grades))
    if arguments.results:  # last of all
        write_json(arguments.results, gradescope(grades[0]))
    return 0


def _graded(assignment: Assignment, path: Path, secret: bytes, arguments: argparse.Namespace) -> Grade:
    """Grade one submission; one that cannot be read gets nothing, and the others their due."""
    from ..classroom.grade import grade, read
    from ..classroom.outputs import github
    from ..classroom.sandbox.blocks import pieces

    name = arguments.id or (path.resolve().name if path.is_dir() else path.stem)
    try:
        source, unread = read(path, assignment.file), ""
    except ArgumentError as error:
        source, unread = "", str(error).partition("\n")[0]
    found = grade(_variant(assignment, secret, name), source, name, secret)
    found.problems += [unread] * bool(unread)
    if arguments.github:
        file = path / assignment.file if path.is_dir() else path
        lines = {piece.defines: piece.line for piece in pieces(source, assignment.file)}
        print("\n".join(github(found, os.fspath(file), lines)))
    return found


def _selftest(arguments: argparse.Namespace) -> int:
    from ..classroom.assignment import every, find
    from ..classroom.cheats import BODIES
    from ..classroom.selftest import selftest

    names: Sequence[str] = arguments.names
    chosen = [find(n, arguments.assignments) for n in names] or every(arguments.assignments)
    failed = 0
    for number, assignment in enumerate(chosen):
        tricks = () if arguments.quick and number else tuple(BODIES)
        for verdict in selftest(assignment, tricks=tricks):
            failed += not verdict.passed
            print(verdict, flush=True)
    print(f"{len(chosen)} assignments, {failed} failures")
    return int(failed > 0 or not chosen)


def _assignment(arguments: argparse.Namespace) -> Assignment:
    from ..classroom.assignment import find

    return find(arguments.assignment, arguments.assignments)


def _secret(arguments: argparse.Namespace) -> bytes:
    """Return the secret, and remove it from where a student's process could look for it."""
    text = os.environ.pop(SECRET, "")
    if arguments.secret_file:
        text = arguments.secret_file.read_text(encoding="utf-8")
    if not text.strip():
        raise ArgumentError(
            "classroom: there is no secret, so everybody could foretell the inputs\n"
            f"Hint: pass --secret-file FILE or set {SECRET}; any long random text will do, the same for a whole course"
        )
    return text.strip().encode()


def _variant(assignment: Assignment, secret: bytes, student: str) -> Assignment:
    from ..classroom.grade import variant_of

    return assignment.variant(variant_of(assignment, secret, student))


def _written(assignment: Assignment, path: Path) -> dict[str, Any]:
    """Return the variant that stands in the student's own given.py."""
    import ast

    given = (path if path.is_dir() else path.parent) / "given.py"
    if not assignment.variants or not given.is_file():
        return {}
    found = {}
    for node in ast.parse(given.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in assignment.variants and isinstance(node.value, ast.Constant):
                found[name] = node.value.value
    return found
