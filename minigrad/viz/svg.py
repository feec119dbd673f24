"""A scene as SVG text. Kinds differ in outline and in lightness, so that they can be told apart without colour."""

from __future__ import annotations

import html

from .scene import FONT, MARGIN, ROW, Box, Scene, Wire, segments

FACE = "DejaVu Sans Mono, Menlo, Consolas, monospace"

# fill, text, outline, its width, its dashes
STYLES = {
    "loss": ("#ffd24d", "#000", "#000", 3.0, ""),
    "op": ("#fff", "#000", "#444", 1.0, ""),
    "parameter": ("#1d4f7c", "#fff", "#0b2740", 1.0, ""),
    "leaf": ("#c4ddf2", "#000", "#1d4f7c", 1.5, ""),
    "constant": ("#f4f4f4", "#000", "#777", 1.2, "4 3"),
}


def svg(scene: Scene) -> str:
    """Return a scene as one SVG element; boxes and arrows are groups that know their number."""
    w, h = scene.width, scene.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" viewBox="0 0 {w:.0f} {h:.0f}" '
        f'font-family="{FACE}" font-size="{FONT:g}">',
        '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" '
        'markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#444"/></marker></defs>',
        f'<rect width="{w:.0f}" height="{h:.0f}" fill="#fff"/>',
    ]
    parts += [_wire(i, wire) for i, wire in enumerate(scene.wires)]
    parts += [_box(f'id="value{i}" class="value"', box) for i, box in enumerate(scene.boxes)]
    parts += [_box('class="legend"', box) for box in scene.legend]
    bottom = h - MARGIN - ROW * (len(scene.notes) - 1)
    parts += [_text(note, MARGIN, bottom + ROW * i, anchor="start") for i, note in enumerate(scene.notes)]
    return "\n".join([*parts, "</svg>"])


def outline(box: Box) -> list[tuple[float, float]]:
    """Return the corners of a loss: a box with its corners cut off."""
    x, y, right, bottom, cut = box.x, box.y, box.x + box.width, box.y + box.height, 9.0
    return [(x + cut, y), (right - cut, y), (right, y + cut), (right, bottom - cut), (right - cut, bottom),
            (x + cut, bottom), (x, bottom - cut), (x, y + cut)]  # fmt: skip


def radius(box: Box) -> float:
    """Return how round the corners of a box are: not at all for parameters, quite for leaves."""
    return {"op": 7.0, "leaf": box.height / 2, "constant": 7.0}.get(box.kind, 0.0)


def text_lines(box: Box) -> list[tuple[str, float]]:
    """Return the lines of a box and the middle of each: together they stand in the middle of the box."""
    lines = [line for line in box.lines if line]
    top = box.y + (box.height - ROW * len(lines)) / 2
    return [(line, top + ROW * (i + 0.5)) for i, line in enumerate(lines)]


def _box(attributes: str, box: Box) -> str:
    fill, ink, line, width, dashes = STYLES[box.kind]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    style = f'fill="{fill}" stroke="{line}" stroke-width="{width:g}"{dashed}'
    if box.kind == "loss":
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline(box))
        shape = f'<polygon points="{corners}" {style}/>'
    else:
        size = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        shape = f'<rect {size} rx="{radius(box):g}" {style}/>'
    middle = box.x + box.width / 2
    lines = [_text(line, middle, y, ink, bold=i == 0) for i, (line, y) in enumerate(text_lines(box))]
    return f"<g {attributes}>{_hint(box.hint)}{shape}{''.join(lines)}</g>"


def _hint(text: str) -> str:
    return f"<title>{html.escape(text)}</title>" if text else ""


def _text(text: str, x: float, y: float, ink: str = "#000", anchor: str = "middle", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x:.1f}" y="{y + 0.35 * FONT:.1f}"'
    return f'<text {place} text-anchor="{anchor}" fill="{ink}"{weight}>{html.escape(text)}</text>'


def _wire(i: int, wire: Wire) -> str:
    path = f"M{wire.points[0][0]:.1f} {wire.points[0][1]:.1f}"
    for (x, y), (u, v) in segments(wire):
        middle = (y + v) / 2
        path += f"L{u:.1f} {v:.1f}" if x == u else f"C{x:.1f} {middle:.1f} {u:.1f} {middle:.1f} {u:.1f} {v:.1f}"
    dashes = ' stroke-dasharray="4 3"' if wire.dashed else ""
    line = f'<path d="{path}" fill="none" stroke="#444" stroke-width="1.2"{dashes} marker-end="url(#head)"/>'
    size = f'width="{wire.room:.1f}" height="{ROW * len(wire.label):.1f}"'
    back = f'<rect x="{wire.x - wire.room / 2:.1f}" y="{wire.y:.1f}" {size} fill="#fff"/>'
    lines = [_text(text, wire.x, wire.y + ROW * (k + 0.5)) for k, text in enumerate(wire.label)]
    return f'<g id="arrow{i}" class="arrow">{_hint(wire.hint)}{line}{back if lines else ""}{"".join(lines)}</g>'
