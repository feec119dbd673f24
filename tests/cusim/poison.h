// Shared memory of one block: full of NaN until it is written, and fenced by bytes that nobody may change.
#pragma once
#include "threads.h"

namespace cusim {

constexpr size_t FENCE = 512, STATIC_LIMIT = 48 * 1024, DYNAMIC_LIMIT = 227 * 1024, MOST_VARIABLES = 256;
constexpr size_t ARENA_BYTES = STATIC_LIMIT + 4 * FENCE * 64, DYNAMIC_BYTES = DYNAMIC_LIMIT + 3 * FENCE;
constexpr unsigned char POISON = 0xff;  // four of them are a NaN, two a NaN of fp16 or bf16, and -1 as an integer

struct Extent {
  size_t offset, bytes;
};
alignas(1024) static char shared_memory[ARENA_BYTES + DYNAMIC_BYTES];
static char* arena = shared_memory;
static size_t arena_top = 0, static_bytes = 0;
static unsigned long block_number = 0;
static Extent variables[MOST_VARIABLES];
static size_t variable_count = 0, dynamic_bytes = 0, shared_limit = 0;

inline char* dynamic_start() { return arena + ARENA_BYTES + FENCE; }

static void new_shared_memory() {
#ifdef CUSIM_TSAN  // of its own for each block, or two blocks would seem to race for the same
  arena = fresh_memory(sizeof shared_memory);
  const size_t used = ARENA_BYTES;
#else
  const size_t used = block_number ? arena_top : ARENA_BYTES;
#endif
  memset(arena, POISON, used);
  memset(dynamic_start() - FENCE, POISON, dynamic_bytes + 2 * FENCE);
  block_number++;
  arena_top = FENCE;
  static_bytes = variable_count = 0;
}

// A variable is aligned as it is declared and no better: a float4 read of a float array without __align__(16) traps.
void* shared_address(SharedPlace& place, size_t bytes, size_t alignment) {
  if (place.block != block_number) {
    const size_t step = alignment < 16 ? 16 : alignment;
    const size_t offset = (arena_top + step - 1) / step * step + (alignment < 16 ? alignment : 0);
    static_bytes += bytes;
    if (static_bytes > STATIC_LIMIT || offset + bytes + FENCE > ARENA_BYTES || variable_count == MOST_VARIABLES)
      fail("over 48 KB of __shared__ variables: %zu bytes; use extern __shared__", static_bytes);
    if (static_bytes + dynamic_bytes > shared_limit)
      fail("%zu bytes of __shared__ variables and %zu of dynamic shared memory exceed %zu; "
           "raise max_dynamic_shared_size_bytes", static_bytes, dynamic_bytes, shared_limit);
    variables[variable_count++] = {offset, bytes};
    place = {block_number, offset};
    arena_top = offset + bytes + FENCE;
  }
  return arena + place.offset;
}
void* dynamic_shared_address() { return dynamic_start(); }

inline bool is_intact(const char* bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (static_cast<unsigned char>(bytes[i]) != POISON) return false;
  return true;
}

static void check_fences() {
  for (size_t i = 0; i < variable_count; i++) {
    const char* start = arena + variables[i].offset;
    const char* end = start + variables[i].bytes;
    if (is_intact(start - FENCE / 2, FENCE / 2) && is_intact(end, FENCE / 2)) continue;
    report(nullptr, "a write %s the __shared__ variable of %zu bytes, no. %zu of the kernel",
           is_intact(end, FENCE / 2) ? "before" : "past", variables[i].bytes, i + 1);
  }
  if (!is_intact(dynamic_start() - FENCE, FENCE) || !is_intact(dynamic_start() + dynamic_bytes, FENCE))
    report(nullptr, "a write outside the %zu bytes of dynamic shared memory", dynamic_bytes);
}

}  // namespace cusim
