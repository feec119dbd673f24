"""Names of public checkpoints and what becomes of them; that the weights then compute the same is tested per model."""

import numpy as np
import pytest

from minigrad.errors import StateError
from minigrad.models.checkpoints import from_bert, from_gpt2, from_t5


def test_gpt2_is_turned_and_freed_of_its_masks():
    x = np.arange(6).reshape(2, 3)
    state = {"transformer.h.0.attn.c_attn.weight": x, "transformer.h.0.attn.c_attn.bias": x, "transformer.wte.weight": x,
             "transformer.h.0.attn.bias": x, "transformer.h.0.attn.masked_bias": x, "lm_head.weight": x}  # fmt: skip
    renamed = from_gpt2(state)
    assert list(renamed) == ["h.0.attn.c_attn.weight", "h.0.attn.c_attn.bias", "wte.weight"]
    assert renamed["h.0.attn.c_attn.weight"].shape == (3, 2) and renamed["wte.weight"].shape == (2, 3)


def test_bert_joins_query_key_and_value():
    parts = {part: np.full((2, 2), i) for i, part in enumerate(["query", "key", "value"])}
    state = {f"bert.encoder.layer.3.attention.self.{part}.weight": x for part, x in reversed(parts.items())}
    joined = from_bert(state | {"bert.embeddings.position_ids": 0, "bert.embeddings.LayerNorm.gamma": 1})
    assert sorted(joined) == ["bert.encoder.layers.3.self_attn.in_proj_weight", "bert.norm.weight"]
    assert joined["bert.encoder.layers.3.self_attn.in_proj_weight"][:, 0].tolist() == [0, 0, 1, 1, 2, 2]
    del state["bert.encoder.layer.3.attention.self.key.weight"]
    with pytest.raises(StateError, match=r"from_bert: the state has bert.encoder.layers.3.self_attn.query.weight but not bert.*key.weight"):
        from_bert(state)


def test_t5_norms_are_counted_from_the_end():
    names = ["encoder.block.1.layer.1.layer_norm.weight", "decoder.block.0.layer.1.layer_norm.weight",
             "decoder.block.0.layer.2.layer_norm.weight", "decoder.final_layer_norm.weight"]  # fmt: skip
    assert list(from_t5(dict.fromkeys(names, 0))) == [
        "encoder.1.norm3.weight", "decoder.0.norm2.weight", "decoder.0.norm3.weight", "decoder_norm.weight",
    ]  # fmt: skip
