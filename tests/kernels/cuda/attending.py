"""Attention for the tests of its kernels: the definition in float64, and launchers made to multiply in one way."""

import numpy as np

from minigrad.random import RngState, uniform_at
from minigrad_kernels import registry

from .agreement import INSTANCE, drawn, on_device

TOLERANCE = {"highest": 2e-6, "high": 2e-3, "medium": 2e-2, "float16": 2e-3}  # relative to the largest number
NARROWEST = {"highest": 32, "high": 64, "medium": 64, "float16": 64}
NEEDED = [True, True, True, False]
SEES_ALL = {"mask": None, "causal": False, "scale": 0.4, "dropped": None}
DROPPED = (0.3, (2**63 + 5, 77))
NAMES = ["y", "lse", "dq", "dk", "dv"]


def prepared(attention, monkeypatch, kind, width=None):
    """Make the launcher multiply in one way, with tiles of one width alone, and return it."""
    width = width or NARROWEST[kind]
    monkeypatch.setattr(registry.choice, "precision", "highest" if kind == "float16" else kind)
    cores, suffix = attention.CORES[kind].name, attention.CORES[kind].suffix
    kernels = {attention.PROGRAM: ["attention_forward"], attention.BACKWARD: ["attention_dq", "attention_dkv"]}
    for program, names in kernels.items():
        lines = [f"{name}{suffix}<{cores}{width}>>" for name in names]
        lines += [f"attention_dots{suffix}"] if program is attention.BACKWARD else []
        program.text = INSTANCE.sub("", program.text) + "".join(f"// INSTANCE: {line}\n" for line in lines)
    return attention


def operands(lead, T, U, E, F, kind="highest"):
    """Return dy, q, k and v."""
    sizes = [(T, F), (T, E), (U, E), (U, F)]
    return [drawn((*lead, *s), i, scale=1).astype("f2" if kind == "float16" else "f4") for i, s in enumerate(sizes)]


def definition(dy, q, k, v, mask, causal, scale, dropped):
    """Return y, lse and all gradients in float64."""
    dy, q, k, v = (x.astype("f8") for x in (dy, q, k, v))
    score = scale * q @ k.swapaxes(-1, -2)
    if mask is not None:
        score = np.where(mask, score, -np.inf) if mask.dtype == bool else score + mask
    if causal:
        score = np.where(np.tri(*score.shape[-2:], dtype=bool), score, -np.inf)
    blind = (score == -np.inf).all(-1, keepdims=True)
    m = np.where(blind, 0, score.max(-1, keepdims=True))
    total = np.exp(score - m).sum(-1, keepdims=True)
    weight = np.exp(score - m) / np.where(blind, 1, total)
    lse = np.where(blind, np.inf, m + np.log(np.where(blind, 1, total)))[..., 0]
    factor = 1.0
    if dropped is not None:
        p, start = dropped
        kept = uniform_at(RngState(*start), score.size, np.dtype("f4")) >= np.float32(p)
        factor = kept.reshape(score.shape) / (1 - p)
    y, dweight = (weight * factor) @ v, dy @ v.swapaxes(-1, -2) * factor
    ds = weight * (dweight - (dweight * weight).sum(-1, keepdims=True)) * scale
    return y, lse, ds @ k, ds.swapaxes(-1, -2) @ q, (weight * factor).swapaxes(-1, -2) @ dy


def launched(attention, dy, q, k, v, mask, causal, scale, dropped, needed=NEEDED, layout="dense"):
    """Return y, lse and the gradients that the launchers give, from the device."""
    dy, q, k, v = on_device(dy, q, k, v, layout=layout)
    rest = (None if mask is None else on_device(mask, layout=layout), causal, scale, dropped)
    y, lse = attention.attention_forward(q, k, v, *rest)
    *gradients, of_mask = attention.attention_backward(dy, y, lse, needed, q, k, v, *rest)
    assert of_mask is None and lse.dtype == np.float32 and all(x is None or x.dtype == q.dtype for x in (y, *gradients))
    return [None if x is None else x.get() for x in (y, lse.reshape(q.shape[:-1]), *gradients)]


def assert_right(attention, kind, arrays, layout="dense", **settings):
    settings = {**SEES_ALL, **settings}
    assert_close(kind, launched(attention, *arrays, **settings, layout=layout), definition(*arrays, **settings))


def assert_close(kind, got, expected):
    for name, a, b in zip(NAMES, got, expected, strict=True):
        size = np.abs(b[np.isfinite(b)]).max(initial=1)
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[kind] * size, err_msg=name)
