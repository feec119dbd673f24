import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError, ShapeError


def normal(*shape, seed=0):
    return Tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


def transformer(**options):
    return nn.Transformer(4, 2, 2, 1, 6, **{"dropout": 0.0, "batch_first": True, **options}).double()


def test_a_stack_applies_copies_of_a_layer_that_are_trained_apart():
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True).double()
    stack, x = nn.TransformerEncoder(layer, 3), normal(2, 5, 4)
    np.testing.assert_array_equal(stack(x).numpy(), layer(layer(layer(x))).numpy())
    assert len({id(p) for p in [*layer.parameters(), *stack.parameters()]}) == 4 * len(list(layer.parameters()))
    normed = nn.TransformerEncoder(layer, 1, nn.LayerNorm(4).double())
    np.testing.assert_allclose(normed(x).numpy(), normed.norm(layer(x)).numpy(), rtol=1e-12)


def test_masks_reach_every_layer():
    layer = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True).double()
    stack, x = nn.TransformerEncoder(layer, 2), normal(2, 5, 4)
    mask, hidden = nn.causal_mask(5).logical_not(), Tensor(np.array([[False] * 5, [False] * 3 + [True] * 2]))
    step = lambda x: layer(x, mask, hidden)
    np.testing.assert_array_equal(stack(x, mask, hidden).numpy(), step(step(x)).numpy())
    np.testing.assert_allclose(stack(x, None, hidden, is_causal=True).numpy(), stack(x, mask, hidden).numpy(), rtol=1e-12)
    decoder = nn.TransformerDecoderLayer(4, 2, 6, 0.0, batch_first=True).double()
    memory = normal(2, 5, 4, seed=1)
    options = {"tgt_mask": mask, "memory_mask": mask, "tgt_key_padding_mask": hidden, "memory_key_padding_mask": hidden}
    got, step = nn.TransformerDecoder(decoder, 2)(x, memory, **options), lambda x: decoder(x, memory, **options)
    np.testing.assert_array_equal(got.numpy(), step(step(x)).numpy())


def test_the_decoder_sees_the_whole_source_and_only_earlier_targets():
    model, src, tgt = transformer(), normal(2, 4, 4).requires_grad_(), normal(2, 5, 4, seed=1).requires_grad_()
    y = model(src, tgt, tgt_is_causal=True)
    np.testing.assert_allclose(y.numpy(), model(src, tgt, tgt_mask=model.generate_square_subsequent_mask(5)).numpy(), rtol=1e-10)
    (y[:, :2] * normal(2, 2, 4, seed=2)).sum().backward()
    assert not tgt.grad[:, 2:].numpy().any() and tgt.grad[:, :2].numpy().all() and src.grad.numpy().all()
    assert all(np.abs(p.grad.numpy()).max() > 0 for p in model.parameters())


def test_layouts_agree():
    first, second = transformer(), transformer(batch_first=False)
    second.load_state_dict(first.state_dict())
    src, tgt = normal(2, 4, 4), normal(2, 5, 4)
    y = first(src, tgt)
    np.testing.assert_allclose(second(src.transpose(0, 1), tgt.transpose(0, 1)).transpose(0, 1).numpy(), y.numpy(), rtol=1e-10)
    np.testing.assert_allclose(second(src[0], tgt[0]).numpy(), y[0].numpy(), rtol=1e-10)


def test_stacks_of_ones_own_are_taken():
    own = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1, 3, 0.0, batch_first=True), 0).double()
    model = transformer(custom_encoder=own)
    assert model.encoder is own and len(own.layers) == 0
    src, tgt = normal(2, 4, 4), normal(2, 5, 4)
    np.testing.assert_array_equal(model(src, tgt).numpy(), model.decoder(tgt, src).numpy())


def test_the_size_of_the_papers_base_model():
    attention, feed, norm = 4 * (512 * 512 + 512), 2 * 512 * 2048 + 2048 + 512, 2 * 512
    whole = 6 * (attention + feed + 2 * norm) + norm + 6 * (2 * attention + feed + 3 * norm) + norm
    assert sum(p.numel() for p in nn.Transformer().parameters()) == whole == 44_140_544


def test_bad_arguments_are_explained():
    with pytest.raises(ShapeError, match=r"Transformer: src \(2, 4, 4\) and tgt \(3, 5, 4\) must have as many sequences, axis 0\nHint: .*=True"):
        transformer()(normal(2, 4, 4), normal(3, 5, 4))
    with pytest.raises(ShapeError, match=r"src \(4, 4\) and tgt \(3, 5, 4\)"):
        transformer()(normal(4, 4), normal(3, 5, 4))
    with pytest.raises(ArgumentError, match="TransformerEncoder: num_layers must not be negative, got -1"):
        nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1), -1)
    with pytest.raises(ShapeError, match="attn_mask has shape"):
        transformer()(normal(2, 4, 4), normal(2, 5, 4), tgt_mask=minigrad.zeros(4, 4))
