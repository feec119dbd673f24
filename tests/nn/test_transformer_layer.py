import numpy as np
import pytest

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import ArgumentError
from minigrad.testing import gradcheck, gradgradcheck


def normal(*shape, seed=0):
    return Tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


def encoder(**options):
    return nn.TransformerEncoderLayer(4, 2, 6, **{"dropout": 0.0, "batch_first": True, **options}).double()


def decoder(**options):
    return nn.TransformerDecoderLayer(4, 2, 6, **{"dropout": 0.0, "batch_first": True, **options}).double()


@pytest.mark.parametrize("norm_first", [False, True])
def test_post_norm_and_pre_norm_are_the_formulas_at_the_top(norm_first):
    x, memory = normal(2, 3, 4), normal(2, 5, 4)
    e, d = encoder(norm_first=norm_first), decoder(norm_first=norm_first)
    for i, p in enumerate([*e.parameters(), *d.parameters()]):
        nn.init.normal_(p, std=0.5, generator=minigrad.Generator(i))
    feed = lambda layer: lambda x: layer.linear2(minigrad.relu(layer.linear1(x)))
    add = lambda x, f, norm: x + f(norm(x)) if norm_first else norm(x + f(x))
    look = lambda layer: lambda x: layer.self_attn(x, x, x)[0]
    expected = add(add(x, look(e), e.norm1), feed(e), e.norm2)
    np.testing.assert_allclose(e(x).numpy(), expected.numpy(), rtol=1e-10)
    recall = lambda x: d.multihead_attn(x, memory, memory)[0]
    expected = add(add(add(x, look(d), d.norm1), recall, d.norm2), feed(d), d.norm3)
    np.testing.assert_allclose(d(x, memory).numpy(), expected.numpy(), rtol=1e-10)


def test_causal_layers_do_not_know_what_comes_later():
    x, memory = normal(2, 5, 4).requires_grad_(), normal(2, 3, 4)
    for y in (encoder()(x, is_causal=True), decoder(norm_first=True)(x, memory, tgt_is_causal=True)):
        x.grad = None
        (y[:, :2] * normal(2, 2, 4, seed=1)).sum().backward()
        assert not x.grad[:, 2:].numpy().any() and x.grad[:, :2].numpy().all()


def test_activations_are_names_or_functions():
    x = normal(2, 3, 4)
    layers = [encoder(activation=a) for a in ("gelu", minigrad.gelu, nn.GELU(), "relu")]
    for layer in layers:
        layer.load_state_dict(layers[0].state_dict())
    ys = [layer(x).numpy() for layer in layers]
    assert np.array_equal(ys[0], ys[1]) and np.array_equal(ys[0], ys[2]) and not np.allclose(ys[0], ys[3])
    with pytest.raises(ArgumentError, match="TransformerEncoderLayer: activation is 'tanh'; use \"relu\", \"gelu\" or a function"):
        encoder(activation="tanh")


def test_dropout_is_for_training():
    layer, x = encoder(dropout=0.5), normal(2, 3, 4)
    assert not layer(x).equal(layer(x))
    assert layer.eval()(x).equal(layer(x))


@pytest.mark.parametrize("norm_first", [False, True])
def test_derivatives_agree_with_differences(norm_first):
    layer = decoder(norm_first=norm_first, activation="gelu")
    layer.requires_grad_(False)
    f = lambda x, memory: layer(x, memory, tgt_is_causal=True)
    gradcheck(f, normal(1, 3, 4), normal(1, 2, 4))
    gradgradcheck(f, normal(1, 2, 4), normal(1, 2, 4), rtol=1e-4)


def test_without_biases_there_are_none():
    assert not [name for name, _ in decoder(bias=False).named_parameters() if "bias" in name]
