"""Hold the convolution kernels to the definition on random geometries:

    python -m tests.kernels.fuzz_conv --examples 20000

Every example is one geometry, computed by all algorithms that suit it, in all three passes: the output, the gradient of
the image and the gradient of the filters. MINIGRAD_LANES=4, 8 or 16 chooses the width of vectors.
"""

import argparse
import ctypes
import mmap
import sys
from itertools import product

import numpy as np

from minigrad.errors import ShapeError
from minigrad.ops.geometry import Geometry, window_count
from minigrad_kernels.cpu import direct, winograd
from minigrad_kernels.cpu.threads import set_num_threads

TOLERANCE = {direct: 3e-6, winograd: 6e-5}  # of the largest number


def definition(x, w, y, g):
    """Return ∂T/∂y, ∂T/∂x and ∂T/∂w of the trilinear form, in float64, tap by tap and group by group."""
    x, w, y = (a.astype("float64") for a in (x, w, y))
    margins = [(f, max(0, s * (p - 1) + t * (r - 1) + 1 - f - n)) for n, p, r, s, f, t in zip(*g[:6], strict=True)]
    seen = np.pad(x, [(0, 0), (0, 0), *margins])
    slid, painted, matched = np.zeros_like(y), np.zeros_like(seen), np.zeros_like(w)
    C, K = w.shape[1], len(w) // g.groups
    for group, place in product(range(g.groups), product(*map(range, g.kernel))):
        c, k = slice(group * C, (group + 1) * C), slice(group * K, (group + 1) * K)
        window = tuple(
            slice(t * r, t * r + s * (p - 1) + 1, s) for r, p, s, t in zip(place, g.out, g.stride, g.dilation, strict=True)
        )
        pixels, tap = (slice(None), c, *window), w[(k, slice(None), *place)]
        slid[:, k] += np.einsum("kc,nc...->nk...", tap, seen[pixels])
        painted[pixels] += np.einsum("kc,nk...->nc...", tap, y[:, k])
        flat = [a.reshape(len(x), a.shape[1], -1) for a in (y[:, k], seen[pixels])]
        matched[(k, slice(None), *place)] = np.einsum("nkp,ncp->kc", *flat)
    inner = tuple(slice(f, f + n) for n, (f, _) in zip(g.size, margins, strict=True))
    return slid, painted[(..., *inner)], matched


def random_geometry(rng):
    """Return a geometry, mostly small; every third one suits Winograd's algorithm, some have whole vectors for rows."""
    d, kind = int(rng.choice([1, 2, 2, 2, 3])), rng.random()
    if kind > 0.97:
        size, taps = (int(rng.integers(60, 70)), 16 * int(rng.integers(1, 4))), int(rng.choice([1, 3]))
        return Geometry(size, (), (taps,) * 2, (1, 1), (taps // 2,) * 2, (1, 1))
    if kind < 1 / 3:
        size, padding = tuple(rng.integers(1, 24, 2)), tuple(rng.integers(0, 4, 2))
        return Geometry(tuple(map(int, size)), (), (3, 3), (1, 1), tuple(map(int, padding)), (1, 1))
    most = {1: 70, 2: 22, 3: 8}[d] if rng.random() < 0.8 else {1: 300, 2: 50, 3: 12}[d]
    size, kernel, stride, padding, dilation = (
        tuple(int(n) for n in rng.integers(low, high, d)) for low, high in ((1, most), (1, 6), (1, 4), (0, 4), (1, 4))
    )
    stride = (1,) * d if rng.random() < 0.4 else stride
    return Geometry(size, (), kernel, stride, padding, dilation, int(rng.choice([1, 1, 2, 3, 8])))


def random_problem(rng, channels=range(1, 20), place=None):
    """Return a geometry whose windows fit, and arrays x, w and y for it, with any of the given numbers of channels."""
    while True:
        g = random_geometry(rng)
        try:
            g = window_count("fuzz", g, g.padding)
            break
        except ShapeError:
            continue
    N, C, K = int(rng.integers(1, 6)), int(rng.choice(channels)), int(rng.choice(channels))
    C, K = (1, 1) if g.groups == 8 else (C, K)
    shapes = (N, C * g.groups, *g.size), (K * g.groups, C, *g.kernel), (N, K * g.groups, *g.out)
    arrays = [rng.normal(size=shape).astype("float32") for shape in shapes]
    return g, *(any_layout(array, rng) if place is None else place(array) for array in arrays)


def any_layout(array, rng):
    """Return the same numbers as they are, or in memory that is not contiguous, or read-only."""
    kind = rng.integers(0, 6)
    if kind == 0:
        return np.asfortranarray(array)
    if kind == 1:
        return np.repeat(array, 2, -1)[..., ::2]
    if kind == 2:
        array.flags.writeable = False
    return array


def at_the_end_of_memory(array):
    """Return a copy that ends where a page ends, in front of one that may not be read (Linux)."""
    pages = -(-array.nbytes // mmap.PAGESIZE) + 1
    memory = mmap.mmap(-1, pages * mmap.PAGESIZE)
    copy = np.frombuffer(memory, array.dtype)[: -mmap.PAGESIZE // 4][-array.size :].reshape(array.shape)
    copy[...] = array
    guard = ctypes.addressof(ctypes.c_char.from_buffer(memory)) + (pages - 1) * mmap.PAGESIZE
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(guard), mmap.PAGESIZE, 0) == 0
    return copy


def worst_errors(g, x, w, y):
    """Return, for each algorithm that suits the geometry, the largest error of each pass, of the largest number."""
    expected = definition(x, w, y, g)
    suits = g.kernel == (3, 3) and g.groups == 1 and set(g.stride) == set(g.dilation) == {1}
    errors = {}
    for module in (direct, winograd) if suits else (direct,):
        got = module.slide(x, w, g), module.paint(y, w, g), module.match(x, y, g)
        assert all(a.shape == b.shape and a.dtype == np.float32 for a, b in zip(got, expected, strict=True)), g
        scales = [max(1.0, np.abs(b).max(initial=0)) for b in expected]
        errors[module] = [np.abs(a - b).max(initial=0) / s for a, b, s in zip(got, expected, scales, strict=True)]
    return errors


def main():
    """Run the examples, with a progress bar; exit with 1 at the first that is wrong."""
    from rich.progress import track

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--guard", action="store_true", help="crash if anything behind an array is read")
    options = parser.parse_args()
    direct.WORTHWHILE = winograd.WORTHWHILE = 0
    worst, runs = {}, 0
    for seed in track(range(options.seed, options.seed + options.examples), "random convolutions"):
        rng = np.random.default_rng(seed)
        set_num_threads(int(rng.integers(1, 3)))
        g, x, w, y = random_problem(rng, place=at_the_end_of_memory if options.guard else None)
        for module, errors in worst_errors(g, x, w, y).items():
            name = module.__name__.rpartition(".")[2]
            if not max(errors) < TOLERANCE[module]:
                sys.exit(f"{name}, seed {seed}: errors {errors}\n  {g}\n  x {x.shape}, w {w.shape}")
            worst[name], runs = np.maximum(worst.get(name, 0), errors), runs + 1
    for name, errors in worst.items():
        print(f"{name:10s} worst errors: slide {errors[0]:.1e}, paint {errors[1]:.1e}, match {errors[2]:.1e}")
    print(f"{options.examples} geometries, {runs} runs of three passes: all within tolerance")


if __name__ == "__main__":
    main()
