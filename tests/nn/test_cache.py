import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor, nn
from minigrad.errors import GradientError, RangeError, ShapeError


def normal(*shape, seed=0):
    return Tensor(np.random.default_rng([seed, *shape]).normal(size=shape))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_what_was_appended_comes_back_in_order(lengths):
    cache = nn.KVCache()
    keys = [normal(2, 3, n, 4, seed=i) for i, n in enumerate(lengths)]
    values = [normal(2, 3, n, 5, seed=i) for i, n in enumerate(lengths)]
    for i in range(len(lengths)):
        k, v = cache.append(keys[i], values[i])
        np.testing.assert_array_equal(k.numpy(), np.concatenate([x.numpy() for x in keys[: i + 1]], 2))
        np.testing.assert_array_equal(v.numpy(), np.concatenate([x.numpy() for x in values[: i + 1]], 2))
        assert len(cache) == cache.length == sum(lengths[: i + 1])


def test_memory_is_enlarged_rarely():
    cache, stores = nn.KVCache(), set()
    for _ in range(1000):
        k, _ = cache.append(normal(1, 1, 1, 2), normal(1, 1, 1, 2))
        stores.add(id(k.array.base))
    assert len(stores) <= 8


def test_positions_are_forgotten_and_rows_selected():
    cache = nn.KVCache()
    k, v = normal(3, 2, 5, 4), normal(3, 2, 5, 4, seed=1)
    cache.append(k, v)
    cache.select([2, 2, 0, 1])
    cache.crop(3)
    more = normal(4, 2, 1, 4, seed=2)
    keys, values = cache.append(more, more)
    np.testing.assert_array_equal(keys.numpy(), np.concatenate([k.numpy()[[2, 2, 0, 1], :, :3], more.numpy()], 2))
    np.testing.assert_array_equal(values.numpy(), np.concatenate([v.numpy()[[2, 2, 0, 1], :, :3], more.numpy()], 2))


def test_attention_step_by_step_is_attention_at_once():
    q, k, v = normal(2, 3, 7, 4), normal(2, 3, 7, 4, seed=1), normal(2, 3, 7, 5, seed=2)
    attend = nn.functional.scaled_dot_product_attention
    cache, steps = nn.KVCache(), []
    for start, stop in [(0, 3), (3, 4), (4, 7)]:
        keys, values = cache.append(k[:, :, start:stop], v[:, :, start:stop])
        steps.append(attend(q[:, :, start:stop], keys, values, nn.causal_mask(stop - start, stop)).numpy())
    np.testing.assert_allclose(np.concatenate(steps, 2), attend(q, k, v, is_causal=True).numpy(), rtol=1e-10)


def test_gradients_do_not_vanish_silently():
    k = normal(1, 1, 2, 3).requires_grad_()
    with pytest.raises(GradientError, match="KVCache: gradients do not pass through a cache\nHint: generate inside no_grad"):
        nn.KVCache().append(k, k)
    with minigrad.no_grad():
        keys, _ = nn.KVCache().append(k, k)
    assert not keys.requires_grad


def test_bad_use_is_explained():
    cache = nn.KVCache()
    with pytest.raises(RangeError, match="nothing has been stored yet\nHint: append"):
        cache.entries()
    with pytest.raises(ShapeError, match="sizes other than T and U must stay the same\n  key   "):
        cache.append(normal(1, 2, 3, 4), normal(1, 2, 4, 4))
    cache.append(normal(1, 2, 3, 4), normal(1, 2, 3, 5))
    with pytest.raises(ShapeError, match="one cache serves one layer and one batch") as caught:
        cache.append(normal(2, 2, 1, 4), normal(2, 2, 1, 5))
    assert "stored keys   (..., U, E) = " in str(caught.value) and cache.length == 3
    with pytest.raises(RangeError, match="cannot keep 4 positions, 3 are stored"):
        cache.crop(4)
    with pytest.raises(RangeError, match="select: there is no row 1, the cache holds 1"):
        cache.select([0, 1])
