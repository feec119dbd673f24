// Shared memory: rewrite.py turns `__shared__ float tile[32];` into a reference that these give.
#pragma once
#include "machine.h"

namespace cusim {

// `Site` is the type of a lambda at the declaration: each declaration, in each template instance, has its own place.
template <class T, size_t alignment, class Site> T& shared(Site) {
  static SharedPlace place;
  return *static_cast<T*>(shared_address(place, sizeof(T), alignment > alignof(T) ? alignment : alignof(T)));
}
template <class T> T* dynamic_shared() { return static_cast<T*>(dynamic_shared_address()); }

}  // namespace cusim
