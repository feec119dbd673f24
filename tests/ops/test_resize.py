import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from tests.ops.laws import *


def sources(H, P, align_corners, scale=None):
    """Return the place in the input that each output pixel comes from."""
    if align_corners:
        return np.linspace(0, H - 1, P) if P > 1 else np.zeros(1)
    return (np.arange(P) + 0.5) * (scale or H / P) - 0.5


def interpolated(x, size=None, scale_factor=None, mode="nearest", align_corners=False, **_):
    """Interpolate by SciPy (order 0 or 1), or by Keys' cubic, one plane after the other."""
    d = x.ndim - 2
    factors = [None] * d if scale_factor is None else np.broadcast_to(scale_factor, d)
    given = scale_factor is None
    out = np.broadcast_to(size, d) if given else [int(h * f) for h, f in zip(x.shape[2:], factors, strict=True)]
    scales = [None if f is None else 1 / f for f in factors]
    axes = [sources(H, P, align_corners, s) for H, P, s in zip(x.shape[2:], out, scales, strict=True)]
    if mode == "bicubic":
        return np.einsum("nchw,ph,qw->ncpq", x, *(cubic(H, t) for H, t in zip(x.shape[2:], axes, strict=True)))
    if mode.startswith("nearest"):
        half = 0.5 if mode == "nearest-exact" else 0.0
        at = np.ix_(*(
            np.minimum(np.floor((np.arange(P) + half) * (s or H / P) + 1e-9), H - 1).astype(int)
            for H, P, s in zip(x.shape[2:], out, scales, strict=True)
        ))  # fmt: skip
        return x[(..., *at)]
    grid = np.meshgrid(*(np.clip(t, 0, H - 1) for H, t in zip(x.shape[2:], axes, strict=True)), indexing="ij")
    planes = x.reshape(-1, *x.shape[2:])
    y = [ndimage.map_coordinates(plane, grid, order=1, mode="nearest") for plane in planes]
    return np.reshape(y, (*x.shape[:2], *out))


def cubic(H, places):
    """Return the matrix of cubic convolution, by the four polynomials of a = -3/4; edge pixels repeat."""
    a, A_ph = -0.75, np.zeros((len(places), H))
    for p, place in enumerate(places):
        t = place - np.floor(place)
        weights = [
            a * (t**3 - 2 * t**2 + t),
            (a + 2) * t**3 - (a + 3) * t**2 + 1,
            -(a + 2) * t**3 + (2 * a + 3) * t**2 - a * t,
            a * (t**2 - t**3),
        ]
        for k, weight in enumerate(weights):
            A_ph[p, np.clip(int(np.floor(place)) - 1 + k, 0, H - 1)] += weight
    return A_ph


def case(shape, name="interpolate", **options):
    return Case(name, getattr(ops, name), interpolated, [A(*shape)], options)


CASES = [
    case((2, 2, 5), size=3),
    case((1, 2, 3, 4), size=(5, 3)),
    case((1, 2, 3, 4), scale_factor=2),
    case((1, 1, 2, 3, 2), size=(3, 2, 4)),
    case((2, 2, 7), size=4, mode="nearest-exact"),
    case((1, 2, 4, 3), scale_factor=(1.5, 2.4), mode="nearest-exact"),
    case((2, 2, 5), size=8, mode="linear"),
    case((2, 2, 5), size=1, mode="linear", align_corners=True),
    case((1, 2, 3, 4), size=(5, 3), mode="bilinear"),
    case((1, 2, 3, 4), size=(5, 1), mode="bilinear", align_corners=True),
    case((1, 2, 3, 4), scale_factor=(1.7, 0.6), mode="bilinear", align_corners=False),
    case((0, 2, 3, 4), size=(5, 3), mode="bilinear"),
    case((1, 2, 4, 5), size=(7, 3), mode="bicubic"),
    case((1, 2, 4, 5), size=(6, 8), mode="bicubic", align_corners=True),
    case((1, 1, 2, 3, 2), size=(3, 2, 4), mode="trilinear"),
    Case("interpolate", ops.interpolate, None, [A(1, 2, 6, 4)], {"size": (3, 3), "mode": "bilinear", "antialias": True}),
    Case("interpolate", ops.interpolate, None, [A(1, 2, 5, 4)], {"size": (2, 3), "mode": "area"}),
    case((1, 2, 3, 4), name="upsample", scale_factor=2, mode="bilinear"),
]


@pytest.mark.parametrize(("mode", "kernel"), [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)])
@pytest.mark.parametrize("size", [(3, 4), (9, 15), (1, 1), (20, 3)])
def test_antialiasing_is_that_of_pillow(mode, kernel, size):
    x = np.random.default_rng(0).random((9, 11)).astype(np.float32)
    expected = np.asarray(Image.fromarray(x).resize(size[::-1], kernel))
    y = ops.interpolate(minigrad.tensor(x[None, None]), size=size, mode=mode, antialias=True)
    np.testing.assert_allclose(y.numpy()[0, 0], expected, rtol=1e-5, atol=1e-6)


def test_area_is_the_adaptive_average():
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(2, 3, 5, 7)))
    y = ops.interpolate(x, size=(2, 3), mode="area")
    np.testing.assert_array_equal(y.numpy(), ops.adaptive_avg_pool2d(x, (2, 3)).numpy())


def test_a_given_scale_sets_the_places_unless_it_is_recomputed_from_the_sizes():
    x = minigrad.tensor(np.arange(4.0).reshape(1, 1, 4))
    given = ops.interpolate(x, scale_factor=1.6, mode="linear").numpy()[0, 0]  # 6 pixels, H/P = 4/6
    np.testing.assert_allclose(given, np.clip((np.arange(6) + 0.5) / 1.6 - 0.5, 0, 3))
    again = ops.interpolate(x, scale_factor=1.6, mode="linear", recompute_scale_factor=True).numpy()[0, 0]
    np.testing.assert_allclose(again, np.clip((np.arange(6) + 0.5) * 4 / 6 - 0.5, 0, 3))


@pytest.mark.parametrize("mode", ["linear", "nearest", "nearest-exact"])
def test_a_constant_stays_constant_and_the_corners_can_be_kept(mode):
    flat = ops.interpolate(minigrad.full((1, 1, 5), 3.0), size=13, mode=mode)
    np.testing.assert_allclose(flat.numpy(), 3, rtol=1e-6)
    ramp = ops.interpolate(minigrad.tensor([[[0.0, 1.0, 2.0]]]), size=5, mode="linear", align_corners=True)
    np.testing.assert_allclose(ramp.numpy(), [[[0, 0.5, 1, 1.5, 2]]])


def test_an_infinite_pixel_does_not_spoil_an_output_that_lies_on_another():
    y = ops.interpolate(minigrad.tensor([[[1.0, np.inf, 2.0]]]), size=5, mode="linear", align_corners=True)
    np.testing.assert_array_equal(y.numpy(), [[[1, np.inf, np.inf, np.inf, 2]]])


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"size": None}, ArgumentError, "give either size or scale_factor"),
    ({"scale_factor": 2.0}, ArgumentError, "give either size or scale_factor"),
    ({"recompute_scale_factor": True}, ArgumentError, "recompute_scale_factor = True"),
    ({"size": (2, 2, 2)}, ArgumentError, "size must be one positive number or 2 of them, got (2, 2, 2)"),
    ({"size": 0}, ArgumentError, "size must be one positive number or 2 of them, got 0"),
    ({"size": 2.5}, ArgumentError, "the output size must be positive integers, got (2.5, 2.5)"),
    ({"size": None, "scale_factor": 0.2}, ArgumentError, "the output size must be positive integers, got (0, 0)"),
    ({"size": None, "scale_factor": float("nan")}, ArgumentError, "scale_factor must be one positive number"),
    ({"mode": "cubic"}, ArgumentError, "mode is 'cubic'; use one of nearest"),
    ({"mode": "linear"}, ShapeError, "mode 'linear' needs 3 axes (N, C, ...), got shape (1, 1, 4, 4)"),
    ({"mode": "nearest", "align_corners": True}, ArgumentError, "align_corners has no meaning for mode 'nearest'"),
    ({"mode": "area", "antialias": True}, ArgumentError, "antialias is for bilinear and bicubic, the mode is 'area'"),
    ({"input": minigrad.zeros(4, 4)}, ShapeError, "got shape (4, 4)"),
    ({"input": minigrad.zeros(1, 1, 0, 4)}, ShapeError, "have no pixels"),
    ({"input": minigrad.zeros(1, 1, 4, 4, dtype="int64")}, DtypeError, "needs a floating tensor, got int64"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    with pytest.raises(kind) as error:
        ops.interpolate(**{"input": minigrad.zeros(1, 1, 4, 4), "size": 2, **change})
    assert str(error.value).startswith("interpolate: ") and words in str(error.value)
