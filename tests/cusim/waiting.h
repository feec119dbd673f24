// Where threads wait for each other, and when they may go on. Under ThreadSanitizer an arrival is a release and a
// departure an acquire.
#pragma once
#include "threads.h"

namespace cusim {

static unsigned barrier_generation = 0;
static int barrier_votes = 0;
static Slot exchange_slots[MOST_WARPS][2][32];  // [warp][parity of the exchange][lane]
#ifdef CUSIM_TSAN
static char barrier_arrivals[2];
#endif

int block_barrier_count(unsigned site, bool vote) {
  current->state = AT_BARRIER;
  current->site = site;
  current->vote = vote;
#ifdef CUSIM_TSAN
  char* arrivals = &barrier_arrivals[barrier_generation & 1];
  __tsan_release(arrivals);
#endif
  to_scheduler();
#ifdef CUSIM_TSAN
  __tsan_acquire(arrivals);
#endif
  return barrier_votes;
}
void block_barrier(unsigned site) { block_barrier_count(site, false); }

void warp_barrier(unsigned mask, const char* operation, int line) {
  Thread& me = *current;
  if (!(mask >> me.lane & 1)) fail("%s at line %d: lane %d is not in its own mask %#x", operation, line, me.lane, mask);
  me.state = AT_WARP;
  me.mask = now.lanes == 32 ? mask : mask & ((1u << now.lanes) - 1);
  me.operation = operation;
  me.line = static_cast<unsigned>(line);
#ifdef CUSIM_TSAN
  const unsigned parity = me.generation++ & 1;
  __tsan_release(&me.arrivals[parity]);
#endif
  to_scheduler();
#ifdef CUSIM_TSAN
  for (int lane = 0; lane < 32; lane++)
    if (me.mask >> lane & 1) __tsan_acquire(&threads[me.warp * 32 + lane].arrivals[parity]);
#endif
}

const Slot* warp_exchange(unsigned mask, const char* operation, int line, const Slot& mine, Combine combine) {
  Slot* lanes = exchange_slots[current->warp][current->exchanges++ & 1];
  lanes[current->lane] = mine;
  current->combine = combine;
  warp_barrier(mask, operation, line);
  return lanes;
}
Slot peek(const Slot* exchange, int lane) { return exchange[lane]; }

// Lets the lanes of one warp operation go on if all of its mask have come to it.
static bool release_group(Thread* lanes, unsigned mask, const Thread& first) {
  for (int lane = 0; lane < 32; lane++)
    if (mask >> lane & 1 && lanes[lane].mask != mask) return false;  // that one is at another operation, of other lanes
  for (int lane = 0; lane < 32; lane++) {
    const Thread& other = lanes[lane];
    if (!(mask >> lane & 1) || other.operation == first.operation) continue;
    report(&other, "warp operations disagree: %s at line %u and %s at line %u, both with mask %#x", first.operation,
           first.line, other.operation, other.line, mask);
    return false;
  }
  if (first.combine) first.combine(exchange_slots[first.warp][(first.exchanges - 1) & 1]);
  for (int lane = 0; lane < 32; lane++)
    if (mask >> lane & 1) lanes[lane].state = READY;
  return true;
}

// True if some lane of the warp may go on.
static bool release_warp(int warp) {
  Thread* lanes = threads + 32 * warp;
  const int count = thread_count - 32 * warp < 32 ? thread_count - 32 * warp : 32;
  unsigned waiting = 0, done = 0;
  for (int lane = 0; lane < count; lane++) {
    waiting |= static_cast<unsigned>(lanes[lane].state == AT_WARP) << lane;
    done |= static_cast<unsigned>(lanes[lane].state == DONE) << lane;
  }
  bool released = false;
  for (unsigned rest = waiting; rest; rest &= rest - 1) {
    const Thread& first = lanes[__builtin_ctz(rest)];
    const unsigned mask = first.mask;
    if (mask & done) {
      report(&first, "%s at line %u names lanes that have exited (%#x)", first.operation, first.line, mask & done);
      return false;
    }
    if ((waiting & mask) != mask || !release_group(lanes, mask, first)) continue;
    rest &= ~mask | (rest & -rest);  // the group is done; its first lane goes with the step of the loop
    waiting &= ~mask;
    released = true;
  }
  return released;
}

// True if the threads of the block may pass their barrier.
static bool release_block() {
  int waiting = 0, done = 0, votes = 0;
  const Thread* first = nullptr;
  const Thread* other = nullptr;
  for (int i = 0; i < thread_count; i++) {
    const Thread& thread = threads[i];
    done += thread.state == DONE;
    if (thread.state != AT_BARRIER) continue;
    waiting++;
    votes += thread.vote;
    if (!first) first = &thread;
    if (thread.site != first->site) other = &thread;
  }
  if (!waiting || waiting + done != thread_count) return false;
  const unsigned line = first->site & 65535;
  if (other) report(other, "divergent __syncthreads: lines %u and %u", line, other->site & 65535);
  else if (done) report(first, "__syncthreads at line %u: %d threads of the block have already exited", line, done);
  if (failed()) return false;
  barrier_votes = votes;
  barrier_generation++;
  for (int i = 0; i < thread_count; i++) threads[i].state = READY;
  return true;
}

static void report_deadlock() {
  for (int i = 0; i < thread_count; i++) {
    const Thread& thread = threads[i];
    if (thread.state != AT_WARP) continue;
    report(&thread, "deadlock: %s at line %u waits for lanes %#x that never come", thread.operation, thread.line,
           thread.mask);
  }
}

}  // namespace cusim
