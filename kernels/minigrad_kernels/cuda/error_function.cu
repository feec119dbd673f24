// The error function and its complement. The reference has three formulas and picks elements for each.
#include "elementwise.cuh"

__global__ void __launch_bounds__(BLOCK) error_function(const float* x, float* y, int n) {
  each(n, y, [](float x) { return erff(x); }, x);
}

__global__ void __launch_bounds__(BLOCK) complement(const float* x, float* y, int n) {
  each(n, y, [](float x) { return erfcf(x); }, x);
}

// INSTANCE: {error_function|complement}
