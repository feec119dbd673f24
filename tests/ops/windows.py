"""Windows of taps on an image, found by trying every place: the oracle of the pooling tests."""

from itertools import product

import numpy as np


def per_axis(value, d):
    return (value,) * d if isinstance(value, int) else tuple(value)


def starts(size, kernel, stride, padding, dilation, ceil_mode):
    """Return the pixels at which the windows along one axis start."""
    span, found, start = dilation * (kernel - 1) + 1, [], -padding
    end = size + padding
    while start + span <= end or (ceil_mode and start < size and start - stride + span < end):
        found.append(start)
        start += stride
    return found


def windows(size, kernel, stride, padding, dilation=1, ceil_mode=False):
    """Return the output size, and for each output pixel the pixels that its taps look at, in row order."""
    d = len(size)
    kernel, padding, dilation = per_axis(kernel, d), per_axis(padding, d), per_axis(dilation, d)
    stride = kernel if stride is None else per_axis(stride, d)
    begin = [starts(*axis, ceil_mode) for axis in zip(size, kernel, stride, padding, dilation, strict=True)]
    out = tuple(map(len, begin))
    seen = {
        place: [
            tuple(begin[i][p] + dilation[i] * r for i, (p, r) in enumerate(zip(place, taps, strict=True)))
            for taps in product(*map(range, kernel))
        ]
        for place in product(*map(range, out))
    }
    return out, seen


def inside(pixels, size, margin=(0, 0, 0)):
    """Return those pixels that lie in an image widened by a margin."""
    return [h for h in pixels if all(-m <= i < n + m for i, n, m in zip(h, size, margin, strict=False))]


def planes(x, d):
    """Return the planes of a batch or of one example, as (leading axes, plane) pairs."""
    lead = x.shape[: x.ndim - d]
    return lead, [(at, x[at]) for at in np.ndindex(*lead)]
