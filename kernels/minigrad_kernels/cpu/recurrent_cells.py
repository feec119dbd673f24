"""The cells of recurrent layers, for one sequence and one step: all gates in one pass, and the way back.

    u   what input and memory ask for, W_ih x + W_hh h, one block of numbers per gate
    bias, h0, h   the biases, the state before and the state after
    gates         the gates, which backward needs

Each memory cell needs its own numbers only, so a loop over j is a loop over vector registers. The formulas are those of
minigrad/ops/recurrent_cell.py; on the way back, a gate's derivative is a function of the gate: σ' = σ (1 - σ),
tanh' = 1 - tanh². `dh` comes in as the gradient of the state after and leaves as the part of the gradient of the state
before that does not go through W_hh.
"""

from __future__ import annotations

from typing import Any

from . import fastmath as fm
from .compiled import compiled
from .fastmath import ONE, ZERO


@compiled
def tanh_step(u: Any, bias: Any, h: Any) -> None:
    """Set h = tanh(u + bias)."""
    for j in range(h.size):
        h[j] = fm.tanh(u[j] + bias[j])


@compiled
def tanh_back(dy: Any, dh: Any, h: Any, dz: Any) -> None:
    """Set dz = (dy + dh) (1 - h²)."""
    for j in range(h.size):
        dz[j] = (dy[j] + dh[j]) * (ONE - h[j] * h[j])
        dh[j] = ZERO


@compiled
def relu_step(u: Any, bias: Any, h: Any) -> None:
    """Set h = max(u + bias, 0); NaN stays."""
    for j in range(h.size):
        h[j] = fm.at_least(ZERO, u[j] + bias[j])


@compiled
def relu_back(dy: Any, dh: Any, h: Any, dz: Any) -> None:
    """Set dz = dy + dh where h > 0."""
    for j in range(h.size):
        dz[j] = dy[j] + dh[j] if h[j] > ZERO else ZERO
        dh[j] = ZERO


@compiled
def lstm_step(u: Any, bias: Any, c0: Any, gates: Any, c: Any, h: Any) -> None:
    """Set the gates i, f, g, o, then c = f c0 + i g and h = o tanh(c)."""
    n = u.size // 4
    ui, uf, ug, uo = u[:n], u[n : 2 * n], u[2 * n : 3 * n], u[3 * n :]
    bi, bf, bg, bo = bias[:n], bias[n : 2 * n], bias[2 * n : 3 * n], bias[3 * n :]
    to_i, to_f, to_g, to_o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for j in range(h.size):
        i, f = fm.sigmoid(ui[j] + bi[j]), fm.sigmoid(uf[j] + bf[j])
        g, o = fm.tanh(ug[j] + bg[j]), fm.sigmoid(uo[j] + bo[j])
        memory = f * c0[j] + i * g
        to_i[j], to_f[j], to_g[j], to_o[j] = i, f, g, o
        c[j] = memory
        h[j] = o * fm.tanh(memory)


@compiled
def lstm_back(dy: Any, dh: Any, dc: Any, gates: Any, c0: Any, c: Any, dz: Any) -> None:
    """Set dz, the gradient of i, f, g, o before they were squashed, and dc, that of c0."""
    n = gates.size // 4
    of_i, of_f, of_g, of_o = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    di, df, dg, do = dz[:n], dz[n : 2 * n], dz[2 * n : 3 * n], dz[3 * n :]
    for j in range(c.size):
        i, f, g, o, t = of_i[j], of_f[j], of_g[j], of_o[j], fm.tanh(c[j])
        d = dy[j] + dh[j]
        memory = dc[j] + d * o * (ONE - t * t)
        di[j] = memory * g * (i * (ONE - i))
        df[j] = memory * c0[j] * (f * (ONE - f))
        dg[j] = memory * i * (ONE - g * g)
        do[j] = d * t * (o * (ONE - o))
        dc[j] = memory * f
        dh[j] = ZERO


@compiled
def gru_step(u: Any, bias: Any, h0: Any, gates: Any, h: Any) -> None:
    """Set h = n + z (h0 - n), and the gates r, z, n and s = W_hn h0 + b_hn, which r multiplies.

    u has four blocks too: what both sides ask of r and z, what the input asks of n, and what the memory asks of n.
    """
    m = u.size // 4
    ur, uz, un, us = u[:m], u[m : 2 * m], u[2 * m : 3 * m], u[3 * m :]
    br, bz, bn, bs = bias[:m], bias[m : 2 * m], bias[2 * m : 3 * m], bias[3 * m :]
    to_r, to_z, to_n, to_s = gates[:m], gates[m : 2 * m], gates[2 * m : 3 * m], gates[3 * m :]
    for j in range(h.size):
        r, z, s = fm.sigmoid(ur[j] + br[j]), fm.sigmoid(uz[j] + bz[j]), us[j] + bs[j]
        n = fm.tanh(un[j] + bn[j] + r * s)
        to_r[j], to_z[j], to_n[j], to_s[j] = r, z, n, s
        h[j] = n + z * (h0[j] - n)


@compiled
def gru_back(dy: Any, dh: Any, gates: Any, h0: Any, dz: Any) -> None:
    """Set dz, four blocks: the gradient of n before it was squashed, of r and z likewise, and of s.

    The first three are what the input's side needs, the last three what the recurrent side needs.
    """
    m = gates.size // 4
    of_r, of_z, of_n, of_s = gates[:m], gates[m : 2 * m], gates[2 * m : 3 * m], gates[3 * m :]
    dn, dr, du, ds = dz[:m], dz[m : 2 * m], dz[2 * m : 3 * m], dz[3 * m :]
    for j in range(h0.size):
        r, z, n = of_r[j], of_z[j], of_n[j]
        d = dy[j] + dh[j]
        inside = d * (ONE - z) * (ONE - n * n)
        dn[j] = inside
        dr[j] = inside * of_s[j] * (r * (ONE - r))
        du[j] = d * (h0[j] - n) * (z * (ONE - z))
        ds[j] = inside * r
        dh[j] = d * z
