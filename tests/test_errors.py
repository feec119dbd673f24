"""Every mistake has one class, caught also by the builtin that a Python user expects."""

import inspect
import pickle

import pytest

from minigrad import errors

TREE = {
    errors.MinigradError: (Exception,),
    errors.ShapeError: (errors.MinigradError, ValueError),
    errors.AxisError: (errors.MinigradError, IndexError, ValueError),
    errors.RangeError: (errors.MinigradError, IndexError),
    errors.ArgumentError: (errors.MinigradError, ValueError),
    errors.DtypeError: (errors.MinigradError, TypeError),
    errors.DeviceError: (errors.MinigradError, RuntimeError),
    errors.OutOfMemoryError: (errors.MinigradError, MemoryError),
    errors.GradientError: (errors.MinigradError, RuntimeError),
    errors.ReleasedGraphError: (errors.GradientError,),
    errors.InPlaceError: (errors.GradientError,),
    errors.LawError: (errors.GradientError,),
    errors.GradcheckError: (errors.GradientError,),
    errors.AnomalyError: (errors.MinigradError, FloatingPointError),
    errors.StateError: (errors.MinigradError, KeyError),
    errors.FileFormatError: (errors.MinigradError, ValueError),
    errors.DataError: (errors.MinigradError, OSError),
    errors.MissingPackageError: (errors.MinigradError, ImportError),
}
FOUND = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]


def test_the_tree_is_whole():
    assert set(FOUND) == set(TREE)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_has_the_bases_that_a_caller_catches(kind):
    assert kind.__bases__ == TREE[kind]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_shows_its_message_as_written_newlines_and_all(kind):
    message = "op: H is 32 in x but 3 in weight\n  x 'quoted' (N, C) = (8, 3)\nHint: do this"
    error = kind(message)
    assert str(error) == message
    with pytest.raises(errors.MinigradError, match="H is 32 in x"):
        raise error


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_may_be_raised_without_a_message(kind):
    assert str(kind()) == ""


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_each_error_crosses_a_process_boundary(kind):
    back = pickle.loads(pickle.dumps(kind("a: b\nHint: c")))
    assert type(back) is kind and str(back) == "a: b\nHint: c"


def test_the_module_opens_with_a_line_about_each_error():
    listed = {line.strip("├─└│ ").split(" ")[0].rstrip(":") for line in errors.__doc__.splitlines()}
    assert {kind.__name__ for kind in FOUND} <= listed


def test_the_list_at_the_top_names_the_builtin_base_of_each_error():
    for kind, bases in TREE.items():
        row = next(line for line in errors.__doc__.splitlines() if kind.__name__ in line.split("(")[0].split())
        builtin = [base.__name__ for base in bases if base.__module__ == "builtins" and base is not Exception]
        assert (f"({', '.join(builtin)})" in row) == bool(builtin)
