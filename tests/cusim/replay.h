// A program that runs one launch, read from a file: for ThreadSanitizer, which wants a process of its own.
// The kernels' text ends with the table KERNELS, and then includes this.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "machine.h"

namespace cusim {

struct Argument {
  uint32_t is_array, same_as;  // same_as: the number of an earlier argument in the same memory, or its own
  uint64_t bytes, misalignment;
};

inline void read(FILE* file, void* to, size_t bytes) {
  if (bytes && fread(to, bytes, 1, file) != 1) abort();
}
inline char* place(FILE* file, const Argument& argument) {
  const size_t room = (argument.bytes + argument.misalignment + 511) / 256 * 256;
  char* start = static_cast<char*>(aligned_alloc(256, room)) + argument.misalignment;
  read(file, start, argument.bytes);
  return start;
}

}  // namespace cusim

int main(int, char** words) {
  static char* arrays[256];
  static void* arguments[256];
  FILE* file = fopen(words[1], "rb");
  if (!file) abort();
  uint32_t kernel = 0, count = 0;
  cusim::Launch launch{};
  cusim::read(file, &kernel, sizeof kernel);
  cusim::read(file, &count, sizeof count);
  cusim::read(file, &launch, sizeof launch);
  for (uint32_t i = 0; i < count; i++) {
    cusim::Argument argument{};
    cusim::read(file, &argument, sizeof argument);
    arrays[i] = argument.same_as == i ? cusim::place(file, argument) : arrays[argument.same_as];
    arguments[i] = argument.is_array ? static_cast<void*>(&arrays[i]) : arrays[i];
  }
  fclose(file);
  static cusim::Outcome outcome;
  KERNELS[kernel](&launch, arguments, &outcome);
  fputs(outcome.message, stdout);
  fflush(nullptr);
  return 0;
}
