"""A scene as a PNG, drawn by Matplotlib: the same shapes as in svg.py."""

from __future__ import annotations

import io
import warnings
from typing import Any

from .scene import FONT, MARGIN, ROW, Box, Scene, Wire, segments
from .svg import STYLES, outline, radius, text_lines

DPI = 144
POINT = 0.75  # points per pixel: Matplotlib's units of text and lines


def png(scene: Scene) -> bytes:
    """Return a scene as the bytes of a PNG, at 1.5 times its size in pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(scene.width / 96, scene.height / 96), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, scene.width), ylim=(scene.height, 0))
    axes.axis("off")
    for wire in scene.wires:
        _wire(axes, wire)
    for box in [*scene.boxes, *scene.legend]:
        _box(axes, box)
    bottom = scene.height - MARGIN - ROW * (len(scene.notes) - 1)
    for i, note in enumerate(scene.notes):
        _text(axes, note, MARGIN, bottom + ROW * i, ha="left")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a name in a script that the font does not have
        figure.savefig(file, format="png")
    return file.getvalue()


def _text(axes: Any, text: str, x: float, y: float, ink: str = "#000", ha: str = "center", bold: bool = False) -> None:
    weight = "bold" if bold else "normal"
    axes.text(x, y, text, color=ink, ha=ha, va="center", weight=weight, fontsize=FONT * POINT,
              family="DejaVu Sans Mono", parse_math=False)  # fmt: skip


def _box(axes: Any, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch, Polygon

    fill, ink, line, width, dashes = STYLES[box.kind]
    pen = {"edgecolor": line, "linewidth": width * POINT, "linestyle": "--" if dashes else "-"}
    style: dict[str, Any] = {"facecolor": fill, **pen}
    if box.kind == "loss":
        axes.add_patch(Polygon(outline(box), closed=True, **style))
    else:
        corners = f"round,pad=0,rounding_size={radius(box)}" if radius(box) else "square,pad=0"
        axes.add_patch(FancyBboxPatch((box.x, box.y), box.width, box.height, boxstyle=corners, **style))
    for i, (text, y) in enumerate(text_lines(box)):
        _text(axes, text, box.x + box.width / 2, y, ink, bold=i == 0)


def _wire(axes: Any, wire: Wire) -> None:
    from matplotlib.patches import FancyArrowPatch, Rectangle
    from matplotlib.path import Path

    points, codes = [wire.points[0]], [Path.MOVETO]
    for (x, y), (u, v) in segments(wire):
        middle = (y + v) / 2
        points += [(x, middle), (u, middle), (u, v)]
        codes += [Path.CURVE4] * 3
    arrow = FancyArrowPatch(path=Path(points, codes), arrowstyle="-|>", mutation_scale=9, color="#444",
                            linewidth=1.2 * POINT, linestyle="--" if wire.dashed else "-")  # fmt: skip
    axes.add_patch(arrow)
    width, height = wire.room, ROW * len(wire.label)
    if wire.label:
        axes.add_patch(Rectangle((wire.x - width / 2, wire.y), width, height, facecolor="white", zorder=1.5))
    for k, text in enumerate(wire.label):
        _text(axes, text, wire.x, wire.y + ROW * (k + 0.5))
