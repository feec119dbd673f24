# %% [markdown]
# # Threads that share: barriers, shuffles, races
#
# The threads of a GPU run in no order that you may count on. A kernel that needs one has to say so, at each place where
# a thread reads what another one wrote. One that forgets it is often right all the same: on the day of the test.
#
# *You build:* a sum of any length that gives the same bits every time. *You need:* lesson 15, and no GPU. *Run time:*
# 10 s.

# %%
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad.errors import MissingPackageError

sys.path.insert(0, str(Path(minigrad.__file__).parents[1]))  # the checkout: the simulator stands beside the tests
try:
    from tests.cusim.races import missing_thread_sanitizer, races_in
    from tests.cusim.simulator import SCHEDULES, SimError, SimModule, missing_compiler, scheduled
except (ImportError, AttributeError, TypeError) as error:
    raise MissingPackageError("CUDA kernels are simulated with Linux, a checkout of minigrad, and pytest") from error
if reason := missing_compiler() or missing_thread_sanitizer():
    raise MissingPackageError(reason)
rng = np.random.default_rng(0)


def launch(text, name, grid, block, *arguments):
    """Run a kernel of a CUDA text. Python's whole numbers become C's int."""
    arguments = [np.int32(a) if isinstance(a, int) else a for a in arguments]
    SimModule(text).get_function(name)(grid, block, arguments)


# %% [markdown]
# ## A neighbour's number
#
# y[i] = x[i] - x[i - 1]. Each number is needed twice, so the threads of a block put their numbers into shared memory,
# and each looks at its neighbour's. `__syncthreads()` is a *barrier*: nobody passes before all of the block have come.

# %%
DIFFERENCES = """
extern "C" __global__ void differences(const float* x, float* y, int n) {
  __shared__ float near[256];
  int t = threadIdx.x, i = blockIdx.x * 256 + t;
  if (i < n) near[t] = x[i];
  __syncthreads();
  if (i < n) y[i] = near[t] - (t > 0 ? near[t - 1] : i > 0 ? x[i - 1] : 0);
}"""
HASTY = DIFFERENCES.replace("__syncthreads();", "")
x, y = rng.integers(-3, 4, 1000).astype(np.float32), np.empty(1000, np.float32)
right = np.diff(x, prepend=np.float32(0))
for title, text in (("with", DIFFERENCES), ("without", HASTY)):
    for order, seed in SCHEDULES:
        with scheduled(order, seed):
            launch(text, "differences", (4,), (256,), x, y, 1000)
        wrong, unset = np.count_nonzero(y != right), np.isnan(y).sum()
        print(f"{title:7} the barrier, {order:7} order: {wrong:3} of 1000 wrong, {unset:3} of them NaN")

# %% [markdown]
# The simulator runs the threads in an order of your choice, each as far as it can. In order *forward* every thread
# comes after its neighbour, and the bug stays hidden; so a test tries several orders. Shared memory that nobody has
# written yet holds NaN here, and on a GPU whatever an earlier block left.
#
# ## Looking for races
#
# A *race* is two accesses to the same memory, one of them a write, with nothing that orders them. That can be looked
# for as such: `races_in` notes for each access which threads have met at which barriers before.

# %%
for title, text in (("with", DIFFERENCES), ("without", HASTY)):
    races = races_in(lambda text=text: launch(text, "differences", (2,), (64,), x, y, 100))
    print(title, "the barrier:", *races or ["no race"])

# %% [markdown]
# It needs no unlucky order, and it names both lines.
#
# ## All or nobody
#
# A barrier is a promise of all threads, also of those without work. To leave early is a bug:

# %%
EARLY = DIFFERENCES.replace("if (i < n) near", "if (i >= n) return;\n  near")
try:
    launch(EARLY, "differences", (4,), (256,), x, y, 1000)
except SimError as error:
    print(error)

# %% [markdown]
# ## Shuffles
#
# The threads of one warp need no shared memory: they can read each other's registers. In five rounds each adds the sum
# of the thread 16, 8, 4, 2, 1 away, and all have the sum of 32. To see how, let each begin with a bit of its own, and
# let "or" stand for the sum: the bits say whose numbers have arrived.

# %%
SHUFFLES = """
extern "C" __global__ void whose(unsigned* arrived) {
  unsigned mine = 1u << threadIdx.x;
  arrived[threadIdx.x] = mine;
  for (int far = 16, round = 1; far > 0; far /= 2, round++) {
    mine |= __shfl_xor_sync(~0u, mine, far);
    arrived[32 * round + threadIdx.x] = mine;
  }
}"""
arrived = np.zeros((6, 32), np.uint32)
launch(SHUFFLES, "whose", (1,), (32,), arrived)
figure, axes = plt.subplots(1, 6, figsize=(7.5, 1.7))
figure.set_label("Six squares, thread by number: a diagonal, then 2, 4, 8, 16 and all 32 numbers for each thread")
for axis, far, bits in zip(axes, ("before", 16, 8, 4, 2, 1), arrived, strict=True):
    axis.imshow(bits[:, None] >> np.arange(32, dtype=np.uint32) & 1, cmap="Blues", vmin=0, vmax=1)
    axis.set(title=far if far == "before" else f"{far} away", xticks=[], yticks=[])
axes[0].set(xlabel="whose number", ylabel="thread")

# %% [markdown]
# ## A sum
#
# Warps by shuffles, the 8 warps of a block by shared memory and a barrier, and the blocks by another launch, which is a
# barrier for everybody. A thread without a number brings a 0, because all 32 have to take part in a shuffle.

# %%
SUMS = """
extern "C" __global__ void sums(const float* x, float* y, int n) {
  __shared__ float parts[8];
  int t = threadIdx.x, i = blockIdx.x * 256 + t;
  float sum = i < n ? x[i] : 0;
  for (int far = 16; far > 0; far /= 2) sum += __shfl_xor_sync(~0u, sum, far);
  if (t % 32 == 0) parts[t / 32] = sum;
  __syncthreads();
  if (t > 0) return;
  for (int warp = 1; warp < 8; warp++) sum += parts[warp];
  y[blockIdx.x] = sum;
}"""


def sum_of(x, text=SUMS):
    """Add 256 numbers at a time until one is left."""
    while x.size > 1:
        y = np.zeros(-(-x.size // 256), np.float32)
        launch(text, "sums", y.shape, (256,), x, y, x.size)
        x = y
    return x[0]


x = rng.normal(size=100_003).astype(np.float32)
exact = x.sum(dtype=np.float64)
print(f"off by {abs(sum_of(x) - exact):.1e}, NumPy's by {abs(x.sum() - exact):.1e}")  # ~ any

# %% [markdown]
# ## The same bits every time
#
# `atomicAdd` adds to a number in memory without a race, and one launch would do. But blocks finish in another order
# each time, and floats round differently in another order.

# %%
ATOMIC = SUMS.replace("y[blockIdx.x] = sum", "atomicAdd(y, sum)")


def atomic_sum_of(x):
    y = np.zeros(1, np.float32)
    launch(ATOMIC, "sums", (-(-x.size // 256),), (256,), x, y, x.size)
    return y[0]


for title, total in (("partial sums", sum_of), ("atomicAdd", atomic_sum_of)):
    results = set()
    for seed in range(10):
        with scheduled("random", seed):
            results.add(total(x))
    print(f"{title}: 10 runs, different results: {len(results)}")

# %% [markdown]
# Training that cannot be repeated cannot be debugged, so minigrad's kernels write partial sums, as `sums` does.
# `kernels/minigrad_kernels/cuda/team.cuh` has the shuffles, `softmax.cu` a row per team of threads.
#
# ## Three planted bugs to find with the checker
#
# The sum of each block, the numbers scaled by the largest of their warp, and the sum of all squares.

# %%
BUGS = """
extern "C" __global__ void first(const float* x, float* y, int n) {
  __shared__ float s[64];
  int t = threadIdx.x, i = blockIdx.x * 64 + t;
  s[t] = i < n ? x[i] : 0;
  __syncthreads();
  for (int half = 32; half > 0; half /= 2)
    if (t < half) s[t] += s[t + half];
  if (t == 0) y[blockIdx.x] = s[0];
}
extern "C" __global__ void second(const float* x, float* y, int n) {
  int i = blockIdx.x * 64 + threadIdx.x;
  if (i >= n) return;
  float largest = x[i];
  for (int far = 16; far > 0; far /= 2) largest = fmaxf(largest, __shfl_xor_sync(~0u, largest, far));
  y[i] = x[i] / largest;
}
extern "C" __global__ void third(const float* x, float* y, int n) {
  int i = blockIdx.x * 64 + threadIdx.x;
  float sum = i < n ? x[i] * x[i] : 0;
  for (int far = 16; far > 0; far /= 2) sum += __shfl_xor_sync(~0u, sum, far);
  if (threadIdx.x % 32 == 0) y[0] += sum;
}"""
RIGHT = {
    "first": lambda x: np.add.reduceat(x, np.arange(0, x.size, 64)),
    "second": lambda x: x / np.repeat(np.maximum.reduceat(x, np.arange(0, x.size, 32)), 32)[: x.size],
    "third": lambda x: (x * x).sum(keepdims=True),
}
for name, reference in RIGHT.items():
    for n in (128, 100):
        x = rng.integers(1, 5, n).astype(np.float32)
        y, said = np.empty_like(reference(x)), []
        run = lambda name=name, x=x, y=y: launch(BUGS, name, (2,), (64,), x, y, x.size)
        try:
            for order, seed in SCHEDULES:
                y[:] = 0
                with scheduled(order, seed):
                    run()
                said.append(f"{order}: {'right' if np.array_equal(y, reference(x)) else 'wrong'}")
            print(f"{name}, n = {n}, in order", ", ".join(said), *races_in(run), sep="\n    ")
        except SimError as error:
            print(f"{name}, n = {n}", error, sep="\n    ")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. In each round a thread reads what others wrote in the round before: the barrier belongs into the loop, behind the
#    `if`. Right in the order in which the last threads come first.
# 2. The threads without a number leave, and the rest of their warp waits for them in the shuffle. Right where n is a
#    multiple of 32. Let them bring the lowest float there is, and leave afterwards.
# 3. All warps add to one number at the same time, and a GPU loses some of the sums. The simulator, which runs one warp
#    after the other, is right in every order; only the search for races sees it.
#
# </details>
