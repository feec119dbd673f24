"""A picture shows itself in notebooks and saves itself as a file."""

import pytest

from minigrad import Tensor
from minigrad.errors import ArgumentError, DtypeError
from minigrad.viz import graph


@pytest.fixture(name="picture")
def picture_fixture():
    x = Tensor(3.0, requires_grad=True)
    return graph(x.exp() * x, {"x": x})


def test_notebooks_show_the_svg(picture):
    assert picture._repr_svg_() == picture.svg and picture.svg.startswith("<svg")
    assert repr(picture) == "<picture of 3 values, 3 arrows; save it with .save(path)>"


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<svg"), ("a.PNG", b"\x89PNG")])
def test_a_file_is_written_by_its_ending(picture, tmp_path, name, start):
    path = picture.save(tmp_path / name)
    assert path == tmp_path / name and path.read_bytes().startswith(start)


def test_another_ending_is_refused(picture, tmp_path):
    with pytest.raises(ArgumentError, match=r"save: 'a\.gif' is neither \.svg nor \.png\nHint"):
        picture.save(tmp_path / "a.gif")


def test_a_path_that_cannot_be_written_says_so_and_leaves_nothing(picture, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        picture.save(tmp_path / "nowhere" / "a.svg")
    (tmp_path / "a.svg").mkdir()
    with pytest.raises(ArgumentError, match="is a folder, pipe or device"):
        picture.save(tmp_path / "a.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["a.svg"]


def test_errors_name_the_function():
    with pytest.raises(DtypeError, match="graph: loss must be a tensor"):
        graph("loss")
