// Rows and the teams that work on them: T threads have a row. A block is one team, or eight of warps.
#pragma once
#include "team.cuh"

template <int T>
constexpr int THREADS = T > 32 ? T : 256;  // of a block

template <int T>
struct Team {
  int index, lane;
  __device__ Team() : index(blockIdx.x * (THREADS<T> / T) + threadIdx.x / T), lane(threadIdx.x % T) {}
  static __device__ int count() { return gridDim.x * (THREADS<T> / T); }
};
