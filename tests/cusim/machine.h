// The machine as a kernel sees it: who runs now, and the calls that the runtime answers.
// The runtime is a file of its own, compiled once, and never under ThreadSanitizer: its bookkeeping is no part of the
// program under test.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "language.h"

namespace cusim {

struct Now {
  uint3 thread, block;
  dim3 block_size, grid_size;
  int lane, warp, lanes;  // lanes: how many this warp has
};
extern Now now;

// Ends the run with a message; the thread that calls it is never resumed.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

void block_barrier(unsigned site);
int block_barrier_count(unsigned site, bool vote);  // how many voted true

// One lane's part of a warp operation.
struct alignas(16) Slot {
  unsigned char bytes[64];
};
template <class T> Slot pack(const T& value) {
  static_assert(sizeof(T) <= sizeof(Slot), "a lane hands over at most 64 bytes");
  Slot slot{};
  __builtin_memcpy(slot.bytes, &value, sizeof(T));
  return slot;
}
template <class T> T unpack(const Slot& slot) {
  T value;
  __builtin_memcpy(&value, slot.bytes, sizeof(T));
  return value;
}

void warp_barrier(unsigned mask, const char* operation, int line);
// Hands over a slot and waits for the lanes of the mask; `combine`, where given, runs once on the slots of the whole
// warp. The result opens the slots of that exchange; it is good until the lane's next exchange but one.
using Combine = void (*)(Slot* lanes);
const Slot* warp_exchange(unsigned mask, const char* operation, int line, const Slot& mine, Combine combine = nullptr);
Slot peek(const Slot* exchange, int lane);

// One asynchronous copy: `valid` bytes come from the source, the rest of `bytes` is zeros.
struct Copy {
  void* to;
  const void* from;
  unsigned bytes, valid;
};
bool begin_copy(const Copy& copy);  // true if the caller is to copy now
void close_copy_group();
bool next_copy_to_land(unsigned groups_that_may_wait, Copy& copy);

// Where a __shared__ variable lies in this block; one such place per variable and template instance.
struct SharedPlace {
  unsigned long block = 0;
  size_t offset = 0;
};
void* shared_address(SharedPlace& place, size_t bytes, size_t alignment);
void* dynamic_shared_address();

void check_launch_bounds(unsigned bound);

enum Order { FORWARD, REVERSE, RANDOM };
struct Launch {
  unsigned grid[3], block[3];
  size_t dynamic_bytes, shared_limit;
  uint64_t seed;
  int order, seconds;  // seconds of processor time, after which a kernel counts as one without end
};
struct Outcome {
  char message[1024];  // empty: all went well
  const void* fault;   // the instruction that trapped, or null
};
void run(const Launch& launch, void (*kernel)(void*), void* arguments, Outcome& outcome);

}  // namespace cusim

#define threadIdx (cusim::now.thread)
#define blockIdx (cusim::now.block)
#define blockDim (cusim::now.block_size)
#define gridDim (cusim::now.grid_size)
#define warpSize 32
