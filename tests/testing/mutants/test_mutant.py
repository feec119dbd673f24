import pytest

from minigrad.errors import ArgumentError
from minigrad.testing.mutants import Mutant, Probe, load, select

ONE = """
from minigrad.testing.mutants import Mutant, Probe
MUTANTS = [Mutant("one", "family", "minigrad.ops.softmax:softmax", "a", "b", "seen", "law", Probe(lambda: 0))]
"""


def mutant(**changes):
    fields = {"name": "n", "family": "f", "where": "minigrad.ops.softmax:softmax", "old": "a", "new": "b", "seen": "s",
              "law": "l", "example": Probe(lambda: 0)}  # fmt: skip
    return Mutant(**{**fields, **changes})


def test_a_mutant_knows_its_module_its_function_and_the_tests_that_mirror_it():
    m = mutant(where="minigrad.nn.module:Module.train", tests=("tests/more.py",))
    assert (m.module, m.function) == ("minigrad.nn.module", "Module.train")
    assert m.test_files() == ("tests/nn/test_module.py", "tests/more.py")


def test_a_set_is_the_zoo_or_a_module_or_a_file(tmp_path):
    path = tmp_path / "held_out.py"
    path.write_text(ONE)
    assert [m.name for m in load(str(path))] == ["one"]
    assert load("minigrad.testing.mutants.zoo") == load("zoo")


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1", "has no list MUTANTS"), ("MUTANTS = [1]", "has no list MUTANTS"), (ONE + "MUTANTS *= 2", "two mutants named one")],
)
def test_a_file_that_is_no_set_is_refused(text, message, tmp_path):
    path = tmp_path / "set.py"
    path.write_text(text)
    with pytest.raises(ArgumentError, match=message):
        load(str(path))


@pytest.mark.parametrize(("source", "message"), [("no/such.py", "there is no file"), ("no_such_module", "there is no set")])
def test_a_set_that_is_not_there_is_said_to_be(source, message):
    with pytest.raises(ArgumentError, match=message):
        load(source)


def test_mutants_are_chosen_by_name_or_by_family():
    found = [mutant(name="softmax-a"), mutant(name="b", family="softmax"), mutant(name="c")]
    assert [m.name for m in select(found, "softmax*")] == ["softmax-a", "b"]
    assert select(found, None) == found
    with pytest.raises(ArgumentError, match="no name or family matches 'x'"):
        select(found, "x")
