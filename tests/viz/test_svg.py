"""SVG: well-formed, escaped, and kinds that differ without colour."""

import re
from xml.etree import ElementTree

from minigrad import Tensor, viz
from minigrad.viz.reading import read
from minigrad.viz.scene import KINDS, compose
from minigrad.viz.svg import STYLES, svg

SPACE = "{http://www.w3.org/2000/svg}"


def drawn(name="x"):
    x = Tensor(3.0, requires_grad=True)
    with viz.recording():
        y = (x * 2).exp()
    return ElementTree.fromstring(svg(compose(read("graph", y, {name: x}))))


def test_every_value_and_every_arrow_is_a_group_with_its_number():
    groups = {group.get("id") for group in drawn().iter(f"{SPACE}g")}
    assert groups >= {"value0", "value1", "value2", "value3", "arrow0", "arrow1", "arrow2"}


def test_names_are_escaped():
    root = drawn("<script>&\"'")
    assert "<script>&\"'" in [text.text for text in root.iter(f"{SPACE}text")] and not list(root.iter(f"{SPACE}script"))


def test_the_line_and_the_whole_rule_are_shown_on_request():
    titles = [title.text for title in drawn().iter(f"{SPACE}title")]
    assert "dx = dz · y" in titles and any(re.search(r"test_svg\.py:\d+$", title) for title in titles)


def test_kinds_differ_in_lightness_or_outline():
    looks = set()
    for kind in KINDS:
        fill, _, _, width, dashes = STYLES[kind]
        digits = fill[1:] if len(fill) == 7 else "".join(2 * c for c in fill[1:])
        red, green, blue = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
        looks.add((round((0.3 * red + 0.6 * green + 0.1 * blue) / 32), width >= 3, bool(dashes)))
    assert len(looks) == len(KINDS)


def test_text_has_contrast():
    def light(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        return sum(int(digits[i : i + 2], 16) for i in (0, 2, 4)) / 765

    assert all(abs(light(fill) - light(ink)) > 0.5 for fill, ink, *_ in STYLES.values())
