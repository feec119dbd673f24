// A launch: block after block, and within a block the thread whose turn it is.
#include <vector>

#include "copies.h"
#include "faults.h"
#include "poison.h"
#include "threads.h"
#include "waiting.h"

namespace cusim {

static void (*kernel)(void*);
static void* kernel_arguments;

static void run_thread() {
  kernel(kernel_arguments);
  current->state = DONE;
  leave();
}

void check_launch_bounds(unsigned bound) {
  const unsigned count = static_cast<unsigned>(thread_count);
  if (count > bound) fail("a block of %u threads exceeds __launch_bounds__(%u)", count, bound);
}

static void start_block(size_t number) {
  const dim3 grid = now.grid_size, block = now.block_size;
  now.block = {static_cast<unsigned>(number % grid.x), static_cast<unsigned>(number / grid.x % grid.y),
               static_cast<unsigned>(number / grid.x / grid.y)};
  new_shared_memory();
  for (unsigned i = 0; i < static_cast<unsigned>(thread_count); i++) {
    Thread& thread = threads[i];
    thread.index = {i % block.x, i / block.x % block.y, i / block.x / block.y};
    thread.lane = static_cast<int>(i % 32);
    thread.warp = static_cast<int>(i / 32);
    thread.state = READY;
    thread.exchanges = 0;
    thread.combine = nullptr;
    forget_copies(thread);
    prepare(thread.fiber, run_thread, i);
  }
}

// Runs each ready lane of a warp to the next place where it waits.
static void run_lanes(int warp) {
  const int first = 32 * warp, count = thread_count - first < 32 ? thread_count - first : 32;
  uint8_t turns[32];
  for (int i = 0; i < count; i++) turns[i] = static_cast<uint8_t>(order == REVERSE ? count - 1 - i : i);
  if (order == RANDOM)
    for (int i = count - 1; i > 0; i--) {
      const unsigned j = draw(static_cast<unsigned>(i) + 1);
      const uint8_t turn = turns[i];
      turns[i] = turns[j], turns[j] = turn;
    }
  for (int i = 0; i < count && !failed(); i++)
    if (threads[first + turns[i]].state == READY) resume(threads[first + turns[i]]);
}

// The first, the last or any warp of a set. A warp runs as far ahead of the others as the order lets it.
static int pick(unsigned warps) {
  if (order == FORWARD) return __builtin_ctz(warps);
  if (order == REVERSE) return 31 - __builtin_clz(warps);
  for (unsigned skip = draw(static_cast<unsigned>(__builtin_popcount(warps))); skip; skip--) warps &= warps - 1;
  return __builtin_ctz(warps);
}

static void run_block() {
  const int warp_count = (thread_count + 31) / 32;
  const unsigned all = warp_count == 32 ? ~0u : (1u << warp_count) - 1;
  do {
    for (unsigned runnable = all; runnable && !failed();) {
      const int warp = pick(runnable);
      run_lanes(warp);
      if (failed() || !release_warp(warp)) runnable &= ~(1u << warp);
    }
  } while (!failed() && release_block());
  if (!failed()) report_deadlock();
  if (!failed()) check_fences();
}

static std::vector<size_t> block_order(size_t count) {
  std::vector<size_t> blocks(count);
  for (size_t i = 0; i < count; i++) blocks[i] = order == REVERSE ? count - 1 - i : i;
  if (order == RANDOM)
    for (size_t i = count; i > 1; i--) std::swap(blocks[i - 1], blocks[draw(static_cast<unsigned>(i))]);
  return blocks;
}

static void check_limits(const Launch& launch) {
  const unsigned *g = launch.grid, *b = launch.block;
  const unsigned long count = 1ul * b[0] * b[1] * b[2];
  if (!count || b[0] > 1024 || b[1] > 1024 || b[2] > 64 || count > MOST_THREADS)
    report(nullptr, "a block of (%u, %u, %u) threads: 1 to 1024 of them, at most 64 in z", b[0], b[1], b[2]);
  if (!g[0] || !g[1] || !g[2] || g[0] > 0x7fffffff || g[1] > 65535 || g[2] > 65535)
    report(nullptr, "a grid of (%u, %u, %u) blocks: at least 1 and at most (2^31 - 1, 65535, 65535)", g[0], g[1], g[2]);
  if (launch.dynamic_bytes > launch.shared_limit)
    report(nullptr, "%zu bytes of dynamic shared memory exceed %zu", launch.dynamic_bytes, launch.shared_limit);
}

void run(const Launch& launch, void (*function)(void*), void* arguments, Outcome& result) {
  outcome = &result;
  result = Outcome{};
  check_limits(launch);
  if (failed()) return;
  now.grid_size = dim3(launch.grid[0], launch.grid[1], launch.grid[2]);
  now.block_size = dim3(launch.block[0], launch.block[1], launch.block[2]);
  thread_count = static_cast<int>(launch.block[0] * launch.block[1] * launch.block[2]);
  dynamic_bytes = launch.dynamic_bytes;
  shared_limit = launch.shared_limit;
  kernel = function;
  kernel_arguments = arguments;
  order = static_cast<Order>(launch.order);
  random_state = (launch.seed + 1) * 0x9e3779b97f4a7c15ull;
#ifdef CUSIM_TSAN
  scheduler.tsan = __tsan_get_current_fiber();
#else
  Watch watch(launch.seconds);
#endif
  FlushSubnormals flush;
  for (size_t block : block_order(1ul * launch.grid[0] * launch.grid[1] * launch.grid[2])) {
    if (failed()) break;
    start_block(block);
    run_block();
  }
#ifndef CUSIM_TSAN  // whose program ends here, with stacks that a report may still name
  for (int i = 0; i < thread_count; i++) give_back(threads[i].fiber);
#endif
}

}  // namespace cusim
