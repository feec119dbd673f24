"""The computation graph as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..io.atomic import atomic_write
from ..io.files import StrPath
from .reading import read
from .scene import Scene, compose
from .svg import svg


class Picture:
    """A drawn graph: shown in notebooks, saved as a file."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @property
    def svg(self) -> str:
        """The picture as SVG text."""
        return svg(self.scene)

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<picture of {len(self.scene.boxes)} values, {len(self.scene.wires)} arrows; save it with .save(path)>"

    def save(self, path: StrPath) -> Path:
        """Write the picture to a file whose name ends in .svg or .png; return its path.

        Raises    ArgumentError, OSError
        """
        target = Path(path)
        if target.suffix.lower() == ".svg":
            content = self.svg.encode()
        elif target.suffix.lower() == ".png":
            from .png import png

            content = png(self.scene)
        else:
            raise ArgumentError(f"save: {target.name!r} is neither .svg nor .png\nHint: end the name in one of them")
        with atomic_write(target) as file:
            file.write(content)
        return target


def graph(loss: Any, names: Any = None) -> Picture:
    """Draw the graph behind a loss: boxes are values, an arrow from x to y carries the rule that turns dy into dx.

    `names` is a module, whose parameters are called by their names, or a dict of names to tensors. Constants are drawn
    if the loss was computed inside `recording()`. Graphs of more than 80 values are refused.

    Raises    DtypeError, GradientError, ReleasedGraphError, ArgumentError

    >>> from minigrad import tensor
    >>> x = tensor(3.0).requires_grad_()
    >>> graph(x * x, names={"x": x})
    <picture of 2 values, 2 arrows; save it with .save(path)>
    """
    return Picture(compose(read("graph", loss, names)))
