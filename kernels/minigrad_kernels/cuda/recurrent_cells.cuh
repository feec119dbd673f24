// One memory cell of one sequence, in one step: forward, and the way back.
//
//     a = W_ih x + b_ih    what the input asks for         u = W_hh h + b_hh    what the memory asks for
//
//     plain    h' = tanh(a + u), or max(a + u, 0)
//     gru      r = σ(a + u)   z = σ(a + u)   n = tanh(a + r u)                    h' = n + z (h - n)
//     lstm     i = σ(a + u)   f = σ(a + u)   g = tanh(a + u)   o = σ(a + u)       c' = f c + i g    h' = o tanh c'
//
// What is kept for the way back says every derivative: σ' = σ (1 - σ), tanh' = 1 - tanh². On the way back d comes in as
// the gradient of h' and leaves as the part of the gradient of h that does not go through W_hh; dc likewise. da and du
// are the gradients of a and u, the same but for a GRU, where r stands between n and u.
#pragma once

__device__ inline float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// What a step needs of the forward pass: what was kept, the states before it, and the memory after it.
template <int KEPT>
struct Recalled {
  float kept[KEPT], h, c, c_after;
};

struct Tanh {
  static constexpr int GATES = 1, KEPT = 1, THREADS = 768;  // kept: the output itself
  static constexpr bool HAS_GATES = false, HAS_MEMORY = false, APART = false;
  static __device__ float forward(const float* a, const float* u, float, float&, float*) { return tanhf(a[0] + u[0]); }
  static __device__ void backward(float& d, float&, const Recalled<KEPT>& of, float* da, float*) {
    da[0] = d * (1.0f - of.kept[0] * of.kept[0]);
    d = 0.0f;
  }
};

struct Relu {
  static constexpr int GATES = 1, KEPT = 1, THREADS = 768;
  static constexpr bool HAS_GATES = false, HAS_MEMORY = false, APART = false;
  static __device__ float forward(const float* a, const float* u, float, float&, float*) {
    const float v = a[0] + u[0];
    return v <= 0.0f ? 0.0f : v;  // a NaN stays
  }
  static __device__ void backward(float& d, float&, const Recalled<KEPT>& of, float* da, float*) {
    da[0] = of.kept[0] > 0.0f ? d : 0.0f;
    d = 0.0f;
  }
};

struct Gru {
  static constexpr int GATES = 3, KEPT = 4, THREADS = 512;  // kept: r, z, n and s = u of n, which r multiplies
  static constexpr bool HAS_GATES = true, HAS_MEMORY = false, APART = true;
  static __device__ float forward(const float* a, const float* u, float h, float&, float* kept) {
    const float r = sigmoid(a[0] + u[0]), z = sigmoid(a[1] + u[1]), n = tanhf(a[2] + r * u[2]);
    kept[0] = r, kept[1] = z, kept[2] = n, kept[3] = u[2];
    return n + z * (h - n);
  }
  static __device__ void backward(float& d, float&, const Recalled<KEPT>& of, float* da, float* du) {
    const float r = of.kept[0], z = of.kept[1], n = of.kept[2], s = of.kept[3];
    const float inside = d * (1.0f - z) * (1.0f - n * n);
    da[0] = du[0] = inside * s * (r * (1.0f - r));
    da[1] = du[1] = d * (of.h - n) * (z * (1.0f - z));
    da[2] = inside;
    du[2] = inside * r;
    d *= z;
  }
};

struct Lstm {
  static constexpr int GATES = 4, KEPT = 4, THREADS = 512;  // kept: i, f, g, o
  static constexpr bool HAS_GATES = true, HAS_MEMORY = true, APART = false;
  static __device__ float forward(const float* a, const float* u, float, float& c, float* kept) {
    const float i = sigmoid(a[0] + u[0]), f = sigmoid(a[1] + u[1]), g = tanhf(a[2] + u[2]), o = sigmoid(a[3] + u[3]);
    kept[0] = i, kept[1] = f, kept[2] = g, kept[3] = o;
    c = f * c + i * g;
    return o * tanhf(c);
  }
  static __device__ void backward(float& d, float& dc, const Recalled<KEPT>& of, float* da, float*) {
    const float i = of.kept[0], f = of.kept[1], g = of.kept[2], o = of.kept[3], shown = tanhf(of.c_after);
    const float memory = dc + d * o * (1.0f - shown * shown);
    da[0] = memory * g * (i * (1.0f - i));
    da[1] = memory * of.c * (f * (1.0f - f));
    da[2] = memory * i * (1.0f - g * g);
    da[3] = d * shown * (o * (1.0f - o));
    dc = memory * f;
    d = 0.0f;
  }
};
