"""What every twin is held to: the numbers of its reference, for any shape, layout and special value."""

import numpy as np
from hypothesis import strategies as st

import minigrad
from minigrad import Tensor
from minigrad_kernels.cpu import elementwise, launch
from minigrad_kernels.cpu.workers import Crew

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e38, -1e38, 1e-40, -88.0, 89.0, -104.0, 20.0, -20.0]
LAYOUTS = {
    "dense": lambda a: a.copy(),
    "columns first": lambda a: a.T.copy().T,
    "every other": lambda a: np.repeat(a, 2, -1)[..., ::2] if a.ndim else a,
    "backwards": lambda a: a[::-1].copy()[::-1] if a.ndim else a,
    "unaligned": lambda a: np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
}


def laid_out(array, layout):
    """Return the same values in memory of another layout; for "unaligned", read-only too."""
    return LAYOUTS[layout](np.asarray(array))


def drawn(shape, seed=0, scale=2.0, special=False):
    """Return normal float32 numbers, some of them special."""
    rng = np.random.default_rng(seed)
    x = np.asarray(scale * rng.normal(size=shape), "float32")
    if special and x.size:
        x = np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL, shape), x).astype("float32")
    return x


@st.composite
def arrays(draw, count=1, special=False, shape=None):
    """Draw float32 arrays of one shape, each in a layout of its own."""
    if shape is None:
        shape = draw(st.lists(st.integers(0, 7), max_size=3).map(tuple) | st.sampled_from([(1,), (65,), (3, 70)]))
    seed = draw(st.integers(0, 2**32))
    return [laid_out(drawn(shape, seed + i, special=special), draw(st.sampled_from(sorted(LAYOUTS)))) for i in range(count)]


def assert_agrees(got, expected, rtol=2e-6, atol=2e-6):
    """Compare with what float64 arithmetic gave, as float32 holds it: NaN and infinities in the same places."""
    with np.errstate(all="ignore"):
        expected = np.asarray(expected).astype("float32")
    assert got.shape == expected.shape and got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


def exactly(loop, *arrays, **settings):
    """Return what a reference gives in float64."""
    with np.errstate(all="ignore"):
        return loop(*(a.astype("float64") if getattr(a, "dtype", None) == np.float32 else a for a in arrays), **settings)


def derivatives(op, *values, seed=9):
    """Return y and the gradients of an op for a random cotangent, with kernels and without."""
    results = []
    for mode in "auto", "reference":
        with minigrad.kernels(mode):
            leaves = [Tensor(v, requires_grad=True) for v in values]
            y = op(*leaves)
            y.backward(Tensor(drawn(y.shape, seed)))
            results.append([y.numpy(), *(x.grad.numpy() for x in leaves)])
    return zip(*results, strict=True)


def assert_derivatives_agree(op, *values, rtol=1e-4, atol=1e-5):
    """Hold an op to the same value and gradients with kernels and without."""
    for got, expected in derivatives(op, *values):
        assert got.shape == expected.shape and got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol * max(1.0, np.abs(expected).max(initial=0)))


def assert_thread_count_leaves_no_trace(monkeypatch, twin, parts=(2, 3)):
    """Hold a twin, called without arguments, to the same bits on one, two and three threads, its work in so many parts."""
    for module in (launch, elementwise):
        monkeypatch.setattr(module, "WORTHWHILE", 0)
    results, crews = [], []
    run = Crew.run
    monkeypatch.setattr(Crew, "run", lambda crew, works: (crews.append(len(works)), run(crew, works)))
    for threads in "123":
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        result = twin()
        results.append(result if isinstance(result, tuple) else (result,))
    assert set(crews) == set(parts), "the work was not split as it should be"
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
