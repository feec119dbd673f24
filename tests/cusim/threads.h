// The threads of a block: what each is doing, and the orderly ways for one to stop.
#pragma once
#include <cstdarg>
#include <cstdio>
#include <deque>
#include <vector>

#include "fibers.h"
#include "machine.h"

namespace cusim {

enum State : uint8_t { READY, AT_BARRIER, AT_WARP, DONE };

struct Thread {
  Fiber fiber;
  uint3 index{};
  State state = DONE;
  int lane = 0, warp = 0;
  unsigned site = 0;  // of the barrier where it waits
  bool vote = false;
  unsigned mask = 0, line = 0;  // of the warp operation where it waits
  const char* operation = "";
  Combine combine = nullptr;
  unsigned exchanges = 0;
  std::vector<Copy> open_copies;
  std::deque<std::vector<Copy>> copy_groups;
#ifdef CUSIM_TSAN
  char arrivals[2];  // two generations, so that an arrival at the next operation orders nothing of this one
  unsigned generation = 0;
#endif
};

constexpr int MOST_THREADS = 1024, MOST_WARPS = MOST_THREADS / 32;

Now now;
static Thread threads[MOST_THREADS];
static Thread* current = nullptr;  // null while the scheduler runs
static int thread_count = 0;
static Fiber scheduler;
static Outcome* outcome = nullptr;
static Order order = FORWARD;

static uint64_t random_state = 0;
// xorshift64*, Vigna 2016; the high bits are the good ones.
inline unsigned draw(unsigned below) {
  random_state ^= random_state >> 12, random_state ^= random_state << 25, random_state ^= random_state >> 27;
  return static_cast<unsigned>((random_state * 2685821657736338717ull >> 32) * below >> 32);
}

inline bool failed() { return outcome->message[0] != 0; }

// Notes what went wrong, the first time; `where` is the thread that did it, or null.
static void report_list(const Thread* where, const char* format, va_list values) {
  if (failed()) return;
  int size = vsnprintf(outcome->message, sizeof outcome->message, format, values);
  if (!where || size < 0 || static_cast<size_t>(size) >= sizeof outcome->message) return;
  const uint3 block = now.block, thread = where->index;
  snprintf(outcome->message + size, sizeof outcome->message - static_cast<size_t>(size),
           " [block (%u, %u, %u), thread (%u, %u, %u)]", block.x, block.y, block.z, thread.x, thread.y, thread.z);
}
__attribute__((format(printf, 2, 3))) static void report(const Thread* where, const char* format, ...) {
  va_list values;
  va_start(values, format);
  report_list(where, format, values);
  va_end(values);
}

inline void to_scheduler() { switch_fibers(current->fiber, scheduler); }

inline void resume(Thread& thread) {
  now.thread = thread.index;
  now.lane = thread.lane;
  now.warp = thread.warp;
  now.lanes = thread_count - 32 * thread.warp < 32 ? thread_count - 32 * thread.warp : 32;
  current = &thread;
  switch_fibers(scheduler, thread.fiber);
  current = nullptr;
}

[[noreturn]] inline void leave() {
  to_scheduler();
  abort();  // a thread that failed is never resumed
}
void fail(const char* format, ...) {
  va_list values;
  va_start(values, format);
  report_list(current, format, values);
  va_end(values);
  leave();
}

}  // namespace cusim
