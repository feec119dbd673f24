"""Five ways to check a gradient, as courses and frameworks do it, so that their eyesight can be compared.

    one element        ones as cotangent, one element drawn at random, tolerance 1e-2          (MiniTorch)
    whole gradient     ones as cotangent, every element, norm of the error                      (needle)
    random cotangent   a random cotangent, every element, relative error 1e-5                   (CS231n)
    whole Jacobian     a cotangent per output, every element, 1e-3 and 1e-5, backward twice     (PyTorch)
    minigrad           shapes and ties drawn, kinks known, nothing may be written to, order 2   (minigrad.testing)

The first four see one fixed shape per op, that of a typical course test. All are our own words for the style; the
suites they stand for hold more shapes. A checker here is a function of a call and a seed that raises if it finds fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from ...autograd import grad
from ...tensor import Tensor
from ..gradcheck import gradcheck, gradgradcheck
from .example import DRAWS, Arrays, Call

FloatArray: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True)
class Style:
    """A way to check gradients."""

    name: str
    check: Callable[[Call, int], None]

    def objection(self, call: Call, seed: int) -> Exception | None:
        """Return the error in which the checker says what it objects to, or None."""
        try:
            with np.errstate(all="ignore"):
                self.check(call, seed)
        except Exception as error:
            return error
        return None


def _backward(call: Call, arrays: Arrays, dy: FloatArray) -> list[FloatArray]:
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    found = grad(call.f(*xs), xs, Tensor(dy), allow_unused=True)
    return [np.zeros(x.shape) if g is None else g.numpy() for g, x in zip(found, xs, strict=True)]


def _value(call: Call, arrays: Arrays) -> FloatArray:
    result: FloatArray = call.f(*(Tensor(a) for a in arrays)).numpy().copy()
    return result


def _cotangent(call: Call, arrays: Arrays, seed: int) -> FloatArray:
    return np.asarray(np.random.default_rng([seed, 1]).normal(size=_value(call, arrays).shape))


def _slopes(
    call: Call, arrays: Arrays, step: float, chosen: Callable[[int], list[int]]
) -> Iterator[tuple[int, int, Any]]:
    """Yield (input, element, dy/dx) by central differences, for the elements that are chosen of each input."""
    for k, x in enumerate(arrays):
        for i in chosen(x.size):
            values = []
            for h in (step, -step):
                moved = [a.copy() for a in arrays]
                moved[k].reshape(-1)[i] += h
                values.append(_value(call, moved))
            yield k, i, (values[0] - values[1]) / (2 * step)


def one_element(call: Call, seed: int) -> None:
    """Compare one element per input, for a cotangent of ones."""
    rng, arrays = np.random.default_rng(seed), _typical(call, seed)
    got = _backward(call, arrays, np.ones(_value(call, arrays).shape))
    for k, i, slope in _slopes(call, arrays, 1e-6, lambda n: [int(rng.integers(n))]):
        np.testing.assert_allclose(got[k].reshape(-1)[i], slope.sum(), 1e-2, 1e-2)


def whole_gradient(call: Call, seed: int) -> None:
    """Compare every element, for a cotangent of ones, by the norm of the error."""
    arrays = _typical(call, seed)
    got = _backward(call, arrays, np.ones(_value(call, arrays).shape))
    errors = [got[k].reshape(-1)[i] - slope.sum() for k, i, slope in _slopes(call, arrays, 1e-5, _all)]
    assert np.linalg.norm(errors) < 1e-3


def random_cotangent(call: Call, seed: int) -> None:
    """Compare every element, for a random cotangent, by the relative error."""
    arrays = _typical(call, seed)
    dy = _cotangent(call, arrays, seed)
    got = _backward(call, arrays, dy)
    for k, i, slope in _slopes(call, arrays, 1e-5, _all):
        a, b = got[k].reshape(-1)[i], (slope * dy).sum()
        assert abs(a - b) <= 1e-5 * max(abs(a) + abs(b), 1e-3)


def whole_jacobian(call: Call, seed: int) -> None:
    """Compare every element of the Jacobian, and backward with itself."""
    arrays = _typical(call, seed)
    y = _value(call, arrays)
    slopes = list(_slopes(call, arrays, 1e-6, _all))
    for j in range(y.size):
        dy = np.zeros(y.size)
        dy[j] = 1
        got, again = (_backward(call, arrays, dy.reshape(y.shape)) for _ in range(2))
        for k, i, slope in slopes:
            np.testing.assert_allclose(got[k].reshape(-1)[i], slope.reshape(-1)[j], 1e-3, 1e-5)
            assert np.array_equal(got[k], again[k])


def minigrad(call: Call, seed: int) -> None:
    """Draw shapes and values, with and without ties, and hold each draw to first and second derivatives."""
    for draw in range(DRAWS):
        gradcheck(call.f, *call.drawn(DRAWS * seed + draw), seed=draw, zero="allowed")
    if call.order > 1:
        gradgradcheck(call.f, *_typical(call, seed), zero="allowed")


def _typical(call: Call, seed: int) -> Arrays:
    return replace(call, vary=None).drawn(2 * seed)  # even draws are smooth


def _all(n: int) -> list[int]:
    return list(range(n))


STYLES = [
    Style("one element", one_element),
    Style("whole gradient", whole_gradient),
    Style("random cotangent", random_cotangent),
    Style("whole Jacobian", whole_jacobian),
    Style("minigrad", minigrad),
]
