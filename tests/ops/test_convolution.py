import numpy as np
import pytest
from scipy import signal

import minigrad
from minigrad import ops
from minigrad.errors import ArgumentError, DtypeError, ShapeError
from tests.ops.laws import *


def correlated(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolve by scipy.signal.correlate, one image and one filter at a time."""
    d = w.ndim - 2
    batch = x if x.ndim == d + 2 else x[None]
    steps, pad, gaps = (np.broadcast_to(v, d) for v in (stride, padding, dilation))
    batch = np.pad(batch, [(0, 0), (0, 0), *zip(pad, pad, strict=True)])
    spread = np.zeros((*w.shape[:2], *(g * (r - 1) + 1 for g, r in zip(gaps, w.shape[2:], strict=True))))
    spread[(..., *(slice(None, None, g) for g in gaps))] = w
    per_filter, per_group = len(w) // groups, w.shape[1]
    keep = tuple(slice(None, None, s) for s in steps)
    y = np.stack([
        np.stack([
            signal.correlate(image[k // per_filter * per_group :][:per_group], spread[k], mode="valid")[0][keep]
            + (0 if b is None else b[k])
            for k in range(len(w))
        ])
        for image in batch
    ])  # fmt: skip
    return y if x.ndim == d + 2 else y[0]


SMALL = A(2, 2, 2)

CASES = [
    Case("conv1d", ops.conv1d, correlated, [A(2, 3, 6), A(4, 3, 3), A(4)], {"stride": 2, "padding": 1}),
    Case("conv1d", ops.conv1d, correlated, [A(3, 6), A(2, 3, 1)]),
    Case("conv2d", ops.conv2d, correlated, [A(2, 3, 4, 5), A(2, 3, 3, 2), A(2)]),
    Case("conv2d", ops.conv2d, correlated, [A(2, 2, 5, 4), A(2, 2, 2, 2)], {"stride": (2, 3), "padding": (0, 2)}),
    Case("conv2d", ops.conv2d, correlated, [A(1, 2, 5, 5), A(2, 1, 2, 2), A(2)], {"dilation": (2, 1), "groups": 2}),
    Case("conv2d", ops.conv2d, correlated, [A(2, 4, 4), A(4, 1, 2, 2)], {"groups": 2}),
    Case("conv2d", ops.conv2d, None, [A(1, 2, 3, 4), A(2, 2, 2, 3)], {"padding": "same"}),
    Case("conv2d", ops.conv2d, None, [A(0, 2, 3, 4), A(2, 2, 2, 3), A(2)]),
    Case("conv3d", ops.conv3d, correlated, [A(1, 2, 3, 2, 3), A(2, 2, 2, 1, 2), A(2)], {"padding": 1, "stride": 2}),
    Case("conv_transpose1d", ops.conv_transpose1d, None, [A(2, 2, 3), A(2, 3, 2), A(3)], {"stride": 2}),
    Case("conv_transpose2d", ops.conv_transpose2d, None, [A(1, 2, 2, 3), A(2, 2, 3, 2)], {"padding": 1, "stride": 2}),
    Case("conv_transpose2d", ops.conv_transpose2d, None, [SMALL, A(2, 1, 2, 2)], {"groups": 2, "dilation": 2}),
    Case("conv_transpose2d", ops.conv_transpose2d, None, [SMALL, A(2, 1, 2, 2)], {"stride": 3, "output_padding": 2}),
    Case("conv_transpose3d", ops.conv_transpose3d, None, [A(1, 1, 2, 1, 2), A(1, 2, 1, 2, 2), A(2)]),
]  # fmt: skip


@pytest.mark.parametrize("options", [
    {}, {"stride": 2}, {"padding": 1, "stride": (2, 3)}, {"dilation": 2, "padding": (0, 1)}, {"groups": 2, "stride": 3},
])  # fmt: skip
def test_the_transposed_convolution_is_the_adjoint_of_the_convolution(options):
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(2, 4, 7, 8)), rng.normal(size=(6, 4 // options.get("groups", 1), 2, 3))
    y = minigrad.conv2d(minigrad.tensor(x), minigrad.tensor(w), **options)
    v = rng.normal(size=y.shape)
    back = minigrad.conv_transpose2d(minigrad.tensor(v), minigrad.tensor(w), **options)
    rest = tuple(n - m for n, m in zip(x.shape[2:], back.shape[2:], strict=True))
    back = minigrad.conv_transpose2d(minigrad.tensor(v), minigrad.tensor(w), **options, output_padding=rest)
    assert back.shape == x.shape
    np.testing.assert_allclose((back.numpy() * x).sum(), (y.numpy() * v).sum())


def test_the_bias_of_a_transposed_convolution_reaches_every_pixel():
    y, w, b = minigrad.zeros(1, 2, 3, 3), minigrad.ones(2, 4, 2, 2), minigrad.tensor([0.0, 1.0, 2.0, 3.0])
    x = minigrad.conv_transpose2d(y, w, b, stride=2)
    np.testing.assert_array_equal(x.numpy(), np.broadcast_to(np.arange(4.0)[:, None, None], (1, 4, 6, 6)))


@pytest.mark.parametrize(("kernel", "dilation"), [((3, 3), 1), ((2, 4), 1), ((2, 3), 2)])
def test_same_padding_keeps_the_size_and_puts_the_odd_pixel_behind(kernel, dilation):
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=(1, 1, 6, 7)), rng.normal(size=(1, 1, *kernel))
    y = minigrad.conv2d(minigrad.tensor(x), minigrad.tensor(w), padding="same", dilation=dilation)
    total = [dilation * (r - 1) for r in kernel]
    padded = np.pad(x, [(0, 0), (0, 0), *((n // 2, n - n // 2) for n in total)])
    np.testing.assert_allclose(y.numpy(), correlated(padded, w, dilation=dilation))
    assert y.shape == x.shape


def test_channels_that_disagree_are_named_with_letters_and_a_hint():
    with pytest.raises(ShapeError) as error:
        minigrad.conv2d(minigrad.zeros(8, 3, 32, 32), minigrad.zeros(16, 4, 5, 5))
    message = str(error.value)
    assert message.startswith("conv2d: C is 3 in input but 4 in weight")
    assert "input  (N, C, H, W) = (8, 3, 32, 32)" in message
    assert "weight (K, C/groups, R, S) = (16, 4, 5, 5)" in message
    assert message.splitlines()[-1].startswith("Hint: build the layer with in_channels")


@pytest.mark.parametrize(("change", "kind", "words"), [
    ({"stride": 0}, ArgumentError, "stride must be at least 1, got 0"),
    ({"padding": -1}, ArgumentError, "padding must be at least 0, got -1"),
    ({"dilation": (1, 2, 3)}, ArgumentError, "dilation must be an integer or 2 of them"),
    ({"stride": 1.5}, ArgumentError, "stride must be an integer"),
    ({"padding": "full"}, ArgumentError, "padding is 'full'"),
    ({"padding": "same", "stride": 2}, ArgumentError, "needs stride 1"),
    ({"dilation": 5}, ShapeError, "the window does not fit into the image"),
    ({"groups": 2}, ShapeError, "groups = 2"),
    ({"bias": minigrad.zeros(3)}, ShapeError, "bias has shape (3,)"),
])  # fmt: skip
def test_bad_arguments_are_refused_with_their_values(change, kind, words):
    with pytest.raises(kind) as error:
        minigrad.conv2d(minigrad.zeros(1, 3, 6, 6), minigrad.zeros(4, 3, 3, 3), **change)
    assert "conv2d" in str(error.value) and words in str(error.value)


def test_wrong_axes_and_mixed_types_are_refused():
    with pytest.raises(ShapeError, match="input needs axes"):
        minigrad.conv2d(minigrad.zeros(6, 6), minigrad.zeros(4, 3, 3, 3))
    with pytest.raises(DtypeError, match="input is float64 but weight is float32"):
        minigrad.conv2d(minigrad.zeros(1, 3, 6, 6, dtype="float64"), minigrad.zeros(4, 3, 3, 3))
    with pytest.raises(ArgumentError, match="output_padding"):
        minigrad.conv_transpose2d(minigrad.zeros(1, 3, 6, 6), minigrad.zeros(3, 4, 3, 3), output_padding=1)


@pytest.mark.parametrize("op", [ops.conv2d, ops.conv_transpose2d])
def test_a_bias_of_another_type_is_refused(op):
    x, w = minigrad.zeros(1, 2, 4, 4), minigrad.zeros(2, 2, 3, 3)
    with pytest.raises(DtypeError, match=f"{op.__name__}: input is float32 but bias is float64"):
        op(x, w, minigrad.zeros(2, dtype="float64"))
