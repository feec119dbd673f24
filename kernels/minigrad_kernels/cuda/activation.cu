// The activations with a corner; the formulas are those of minigrad/ops/activation.py. A NaN fails every comparison.
#include "elementwise.cuh"

struct Relu {
  __device__ float operator()(float x) const { return x < 0.0f ? 0.0f : x; }
};

// A product, as in the reference: an infinite or undefined dy shows, even where 0 lets nothing pass.
struct ReluBack {
  __device__ float operator()(float dy, float y) const { return dy * (y > 0.0f ? 1.0f : 0.0f); }
};

struct LeakyRelu {
  float slope;
  __device__ float operator()(float x) const { return x > 0.0f ? x : slope * x; }
};

struct LeakyReluBack {
  float slope;
  __device__ float operator()(float dy, float x) const { return x > 0.0f ? dy : slope * dy; }
};

struct Elu {
  float alpha;
  __device__ float operator()(float x) const { return x > 0.0f ? x : alpha * expm1f(x); }
};

struct EluBack {
  float alpha;
  __device__ float operator()(float dy, float x) const { return x > 0.0f ? dy : dy * (alpha * expf(x)); }
};

template <class F>
__global__ void __launch_bounds__(BLOCK) map(const float* x, float* y, int n) {
  each(n, y, F(), x);
}

template <class F>
__global__ void __launch_bounds__(BLOCK) map_back(const float* dy, const float* y, float* dx, int n) {
  each(n, dx, F(), dy, y);
}

template <class F>
__global__ void __launch_bounds__(BLOCK) map_set(const float* x, float* y, int n, float setting) {
  each(n, y, F{setting}, x);
}

template <class F>
__global__ void __launch_bounds__(BLOCK) map_set_back(
    const float* dy, const float* x, float* dx, int n, float setting) {
  each(n, dx, F{setting}, dy, x);
}

// INSTANCE: map<Relu>
// INSTANCE: map_back<ReluBack>
// INSTANCE: map_set<{LeakyRelu|Elu}>
// INSTANCE: map_set_back<{LeakyReluBack|EluBack}>
