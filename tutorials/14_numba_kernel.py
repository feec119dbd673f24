# %% [markdown]
# # A kernel: from naive to fast
#
# All layers of this course are, in the end, products of matrices. The same multiplications and additions can take
# thirty times longer in one order than in another.
#
# *You build:* a matrix product in Numba, three times. *You need:* lesson 6. *Run time:* 15 s. The times below are of
# the machine that built this page, which had other work to do.
#
# ## Count first
#
# C = A B with n × n matrices takes n³ multiplications and n³ additions: 2n³ *flops*. Divide by the time, and you have
# a number that can be compared with what the processor could do.

# %%
import time

import matplotlib.pyplot as plt
import numpy as np
from numba import njit

from minigrad_kernels.cpu.matmul_ladder import RUNGS, measure

rng = np.random.default_rng(0)


def speed(multiply, n, rounds=3):
    """Return Gflop/s, the best of some rounds of processor time."""
    A, B, C = (rng.random((n, n), np.float32) for _ in range(3))
    multiply(A, B, C)
    times = []
    for _ in range(rounds):
        start = time.process_time()
        multiply(A, B, C)
        times.append(time.process_time() - start)
    return 2 * n**3 / min(times) / 1e9


def python_loops(A, B, C):
    """The definition."""
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = np.float32(0)
            for k in range(A.shape[1]):
                total += A[i, k] * B[k, j]
            C[i, j] = total


speeds = {"Python": speed(python_loops, 60, 1)}
print(f"Python: {speeds['Python']:.4f} Gflop/s")  # ~ any

# %% [markdown]
# ## The same lines, compiled
#
# Numba reads the bytecode of a function and compiles it for the types that it is called with. Not one line changes.

# %%
compiled_loops = njit(python_loops)
speeds["compiled"] = speed(compiled_loops, 384)
faster = speeds["compiled"] / speeds["Python"]
print(f"compiled: {speeds['compiled']:.2f} Gflop/s, {faster:,.0f} times as fast")  # ~ any

# %% [markdown]
# ## Another order
#
# The inner loop walks down a column of B. Numbers of a column lie n apart in memory, and the processor fetches 16
# neighbours, a cache line, for each one that is used. Exchange the loops over j and k, and the inner loop walks along
# rows of B and C. Numbers beside each other also fit into vector registers, 8 or 16 at a time.

# %%
@njit(fastmath={"contract"})
def by_rows(A, B, C):
    C[:] = np.float32(0)
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]


speeds["rows"] = speed(by_rows, 384)
print(f"rows: {speeds['rows']:.1f} Gflop/s")  # ~ any

# %% [markdown]
# `fastmath={"contract"}` allows one thing: a multiplication and an addition may be done as one instruction with one
# rounding. Full `fastmath=True` would also allow the compiler to assume that nothing is NaN, and a kernel that hides
# a NaN is worse than a slow one.
#
# ## Use what you have loaded
#
# Each multiplication still loads a number of C and stores it again. Four rows of B at a time, and one load and store
# serves four.

# %%
@njit(fastmath={"contract"})
def fours(A, B, C):
    C[:] = np.float32(0)
    whole = A.shape[1] // 4 * 4
    for i in range(A.shape[0]):
        for k in range(0, whole, 4):
            a0, a1, a2, a3 = A[i, k], A[i, k + 1], A[i, k + 2], A[i, k + 3]
            for j in range(B.shape[1]):
                C[i, j] += a0 * B[k, j] + a1 * B[k + 1, j] + a2 * B[k + 2, j] + a3 * B[k + 3, j]
        for k in range(whole, A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


speeds["fours"] = speed(fours, 384)
print(f"fours: {speeds['fours']:.1f} Gflop/s")  # ~ any

# %% [markdown]
# ## To the end of the ladder
#
# A tile of C that stays in registers for a whole run over k, with A and B packed so that they are read in order: this
# is `simd` in `kernels/minigrad_kernels/cpu/matmul_ladder.py`, with the tile itself in `product.py`. The last rung is
# the library behind NumPy, written for each processor by hand. minigrad calls it for large products, and uses the
# tile where a product is part of something larger, as in a convolution.

# %%
ladder = measure(384, 3)
speeds |= {"minigrad's tile": ladder["packed, SIMD tile"], "BLAS": ladder["BLAS"]}
for name, value in speeds.items():
    print(f"{name:16} {value:9.3f} Gflop/s")  # ~ any

figure, axis = plt.subplots()
figure.set_label("Gflop/s on a logarithmic axis, rising by a factor of 10,000 from Python's loops to the library")
bars = axis.barh(list(speeds)[::-1], list(speeds.values())[::-1], color="#4c72b0", log=True)
axis.bar_label(bars, fmt="%.3g", padding=3)
axis.set(xlabel="Gflop per second of processor time")
axis.margins(x=0.12)

# %% [markdown]
# ## Is it right?
#
# A kernel has its own bugs: the last rows that do not fill a tile, an output that was not cleared, sizes of 0 and 1.
# So it is compared with a reference at sizes around the tile, with an output full of NaN. What is left over shows.

# %%
SIZES = [(1, 1, 1), (2, 3, 4), (5, 4, 3), (4, 8, 16), (7, 13, 17), (3, 0, 2), (8, 6, 0)]


def wrong_at(multiply):
    """Return the sizes (M, K, N) at which a kernel is wrong."""
    found = []
    for M, K, N in SIZES:
        A, B = rng.integers(-3, 4, (M, K)).astype(np.float32), rng.integers(-3, 4, (K, N)).astype(np.float32)
        C = np.full((M, N), np.nan, np.float32)
        multiply(A, B, C)
        if not np.array_equal(C, A @ B):  # small whole numbers: the sums are exact in any order
            found.append((M, K, N))
    return found


for kernel in (compiled_loops, by_rows, fours, RUNGS["rows"], RUNGS["four rows"]):
    print(f"{kernel.__name__:12} wrong at {wrong_at(kernel)}")

# %% [markdown]
# ## Three planted bugs to find with the checker

# %%
@njit
def first(A, B, C):
    C[:] = np.float32(0)
    for i in range(A.shape[0]):
        for k in range(0, A.shape[1] - 3, 4):
            for j in range(B.shape[1]):
                for u in range(4):
                    C[i, j] += A[i, k + u] * B[k + u, j]


@njit
def second(A, B, C):
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                if k == 0:
                    C[i, j] = np.float32(0)
                C[i, j] += A[i, k] * B[k, j]


@njit
def third(A, B, C):
    C[:] = np.float32(0)
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            for j in range(A.shape[1]):
                if j < B.shape[1]:
                    C[i, j] += A[i, k] * B[k, j]


for kernel in (first, second, third):
    print(f"{kernel.__name__}: wrong at {wrong_at(kernel)}, sizes (M, K, N)")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. The rest that does not fill a four is left out: right where K is a multiple of 4.
# 2. C is cleared when k is 0. With K = 0 there is no such k, and the NaNs stay. A sum of nothing is 0.
# 3. j runs over the columns of A, not of B: right where N ≤ K.
#
# </details>
