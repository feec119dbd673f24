"""PNG: the picture of the SVG, at 1.5 times its size."""

import io

import numpy as np
from PIL import Image

from minigrad import Tensor
from minigrad.viz.png import png
from minigrad.viz.reading import read
from minigrad.viz.scene import compose


def scene(name="x"):
    x = Tensor(3.0, requires_grad=True)
    return compose(read("graph", x * x, {name: x}))


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_the_size_is_that_of_the_scene():
    drawn = scene()
    height, width, _ = pixels(png(drawn)).shape
    assert abs(height - 1.5 * drawn.height) < 2 and abs(width - 1.5 * drawn.width) < 2


def test_boxes_are_where_the_scene_says():
    drawn = scene()
    picture = pixels(png(drawn))
    leaf, loss = drawn.boxes
    for box, colour in ((leaf, (0xC4, 0xDD, 0xF2)), (loss, (0xFF, 0xD2, 0x4D))):
        x, y = box.x + box.width / 2, box.y + 5
        assert tuple(picture[round(1.5 * y), round(1.5 * x)]) == colour
    assert tuple(picture[2, 2]) == (255, 255, 255)


def test_dollars_and_unknown_scripts_do_no_harm():
    assert pixels(png(scene("$x_{重み$"))).size
