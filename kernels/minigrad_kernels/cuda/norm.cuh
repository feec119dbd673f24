// What the kernels of normalization share.
#pragma once

// A parameter of a layer that may be left out.
__device__ inline float at(const float* values, int i, float otherwise) { return values ? values[i] : otherwise; }

// n numbers, their mean, and the sum of squares about it.
struct Moments {
  float n, mean, squares;
  // Those of two lots together: the distance of the means comes in.
  __device__ Moments with(Moments other) const {
    const float all = n + other.n, share = all > 0.0f ? other.n / all : 0.0f, d = other.mean - mean;
    return {all, mean + d * share, squares + other.squares + d * d * n * share};
  }
};
