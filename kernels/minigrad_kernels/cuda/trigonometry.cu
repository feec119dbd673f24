// tanh and its derivative.
#include "elementwise.cuh"

__global__ void __launch_bounds__(BLOCK) hyperbolic_tangent(const float* x, float* y, int n) {
  each(n, y, [](float x) { return tanhf(x); }, x);
}

__global__ void __launch_bounds__(BLOCK) hyperbolic_tangent_back(const float* dy, const float* y, float* dx, int n) {
  each(n, dx, [](float dy, float y) { return dy * (1.0f - y * y); }, dy, y);
}

// INSTANCE: {hyperbolic_tangent|hyperbolic_tangent_back}
