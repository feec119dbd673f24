"""Where a window of taps lies on an image: stride, padding, dilation, for any number of spatial axes.

Along one axis, tap r of output pixel p looks at input pixel  h = stride·p + dilation·r - padding.  Pixels outside
[0, H) are padding. The number of outputs is the number of places where the whole window fits:

    P = ⌊(H + 2·padding - dilation·(R - 1) - 1) / stride⌋ + 1
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import ArgumentError, ShapeError

IntOrInts = int | Sequence[int]


class Geometry(NamedTuple):
    """The windows of one op: per spatial axis, sizes and steps; `groups` splits the channels (convolution only)."""

    size: tuple[int, ...]  # H, W of the image
    out: tuple[int, ...]  # P, Q: how many windows there are
    kernel: tuple[int, ...]  # R, S
    stride: tuple[int, ...]
    padding: tuple[int, ...]  # in front of each axis; what lies behind follows from `out`
    dilation: tuple[int, ...]
    groups: int = 1

    def margins(self) -> tuple[tuple[int, int], ...]:
        """Return the (front, back) padding per axis that the windows reach into; a negative back is never read."""
        reach = [
            s * (p - 1) + d * (r - 1) + 1
            for p, r, s, d in zip(self.out, self.kernel, self.stride, self.dilation, strict=True)
        ]
        return tuple(
            (front, max(n - front - h, 0)) for h, n, front in zip(self.size, reach, self.padding, strict=True)
        )

    def tap(self, place: Sequence[int]) -> tuple[slice, ...]:
        """Return the pixels of the padded image that tap `place` of every window looks at."""
        return tuple(
            slice(d * r, d * r + s * (p - 1) + 1, s) if p else slice(0, 0)
            for r, p, s, d in zip(place, self.out, self.stride, self.dilation, strict=True)
        )


def per_axis(op: str, name: str, value: IntOrInts, ndim: int, least: int) -> tuple[int, ...]:
    """Return one number per spatial axis, none below `least`."""
    several = tuple(value) if isinstance(value, Sequence) else (value,) * ndim
    if len(several) == 1:
        several *= ndim
    if len(several) != ndim or not all(isinstance(n, int) or hasattr(n, "__index__") for n in several):
        raise ArgumentError(f"{op}: {name} must be an integer or {ndim} of them, got {value!r}")
    if min(several) < least:
        raise ArgumentError(f"{op}: {name} must be at least {least}, got {value!r}")
    return tuple(int(n) for n in several)


def window_count(op: str, g: Geometry, back: Sequence[int], ceil_mode: bool = False) -> Geometry:
    """Return `g` with `out` filled in, for `back` pixels of padding behind each axis."""
    out = []
    for h, r, s, front, behind, d in zip(g.size, g.kernel, g.stride, g.padding, back, g.dilation, strict=True):
        room = h + front + behind - d * (r - 1) - 1
        p = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (p - 1) * s >= h + front:  # a window must start inside the image or its front padding
            p -= 1
        out.append(p)
    if min(out) < 1:
        raise ShapeError(
            f"{op}: the window does not fit into the image: the output would be {tuple(out)}\n"
            f"  image {g.size}, kernel {g.kernel}, dilation {g.dilation}, padding {g.padding}\n"
            "Hint: use a smaller kernel or dilation, or more padding"
        )
    return g._replace(out=tuple(out))
