// Atomic operations. Between two switch points a thread runs alone, so a plain read and write would do; under
// ThreadSanitizer they are real atomics, or each would count as a race.
#pragma once
#include "machine.h"

namespace cusim {

template <size_t bytes> struct Word;
template <> struct Word<4> { using type = uint32_t; };
template <> struct Word<8> { using type = uint64_t; };

template <class To, class From> To same_bits(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

// Replaces the value at an address by `change` of it, and returns what it was.
template <class T, class Change> T exchange(T* address, Change change) {
  using Bits = typename Word<sizeof(T)>::type;
  Bits* cell = reinterpret_cast<Bits*>(address);
#ifdef __SANITIZE_THREAD__
  Bits old = __atomic_load_n(cell, __ATOMIC_RELAXED), next;
  do next = same_bits<Bits>(change(same_bits<T>(old)));
  while (!__atomic_compare_exchange_n(cell, &old, next, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
#else
  Bits old = *cell;
  *cell = same_bits<Bits>(change(same_bits<T>(old)));
#endif
  return same_bits<T>(old);
}

// Keeps an argument from taking part in deduction: atomicAdd(&f, 1).
template <class T> struct Same { using type = T; };

}  // namespace cusim

#define CUSIM_ATOMIC(name, replaced)                                           \
  template <class T> T name(T* address, typename cusim::Same<T>::type value) { \
    return cusim::exchange(address, [=](T old) -> T { return replaced; });     \
  }
CUSIM_ATOMIC(atomicAdd, old + value)
CUSIM_ATOMIC(atomicSub, old - value)
CUSIM_ATOMIC(atomicExch, value)
CUSIM_ATOMIC(atomicMax, old > value ? old : value)
CUSIM_ATOMIC(atomicMin, old < value ? old : value)
CUSIM_ATOMIC(atomicAnd, old & value)
CUSIM_ATOMIC(atomicOr, old | value)
CUSIM_ATOMIC(atomicXor, old ^ value)
CUSIM_ATOMIC(atomicInc, old >= value ? 0 : old + 1)
CUSIM_ATOMIC(atomicDec, old == 0 || old > value ? value : old - 1)

template <class T>
T atomicCAS(T* address, typename cusim::Same<T>::type expected, typename cusim::Same<T>::type value) {
  return cusim::exchange(address, [=](T old) -> T { return old == expected ? value : old; });
}
