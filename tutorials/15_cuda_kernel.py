# %% [markdown]
# # A CUDA kernel: from naive to fast
#
# A GPU has thousands of multipliers and one memory. A kernel divides the work so that the multipliers do not wait.
#
# *You build:* a matrix product in CUDA C, four times. *You need:* lesson 14, and no GPU. *Run time:* 15 s.
#
# The kernels run on the CPU, one thread after the other, in the simulator that tests minigrad's own (`tests/cusim`).
# It tells whether a kernel is right, and what it touches. It needs Linux, g++ and `pip install -e ".[test]"`.

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


def whole(*shape):
    """Return small whole numbers: their sums are exact in any order."""
    return rng.integers(-3, 4, shape).astype(np.float32)


def launch(text, name, grid, block, *arguments):
    """Run a kernel of a CUDA text. Python's whole numbers become C's int."""
    arguments = [np.int32(a) if isinstance(a, int) else a for a in arguments]
    SimModule(text).get_function(name)(grid, block, arguments)


# %% [markdown]
# ## What one thread does
#
# A kernel is written for one thread. A launch starts a *grid* of *blocks*, each of up to 1024 *threads*. Only its
# number tells a thread from the others, and from it follows its part of the work. Here is y = a · x + y:

# %%
SAXPY = """
extern "C" __global__ void saxpy(float a, const float* x, float* y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] += a * x[i];
}"""
a, x, y = np.float32(2), whole(1000), whole(1000)
right = a * x + y
launch(SAXPY, "saxpy", (4,), (256,), a, x, y, 1000)
print("right:", np.array_equal(y, right))
try:
    launch(SAXPY.replace("if (i < n)", ""), "saxpy", (4,), (256,), a, x, y, 1000)
except SimError as error:
    print(error)

# %% [markdown]
# 1000 numbers take 4 blocks of 256 threads, and 24 threads have nothing to do: hence `if (i < n)`. Without it they
# write behind the array. A GPU often says nothing to that; the simulator names the first thread that does it.
#
# ## What a warp touches
#
# 32 threads in a row are a *warp*: they do one instruction at a time, together. If it is a load, 32 addresses go to
# the memory at once. The memory has *lines* of 128 bytes and sends those quarters of a line that somebody asked for.
#
# To count them, let `Input` be the type of a kernel's inputs. On a GPU it is `const float*`. Here it can also be a
# struct that is read like a pointer and writes down where each thread looks.

# %%
PLAIN = "using Input = const float*;"
TRACED = """
struct Input {
  const float* numbers;
  int* log;  // 129 numbers for each thread: how often it looked, then where
  __device__ float operator[](int i) const {
    int block = blockIdx.y * gridDim.x + blockIdx.x;
    int* mine = log + 129 * ((block * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x);
    mine[++mine[0]] = i;
    return numbers[i];
  }
};"""


def looks(text, name, grid, block, inputs, *others):
    """Return for each input where the warps look in it: an array (warps, 32, looks of a thread)."""
    logs = [np.zeros((np.prod(grid + block), 129), np.int32) for _ in inputs]
    pairs = [np.array([x.ctypes.data, log.ctypes.data]) for x, log in zip(inputs, logs, strict=True)]
    launch(TRACED + text, name, grid, block, *(pair.view("V16")[0] for pair in pairs), *others)
    return [log[:, 1 : 1 + log[0, 0]].reshape(-1, 32, log[0, 0]) for log in logs]


def pieces(places, size):
    """Count the pieces of so many bytes that the warps ask for, look by look."""
    number = np.sort(places * 4 // size, axis=1)
    return number[:, 0].size + np.count_nonzero(np.diff(number, axis=1))


READ = """
extern "C" __global__ void read(Input x, float* y, int down, int across) {
  y[32 * threadIdx.y + threadIdx.x] = x[down * threadIdx.y + across * threadIdx.x];
}"""
x = whole(32, 32)
figure, axes = plt.subplots(1, 2)
figure.set_label("A matrix of 32 × 32 numbers. A warp along a row touches one line, along a column a part of all 32")
for axis, way, down, across in zip(axes, ("rows", "columns"), (32, 1), (1, 32), strict=True):
    (places,) = looks(READ, "read", (1,), (32, 32), [x], np.empty_like(x), down, across)
    print(f"warps along {way:7} ask for {pieces(places, 128):4} lines and get {32 * pieces(places, 32):6,} bytes")
    seen = np.zeros((128, 8))
    seen[places[0] // 8] = 1
    seen[places[0] // 8, places[0] % 8] = 2
    axis.imshow(seen.reshape(32, 32), cmap="Blues")
    axis.hlines(np.arange(32) + 0.5, -0.5, 31.5, color="#dddddd", linewidth=0.5)
    axis.set(title=f"a warp along {way}", xticks=[], yticks=[], ylabel="32 lines of 128 bytes")

# %% [markdown]
# Dark is what one warp reads, light what it gets with it. All 32 warps read the same 4,096 bytes either way. Reads of
# neighbours by neighbours are *coalesced*.
#
# ## Two products
#
# One thread for each number of C. All that differs is how the threads of a warp stand in C: below or beside each other.

# %%
NAIVE = """
extern "C" __global__ void naive(Input A, Input B, float* C, int M, int N, int K) {
  int row = blockIdx.y * 32 + threadIdx.x, col = blockIdx.x * 32 + threadIdx.y;
  if (row >= M || col >= N) return;
  float sum = 0;
  for (int k = 0; k < K; k++) sum += A[row * K + k] * B[k * N + col];
  C[row * N + col] = sum;
}"""
COALESCED = NAIVE.replace("x, col", "y, col").replace("threadIdx.y;", "threadIdx.x;").replace("naive", "coalesced")
SIZES = [(1, 1, 1), (33, 31, 65), (5, 0, 7), (130, 40, 129)]


def grid_of(M, N, side):
    return (-(-N // side), -(-M // side))


def wrong_at(name, text, side, block):
    """Return the sizes (M, K, N) at which a product is wrong. What it leaves out stays NaN."""
    found = []
    for M, K, N in SIZES:
        A, B, C = whole(M, K), whole(K, N), np.full((M, N), np.nan, np.float32)
        launch(PLAIN + text, name, grid_of(M, N, side), block, A, B, C, M, N, K)
        found += [] if np.array_equal(C, A @ B) else [(M, K, N)]
    return found


rungs = {"naive": (NAIVE, 32, (32, 32)), "coalesced": (COALESCED, 32, (32, 32))}
for name, rung in rungs.items():
    print(f"{name:9} wrong at {wrong_at(name, *rung)}")

# %% [markdown]
# ## A tile in shared memory
#
# Both load a number of A anew for every column of C. But the threads of a block have a small, fast memory in common,
# `__shared__`. Let 32 × 32 threads walk along k in steps of 32: together they load a tile of A and one of B, with zeros
# beyond the edge, and use each number 32 times. Threads do not run in step, so there are two *barriers*, which nobody
# passes before all of the block have come: the first waits until the tiles are full, the second until nobody needs
# them any more.

# %%
TILE = """
extern "C" __global__ void tile(Input A, Input B, float* C, int M, int N, int K) {
  __shared__ float a[32][32];
  __shared__ float b[32][32];
  int x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * 32 + y, col = blockIdx.x * 32 + x;
  float sum = 0;
  for (int start = 0; start < K; start += 32) {
    a[y][x] = row < M && start + x < K ? A[row * K + start + x] : 0;
    b[y][x] = start + y < K && col < N ? B[(start + y) * N + col] : 0;
    __syncthreads();
    for (int k = 0; k < 32; k++) sum += a[y][k] * b[k][x];
    __syncthreads();
  }
  if (row < M && col < N) C[row * N + col] = sum;
}"""
rungs["tile"] = TILE, 32, (32, 32)
print("wrong at", wrong_at("tile", *rungs["tile"]))

# %% [markdown]
# ## A tile in registers
#
# Now shared memory is too slow. A multiprocessor of an H100 multiplies 128 times in a clock, and its shared memory
# serves one warp: 32 reads. `tile` reads twice for each multiplication. So let a thread make 8 × 8 numbers of C. It
# reads 8 of A and 8 of B into registers, and 16 reads serve 64 multiplications. The block's tile grows to 128 × 128,
# and each number from global memory is used 128 times.

# %%
REGISTERS = """
extern "C" __global__ void registers(Input A, Input B, float* C, int M, int N, int K) {
  __shared__ float a[8][132];  // turned; with 4 numbers more per row, a warp stores to 32 different banks
  __shared__ float b[8][128];
  int x = threadIdx.x, y = threadIdx.y, top = blockIdx.y * 128, left = blockIdx.x * 128;
  float sum[8][8] = {}, p[8], q[8];
  for (int start = 0; start < K; start += 8) {
    for (int e = 16 * y + x; e < 8 * 128; e += 256) {
      int row = top + e / 8, col = left + e % 128, k = start + e % 8, l = start + e / 128;
      a[e % 8][e / 8] = row < M && k < K ? A[row * K + k] : 0;
      b[e / 128][e % 128] = l < K && col < N ? B[l * N + col] : 0;
    }
    __syncthreads();
    for (int k = 0; k < 8; k++) {
      for (int i = 0; i < 8; i++) p[i] = a[k][y + 16 * i], q[i] = b[k][x + 16 * i];
      for (int i = 0; i < 64; i++) sum[i / 8][i % 8] += p[i / 8] * q[i % 8];
    }
    __syncthreads();
  }
  for (int i = 0; i < 64; i++) {
    int row = top + y + i / 8 * 16, col = left + x + i % 8 * 16;
    if (row < M && col < N) C[row * N + col] = sum[i / 8][i % 8];
  }
}"""
rungs["registers"] = REGISTERS, 128, (16, 16)
print("wrong at", wrong_at("registers", *rungs["registers"]))

# %% [markdown]
# ## What the memory allows
#
# An H100 does 67 Tflop/s in float32 and reads 3.35 TB/s from its memory, says its data sheet: to keep it busy, a byte
# must serve 20 flops. The counter tells how many it serves.

# %%
M = N = K = 128
A, B, C = whole(M, K), whole(K, N), np.empty((M, N), np.float32)
figure, axis = plt.subplots()
figure.set_label("The roof rises with flops per byte up to 20 and is flat from there; the four kernels climb along it")
per_byte = np.array([0.03, 20, 100])
axis.loglog(per_byte, np.minimum(67, 3.35 * per_byte), color="black")
for name, (text, side, block) in rungs.items():
    places = looks(text, name, grid_of(M, N, side), block, [A, B], C, M, N, K)
    flops = 2 * M * N * K / sum(32 * pieces(p, 32) for p in places)
    roof = min(67, 3.35 * flops)
    print(f"{name:9} {1 / flops:7.3f} bytes per flop, {flops:6.2f} flops per byte: at most {roof:5.2f} Tflop/s")
    axis.plot(flops, roof, "o", color="#4c72b0")
    axis.annotate(name, (flops, roof), xytext=(6, -10), textcoords="offset points")
axis.set(xlabel="flops per byte that the warps get from global memory", ylabel="Tflop/s, at most")

# %% [markdown]
# This is the bound for a GPU without caches. Caches answer a part of what the warps ask for, which helps the first
# rungs most, and `tile` meets the roof of shared memory first: an eighth of 67. What a GPU makes of it, it has to say.

# %%
if minigrad.cuda.is_available():
    import cupy
    from cupyx.profiler import benchmark

    A, B, C = (cupy.ones((2048, 2048), cupy.float32) for _ in range(3))
    sizes, speeds = [np.int32(2048)] * 3, []
    for name, (text, side, block) in rungs.items():
        kernel = cupy.RawModule(code=PLAIN + text).get_function(name)
        timed = benchmark(kernel, (grid_of(2048, 2048, side), block, (A, B, C, *sizes)), n_repeat=20)
        speeds.append(f"{name} {2 * 2048**3 / timed.gpu_times.min() / 1e12:.2f}")
    print("Tflop/s:", *speeds)  # ~ free
else:
    print("There is no GPU here.")

# %% [markdown]
# Read on in `kernels/minigrad_kernels/cuda`: `matmul_ladder.cu` climbs on from here, `matmul.cu` is minigrad's product,
# with a tile like ours whose next slice comes while this one is multiplied, and `conv.cu` and `attention.cu` are
# products that never write down one of their operands.
#
# ## Three planted bugs to find with the checker
#
# Three changes to `tile`, each of which looks harmless. When does each go wrong?

# %%
first = TILE.replace("row < M && start + x < K", "row < M")
second = TILE.replace("    __syncthreads();\n  }", "  }")
third = TILE.replace("float sum = 0;", "float sum = 0; if (row >= M || col >= N) return;")
for number, text in enumerate((first, second, third), 1):
    try:
        for order, seed in SCHEDULES:
            with scheduled(order, seed):
                print(f"{number}, {order} order: wrong at", wrong_at("tile", text, 32, (32, 32)))
    except SimError as error:
        print(f"{number}: {error}")
A, B, C = whole(20, 50), whole(50, 20), np.empty((20, 20), np.float32)
print(*races_in(lambda: launch(PLAIN + second, "tile", (1, 1), (32, 32), A, B, C, 20, 20, 50)), sep="\n")

# %% [markdown]
# <details><summary>Answers</summary>
#
# 1. Beyond the end of a row of A stands the next row. It is multiplied by the zeros of `b`, so the result is right as
#    long as there is a next row, and no NaN in it. In the last row the thread reads behind the array.
# 2. Without the second barrier a thread loads the next tile while others still multiply this one. Right where there is
#    only one tile, K ≤ 32.
# 3. Threads outside of C have nothing to store, but a part of the tiles to load, and the others wait for them at the
#    barrier. `naive` may leave early: nobody needs it.
#
# </details>
