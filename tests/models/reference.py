"""Transformers in plain NumPy, from states with the names of public checkpoints. Independent of minigrad."""

import math

import numpy as np


def layer_norm(x, p, name, eps):
    y = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)
    return y * p[f"{name}.weight"] + p[f"{name}.bias"]


def rms_norm(x, weight):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * weight


def gelu(x):
    return x * np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)))(x)


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attend(q, k, v, heads, bias=0.0, scale=None):
    """Attend in one sequence, q (T, M), k and v (U, M); bias broadcasts to (A, T, U)."""
    split = lambda x: x.reshape(len(x), heads, -1).swapaxes(0, 1)
    q, k, v = split(q), split(k), split(v)
    with np.errstate(invalid="ignore"):
        score = q @ k.swapaxes(1, 2) * (q.shape[-1] ** -0.5 if scale is None else scale) + bias
    e = np.exp(score - score.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(q.shape[1], -1)


def linear(x, p, name):
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def gpt2(p, tokens, layers, heads):
    """Return the logits of GPT-2 for one sequence; weights are stored transposed."""
    conv = lambda x, name: x @ p[f"{name}.weight"] + p[f"{name}.bias"]
    T = len(tokens)
    later = np.where(np.tri(T, dtype=bool), 0, -np.inf)
    x = p["wte.weight"][tokens] + p["wpe.weight"][:T]
    for i in range(layers):
        h = f"h.{i}"
        q, k, v = np.split(conv(layer_norm(x, p, f"{h}.ln_1", 1e-5), f"{h}.attn.c_attn"), 3, -1)
        x = x + conv(attend(q, k, v, heads, later), f"{h}.attn.c_proj")
        x = x + conv(gelu_tanh(conv(layer_norm(x, p, f"{h}.ln_2", 1e-5), f"{h}.mlp.c_fc")), f"{h}.mlp.c_proj")
    return layer_norm(x, p, "ln_f", 1e-5) @ p["wte.weight"].T


def bert(p, tokens, segments, shown, layers, heads):
    """Return the vectors of BERT for one sequence, and the pooled one."""
    norm = lambda x, name: layer_norm(x, p, name, 1e-12)
    places = p["embeddings.position_embeddings.weight"][: len(tokens)]
    x = p["embeddings.word_embeddings.weight"][tokens] + places + p["embeddings.token_type_embeddings.weight"][segments]
    x = norm(x, "embeddings.LayerNorm")
    for i in range(layers):
        h = f"encoder.layer.{i}"
        q, k, v = (linear(x, p, f"{h}.attention.self.{part}") for part in ("query", "key", "value"))
        y = attend(q, k, v, heads, np.where(shown, 0, -np.inf))
        x = norm(x + linear(y, p, f"{h}.attention.output.dense"), f"{h}.attention.output.LayerNorm")
        y = linear(gelu(linear(x, p, f"{h}.intermediate.dense")), p, f"{h}.output.dense")
        x = norm(x + y, f"{h}.output.LayerNorm")
    return x, np.tanh(linear(x[0], p, "pooler.dense"))


def t5_stack(p, side, x, bias, layers, heads, memory=None, memory_bias=0.0):
    """Return what one stack of T5 makes of one sequence x (T, M)."""
    def look(x, seen, name, bias):
        q, k, v = (y @ p[f"{name}.{part}.weight"].T for y, part in ((x, "q"), (seen, "k"), (seen, "v")))
        return attend(q, k, v, heads, bias, 1.0) @ p[f"{name}.o.weight"].T

    for i in range(layers):
        h, last = f"{side}.block.{i}.layer", 1 if memory is None else 2
        normed = rms_norm(x, p[f"{h}.0.layer_norm.weight"])
        x = x + look(normed, normed, f"{h}.0.SelfAttention", bias)
        if memory is not None:
            x = x + look(rms_norm(x, p[f"{h}.1.layer_norm.weight"]), memory, f"{h}.1.EncDecAttention", memory_bias)
        normed = rms_norm(x, p[f"{h}.{last}.layer_norm.weight"])
        dense = f"{h}.{last}.DenseReluDense"
        x = x + np.maximum(normed @ p[f"{dense}.wi.weight"].T, 0) @ p[f"{dense}.wo.weight"].T
    return rms_norm(x, p[f"{side}.final_layer_norm.weight"])


def random_state(shapes, seed=0):
    """Draw a state with these shapes; norms are near 1."""
    rng = np.random.default_rng(seed)
    middle = lambda name: 1.0 if name.endswith("weight") and ("orm." in name or "ln_" in name) else 0.0
    return {name: rng.normal(middle(name), 0.4, shape) for name, shape in shapes.items()}
