// Asynchronous copies of a thread. On a GPU one lands at some moment between its issue and its wait: here the order of
// the launch draws which end of that span, so that a wait that is too weak reads poison, and a copy that is issued too
// early spoils what others still read.
#pragma once
#include "threads.h"

#ifdef CUSIM_TSAN
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace cusim {

// While there is one, memory that is allocated or freed is no access: these lists are the simulator's, not the kernel's.
struct Unwatched {
#ifdef CUSIM_TSAN
  Unwatched() { AnnotateIgnoreWritesBegin(__FILE__, __LINE__); }
  ~Unwatched() { AnnotateIgnoreWritesEnd(__FILE__, __LINE__); }
#else
  Unwatched() {}
#endif
};

inline void forget_copies(Thread& thread) {
  const Unwatched unwatched;
  thread.open_copies.clear();
  thread.copy_groups.clear();
}

#ifdef CUSIM_TSAN
constexpr bool LANDS_TWICE = true;  // both ends of the span must be free of races
#else
constexpr bool LANDS_TWICE = false;
#endif

// True if the caller is to copy now.
bool begin_copy(const Copy& copy) {
  const bool at_once = LANDS_TWICE || order == REVERSE || (order == RANDOM && draw(2));
  const Unwatched unwatched;
  if (LANDS_TWICE || !at_once) current->open_copies.push_back(copy);
  return at_once;
}

void close_copy_group() {
  const Unwatched unwatched;
  current->copy_groups.push_back(std::move(current->open_copies));
  current->open_copies.clear();
}

bool next_copy_to_land(unsigned groups_that_may_wait, Copy& copy) {
  const Unwatched unwatched;
  auto& groups = current->copy_groups;
  while (groups.size() > groups_that_may_wait) {
    if (!groups.front().empty()) {
      copy = groups.front().back();
      groups.front().pop_back();
      return true;
    }
    groups.pop_front();
  }
  return false;
}

}  // namespace cusim
