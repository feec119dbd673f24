import numpy as np
import pytest

from tests.cusim.simcupy import LEDGER

from .agreement import drawn, on_device


@pytest.mark.parametrize(("terms", "most", "shares"), [(10**6, 528, 528), (10**6, 0, 1), (511, 9, 1), (512, 9, 2), (0, 9, 1)])
def test_shares_are_never_short_and_cover_all_terms(twins, terms, most, shares):
    got, chunk = twins("conv_shares").shares_of(terms, most)
    assert 1 <= got <= shares and chunk % 32 == 0 and (got - 1) * chunk <= terms <= got * chunk
    assert got == 1 or chunk >= 256


@pytest.mark.parametrize(("count", "launches"), [(1, 0), (2, 1), (31, 1), (32, 1), (300, 1)])
def test_shares_are_added(twins, count, launches):
    x = drawn((count, 3, 5, 7))
    on_gpu = on_device(x)
    with LEDGER.counting() as counts:
        got = twins("conv_shares").added(on_gpu)
    assert counts.launches == launches and got.shape == (3, 5, 7)
    np.testing.assert_allclose(got.get(), x.sum(0, dtype="float64"), rtol=1e-5, atol=1e-5)
