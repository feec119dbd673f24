// Barriers, shuffles and votes. Every one is a place where the threads of a block may change places.
#pragma once
#include "machine.h"

// Which call in the text this is: two on one line are two. The low 16 bits are the line.
#define CUSIM_SITE (__COUNTER__ * 65536u + __LINE__)
#define __syncthreads() cusim::block_barrier(CUSIM_SITE)
#define __syncthreads_count(vote) cusim::block_barrier_count(CUSIM_SITE, (vote))
#define __syncthreads_or(vote) (cusim::block_barrier_count(CUSIM_SITE, (vote)) != 0)
#define __syncthreads_and(vote) (cusim::block_barrier_count(CUSIM_SITE, !(vote)) == 0)

inline void __syncwarp(unsigned mask = ~0u, int line = __builtin_LINE()) {
  cusim::warp_barrier(mask, "__syncwarp", line);
}

// Memory is in order here: a fence that is missing is not found.
inline void __threadfence() {}
inline void __threadfence_block() {}

namespace cusim {

template <class T> T shuffle(unsigned mask, T value, int source, const char* operation, int line) {
  const Slot* exchange = warp_exchange(mask, operation, line, pack(value));
  if (!(mask >> source & 1)) fail("%s at line %d reads lane %d, which is not in its mask", operation, line, source);
  if (source >= now.lanes) fail("%s at line %d reads lane %d of a warp of %d", operation, line, source, now.lanes);
  return unpack<T>(peek(exchange, source));
}
// The first lane of the caller's segment of `width` lanes.
inline int segment(int width) { return now.lane & ~(width - 1); }

}  // namespace cusim

template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, int line = __builtin_LINE()) {
  return cusim::shuffle(mask, value, cusim::segment(width) + (lane & (width - 1)), "__shfl_sync", line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, int line = __builtin_LINE()) {
  int source = cusim::now.lane - static_cast<int>(delta);
  bool inside = source >= cusim::segment(width);
  return cusim::shuffle(mask, value, inside ? source : cusim::now.lane, "__shfl_up_sync", line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, int line = __builtin_LINE()) {
  int source = cusim::now.lane + static_cast<int>(delta);
  bool inside = source < cusim::segment(width) + width;
  return cusim::shuffle(mask, value, inside ? source : cusim::now.lane, "__shfl_down_sync", line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, int line = __builtin_LINE()) {
  int source = cusim::now.lane ^ lanes;
  bool inside = source < cusim::segment(width) + width;
  return cusim::shuffle(mask, value, inside ? source : cusim::now.lane, "__shfl_xor_sync", line);
}

inline unsigned __ballot_sync(unsigned mask, int vote, int line = __builtin_LINE()) {
  const cusim::Slot* exchange = cusim::warp_exchange(mask, "a vote", line, cusim::pack(vote != 0));
  unsigned votes = 0;
  for (int lane = 0; lane < cusim::now.lanes; lane++)
    if (mask >> lane & 1 && cusim::unpack<bool>(cusim::peek(exchange, lane))) votes |= 1u << lane;
  return votes;
}
inline int __any_sync(unsigned mask, int vote, int line = __builtin_LINE()) {
  return __ballot_sync(mask, vote, line) != 0;
}
inline int __all_sync(unsigned mask, int vote, int line = __builtin_LINE()) {
  return __ballot_sync(mask, !vote, line) == 0;
}

namespace cusim {

template <class T, class Merge> T reduce(unsigned mask, T value, Merge merge, const char* operation, int line) {
  const Slot* exchange = warp_exchange(mask, operation, line, pack(value));
  T total{};
  bool first = true;
  for (int lane = 0; lane < now.lanes; lane++)
    if (mask >> lane & 1) {
      T other = unpack<T>(peek(exchange, lane));
      total = first ? other : merge(total, other);
      first = false;
    }
  return total;
}

}  // namespace cusim

// As on the GPU, for 32-bit integers only.
#define CUSIM_REDUCE(name, T, merged)                                                     \
  inline T name(unsigned mask, T value, int line = __builtin_LINE()) {                    \
    return cusim::reduce(mask, value, [](T a, T b) -> T { return merged; }, #name, line); \
  }
CUSIM_REDUCE(__reduce_add_sync, int, a + b)
CUSIM_REDUCE(__reduce_add_sync, unsigned, a + b)
CUSIM_REDUCE(__reduce_min_sync, int, a < b ? a : b)
CUSIM_REDUCE(__reduce_min_sync, unsigned, a < b ? a : b)
CUSIM_REDUCE(__reduce_max_sync, int, a > b ? a : b)
CUSIM_REDUCE(__reduce_max_sync, unsigned, a > b ? a : b)
CUSIM_REDUCE(__reduce_and_sync, unsigned, a & b)
CUSIM_REDUCE(__reduce_or_sync, unsigned, a | b)
CUSIM_REDUCE(__reduce_xor_sync, unsigned, a ^ b)
