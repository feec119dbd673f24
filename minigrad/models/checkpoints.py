"""Checkpoints of others, renamed: their weights in our models.

Each function takes a state by its names (tensors or arrays, as read from a file) and returns one that
`load_state_dict` of the model takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import StateError

BERT_NAMES = [  # replaced in this order
    ("embeddings.word_embeddings.", "words."), ("embeddings.position_embeddings.", "positions."),
    ("embeddings.token_type_embeddings.", "segments."), ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "encoder.layers."), ("attention.self.", "self_attn."),
    ("attention.output.dense.", "self_attn.out_proj."), ("attention.output.LayerNorm.", "norm1."),
    ("intermediate.dense.", "linear1."), ("output.dense.", "linear2."), ("output.LayerNorm.", "norm2."),
    ("pooler.dense.", "pooler."), ("cls.predictions.transform.dense.", "transform."),
    ("cls.predictions.transform.LayerNorm.", "norm."), ("cls.predictions.bias", "bias"),
    ("cls.seq_relationship.", "follows."), (".gamma", ".weight"), (".beta", ".bias"),
]  # fmt: skip
T5_NAMES = [
    (".layer.0.SelfAttention.relative_attention_bias.", ".bias."), (".layer.0.SelfAttention.", ".attention."),
    (".layer.1.EncDecAttention.", ".recall."), (".layer.1.DenseReluDense.", "."), (".layer.2.DenseReluDense.", "."),
    (".layer.0.layer_norm.", ".norm1."), ("encoder.block.", "encoder."), ("decoder.block.", "decoder."),
    ("encoder.0.bias.", "encoder_bias."), ("decoder.0.bias.", "decoder_bias."),
    ("encoder.final_layer_norm.", "encoder_norm."), ("decoder.final_layer_norm.", "decoder_norm."),
]  # fmt: skip


def from_gpt2(state: Mapping[str, Any]) -> dict[str, Any]:
    """Rename a GPT-2 checkpoint, with or without "transformer." in front of its names, for a `GPT`.

    GPT-2 stores the weights of its layers transposed. Its causal masks and its second copy of the words are left out.
    """
    renamed = {name.removeprefix("transformer."): value for name, value in state.items() if name != "lm_head.weight"}
    kept = {name: value for name, value in renamed.items() if not name.endswith((".attn.bias", ".attn.masked_bias"))}
    turned = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    return {name: value.T if name.endswith(turned) else value for name, value in kept.items()}


def from_bert(state: Mapping[str, Any]) -> dict[str, Any]:
    """Rename a BERT or MiniLM checkpoint for a `BERT`, or for a `BERTForPretraining` if it has heads ("cls.").

    The names are those of BERT_NAMES; a "bert." in front stays. Query, key and value become one matrix, in_proj.
    """
    renamed = dict[str, Any]()
    for name, value in state.items():
        if not name.endswith("position_ids") and not name.startswith("cls.predictions.decoder."):
            for theirs, ours in BERT_NAMES:
                name = name.replace(theirs, ours)
            renamed[name] = value
    for name in [name for name in renamed if ".self_attn.query." in name]:
        names = [name.replace(".query.", f".{part}.") for part in ("query", "key", "value")]
        missing = [part for part in names if part not in renamed]
        if missing:
            raise StateError(f"from_bert: the state has {name} but not {missing[0]}")
        parts = [np.asarray(renamed.pop(part)) for part in names]
        renamed[name.replace(".query.", ".in_proj_")] = np.concatenate(parts)
    return renamed


def from_t5(state: Mapping[str, Any]) -> dict[str, Any]:
    """Rename a T5 checkpoint (of version 1.0: relu, tied words) for a `T5`, by T5_NAMES."""
    renamed = dict[str, Any]()
    for name, value in state.items():
        if name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"):
            continue  # copies of shared.weight
        last_norm = {"encoder": ".layer.1.layer_norm.", "decoder": ".layer.2.layer_norm."}.get(name.split(".")[0], "")
        name = name.replace(last_norm, ".norm3.") if last_norm else name
        name = name.replace(".layer.1.layer_norm.", ".norm2.")
        for theirs, ours in T5_NAMES:
            name = name.replace(theirs, ours)
        renamed[name] = value
    return renamed
