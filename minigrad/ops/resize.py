"""Resizing images: every output pixel is a weighted sum of input pixels near the place it comes from.

Output pixel p lies at the place  src = scale·(p + ½) - ½  of the input, scale = H/P; or, with the corner pixels
aligned, at  src = p·(H - 1)/(P - 1).  The weight of a pixel is a function of its distance t from there:

    linear    1 - |t| for |t| < 1                    nearest         1 for the pixel ⌊scale·p⌋
    bicubic   a cubic for |t| < 2 (Keys, 1981)       nearest-exact   1 for the pixel ⌊scale·(p + ½)⌋
    area      equal over the pixels covered: adaptive average pooling

Resizing is linear in the image and separable: one sparse matrix per axis, applied by `resample`, which is its own
derivative. N images, C channels, H×W pixels, P×Q output pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError, DtypeError, ShapeError
from .adaptive_pool import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .operands import tensor_of
from .pool import check_planes
from .resample import Numbers, Sparse, resample

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["interpolate", "upsample"]

_AXES = {"linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}  # the others take any number
_MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")
_AREA = (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)


def interpolate(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest", align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:  # fmt: skip
    """Resize to `size`, or by `scale_factor`; give exactly one of them.

    `mode` is "nearest", "nearest-exact", "linear" (N, C, W), "bilinear" or "bicubic" (N, C, H, W), "trilinear"
    (N, C, D, H, W) or "area". A given scale_factor is the scale that places are computed with, unless
    `recompute_scale_factor`. `antialias` widens the weights when shrinking, for bilinear and bicubic.

    Forward   y[p] = Σ_h A[p, h] x[h]   along each axis
    Backward  dx[h] = Σ_p A[p, h] dy[p]
    Shapes    input (N, C, H, W)  ->  (N, C, P, Q), P = size or ⌊H·scale_factor⌋
    Raises    ShapeError, ArgumentError, DtypeError
    Source    Keys, "Cubic convolution interpolation for digital image processing", 1981 (bicubic)
    """
    x = tensor_of("interpolate", input)
    d = x.array.ndim - 2
    _check(x, d, mode, align_corners, antialias)
    out, scales = _target(x.array.shape[2:], size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        return _AREA[d - 1](x, out)
    for axis, (H, P, scale) in enumerate(zip(x.array.shape[2:], out, scales, strict=True), start=2):
        if P != H or (mode == "bicubic" and not antialias):  # else an axis that keeps its size is left as it is
            x = resample(x, axis, _matrix(H, P, scale, mode, bool(align_corners), antialias))
    return x


def upsample(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest", align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """Resize: `interpolate` under its older name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def _check(x: Tensor, d: int, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode not in _MODES:
        raise ArgumentError(f"interpolate: mode is {mode!r}; use one of {', '.join(_MODES)}")
    if d not in _AXES.get(mode, (1, 2, 3)):
        wanted = " or ".join(str(n + 2) for n in _AXES.get(mode, (1, 2, 3)))
        raise ShapeError(f"interpolate: mode {mode!r} needs {wanted} axes (N, C, ...), got shape {x.array.shape}")
    check_planes("interpolate", d, x)
    if x.array.dtype.kind != "f":
        raise DtypeError(f"interpolate: needs a floating tensor, got {x.array.dtype}\nHint: convert with .float()")
    if align_corners is not None and mode not in _AXES:
        raise ArgumentError(f"interpolate: align_corners has no meaning for mode {mode!r}\nHint: leave it out")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f"interpolate: antialias is for bilinear and bicubic, the mode is {mode!r}")


def _per_axis(name: str, value: float | Sequence[float] | None, d: int) -> list[float]:
    several: list[Any] = list(value) if isinstance(value, Sequence) else [value] * d
    if len(several) != d or not all(isinstance(n, (int, float)) and n > 0 and math.isfinite(n) for n in several):
        raise ArgumentError(f"interpolate: {name} must be one positive number or {d} of them, got {value!r}")
    return several


def _target(
    source: tuple[int, ...], size: int | Sequence[int] | None, scale_factor: float | Sequence[float] | None,
    recompute: bool,
) -> tuple[list[int], list[float]]:  # fmt: skip
    """Return the output size and, per axis, the scale that was given: input pixels per output pixel, or 0 for none."""
    if (size is None) == (scale_factor is None) or (recompute and scale_factor is None):
        raise ArgumentError(
            f"interpolate: give either size or scale_factor (only then recompute_scale_factor), got size = {size}, "
            f"scale_factor = {scale_factor}, recompute_scale_factor = {recompute}"
        )
    scales = [0.0] * len(source)
    if scale_factor is None:
        out = _per_axis("size", size, len(source))
    else:
        factors = _per_axis("scale_factor", scale_factor, len(source))
        out = [math.floor(h * f) for h, f in zip(source, factors, strict=True)]
        scales = scales if recompute else [1 / f for f in factors]
    if min(out) < 1 or not all(hasattr(n, "__index__") for n in out):
        raise ArgumentError(f"interpolate: the output size must be positive integers, got {tuple(out)}")
    return [int(n) for n in out], scales


def _matrix(H: int, P: int, given_scale: float, mode: str, align_corners: bool, antialias: bool) -> Sparse:
    """Return the weights A[p, h] of input pixel h in output pixel p."""
    p = np.arange(P)
    scale = given_scale or H / P
    if mode.startswith("nearest"):
        half = int(mode == "nearest-exact")
        if given_scale and (half or P != 2 * H):
            # In float32, as PyTorch: which of two pixels is the nearest may hang on the last bit.
            h = np.floor((p + np.float32(half / 2)).astype(np.float32) * np.float32(scale)).astype(int)
        else:
            h = (2 * p + half) * H // (2 * P)
        return Sparse(P, H, p, np.minimum(h, H - 1), np.ones(P))
    if align_corners:
        scale = (H - 1) / (P - 1) if P > 1 else 0.0
    if antialias:
        return _antialiased(H, scale * (p + 0.5) - 0.5, max(scale, 1.0), mode)
    source = p * scale if align_corners else scale * (p + 0.5) - 0.5
    if mode == "bicubic":
        h = np.floor(source)[:, None] + np.arange(-1, 3)
        return _sparse(H, h, _cubic(source[:, None] - h, -0.75))
    h = np.floor(source)[:, None] + np.arange(2)
    return _sparse(H, h, _triangle(source[:, None] - h))


def _antialiased(H: int, source: Numbers, width: float, mode: str) -> Sparse:
    """Return weights that fall off `width` times as slowly, over the pixels that exist, and add up to 1."""
    reach = (2 if mode == "bicubic" else 1) * width
    first = np.maximum(np.trunc(source - reach + 1), 0)
    end = np.minimum(np.trunc(source + reach + 1), H)
    h = first[:, None] + np.arange(int((end - first).max()))
    distance = (h - source[:, None]) / width
    weight = _cubic(distance, -0.5) if mode == "bicubic" else _triangle(distance)
    weight = np.where(h < end[:, None], weight, 0)
    return _sparse(H, h, weight / weight.sum(1, keepdims=True))


def _sparse(H: int, h: Numbers, weight: Numbers) -> Sparse:
    """Return the matrix whose row p has weight[p, k] at h[p, k]; a pixel beyond the edge is the one at the edge."""
    p, k = np.nonzero(weight)
    return Sparse(len(h), H, p, np.clip(h[p, k], 0, H - 1).astype(int), weight[p, k])


def _triangle(t: Numbers) -> Numbers:
    """Return 1 - |t|, 0 from distance 1 on."""
    weight: Numbers = np.maximum(1 - np.abs(t), 0)
    return weight


def _cubic(t: Numbers, a: float) -> Numbers:
    """Return Keys' cubic: (a + 2)|t|³ - (a + 3)|t|² + 1 up to distance 1, a(|t|³ - 5|t|² + 8|t| - 4) up to 2."""
    t = np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0))
