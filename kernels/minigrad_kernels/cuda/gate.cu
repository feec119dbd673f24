// Gates and what they let through; the formulas are those of minigrad/ops/gate.py.
//
// Where the reference subtracts from 1, here both halves of a probability are computed from exp(-|x|), so that neither
// loses digits: σ(x) and 1 - σ(x).
#include "elementwise.cuh"

constexpr float K = 0.79788456f, A = 0.044715f;  // of gelu's tanh: Φ(x) ≈ ½ (1 + tanh(k (x + a x³))), k = √(2/π)
constexpr float BELL_HEIGHT = 0.39894228f;       // 1/√(2π)
constexpr float FLAT = 40.0f;    // beyond, the slope of gelu is 0 or 1 to the last bit, and powers of x may overflow
constexpr float STEEP = 20.0f;   // beyond, mish is x
constexpr float BEYOND = 20.0f;  // there, Φ(-a) is 0

// The nearest of the numbers from low to high; NaN stays NaN.
__device__ inline float within(float low, float high, float x) { return x > high ? high : x < low ? low : x; }

struct Halves {
  float rising, falling;  // σ(x), 1 - σ(x)
};

__device__ inline Halves halves(float x) {
  const float e = expf(-fabsf(x)), q = 1.0f / (1.0f + e);
  return x < 0.0f ? Halves{e * q, q} : Halves{q, e * q};
}

struct Normal {
  float cdf, density;  // Φ(x), Φ'(x)
};

// Φ(-a) = t P(1 - 4 t) exp(-a²/2) for a ≥ 0, with t = 1/(a/√2 + 2) and the polynomial P as in cpu/fastmath.py: half the
// instructions of normcdff and expf, which would take longer than the memory. The rounding of a² would cost digits, so
// what it leaves out is multiplied in.
__device__ inline Normal normal(float x) {
  constexpr float P[] = {-2.1122718e-5f, -2.6093446e-4f, -3.6397158e-4f, 1.5183185e-3f,  3.2173206e-3f,
                         -1.0750556e-2f, -1.8217844e-2f, 1.3973568e-1f,  -3.4358047e-1f, 5.1079136e-1f};
  const float a = within(0.0f, BEYOND, fabsf(x)), square = a * a;
  const float bell = expf(-0.5f * square) * (1.0f - 0.5f * fmaf(a, a, -square));
  const float t = __fdividef(1.0f, a * 0.70710678f + 2.0f), u = 1.0f - 4.0f * t;
  float p = P[0];
#pragma unroll
  for (int i = 1; i < 10; i++) p = p * u + P[i];
  const float outside = bell * t * p;
  return {x < 0.0f ? outside : 1.0f - outside, BELL_HEIGHT * bell};
}

struct Sigmoid {
  __device__ float operator()(float x) const { return halves(x).rising; }
};

struct SigmoidBack {
  __device__ float operator()(float dy, float y) const { return dy * (y * (1.0f - y)); }
};

struct Silu {
  __device__ float operator()(float x) const { return x * halves(x).rising; }
};

struct SiluBack {
  __device__ float operator()(float dy, float x) const {
    const Halves s = halves(x);
    return dy * (s.rising * (1.0f + x * s.falling));
  }
};

// What mish is made of: e = eˣ and q = 1/(n + 2), n = e (e + 2); its gate is tanh(ln(1 + eˣ)) = n q.
struct Softplus {
  float e, q;
  __device__ explicit Softplus(float x) : e(expf(x > STEEP ? STEEP : x)), q(1.0f / (e * (e + 2.0f) + 2.0f)) {}
  __device__ float tanh() const { return e * (e + 2.0f) * q; }
};

struct Mish {
  __device__ float operator()(float x) const { return x * Softplus(x).tanh(); }
};

// dy (t + x (1 - t²) σ(x)), where 1 - t² = 4 (e + 1)² q² and σ = e / (1 + e).
struct MishBack {
  __device__ float operator()(float dy, float x) const {
    const Softplus s(x);
    const float c = within(-2.0f * FLAT, FLAT, x), twice = 2.0f * s.q;
    return dy * (s.tanh() + c * (twice * twice * (s.e * (s.e + 1.0f))));
  }
};

struct Gelu {
  __device__ float operator()(float x) const { return x * normal(x).cdf; }
};

struct GeluBack {
  __device__ float operator()(float dy, float x) const {
    const float c = within(-FLAT, FLAT, x);
    const Normal n = normal(c);
    return dy * (n.cdf + c * n.density);
  }
};

// ½ (1 + tanh u) = σ(2 u)
struct GeluTanh {
  __device__ float operator()(float x) const { return x * halves(2.0f * K * (x + A * x * x * x)).rising; }
};

struct GeluTanhBack {
  __device__ float operator()(float dy, float x) const {
    const float c = within(-FLAT, FLAT, x);
    const Halves s = halves(2.0f * K * (c + A * c * c * c));
    return dy * (s.rising + 2.0f * c * s.rising * s.falling * K * (1.0f + 3.0f * A * c * c));
  }
};

template <class F>
__global__ void __launch_bounds__(BLOCK) map(const float* x, float* y, int n) {
  each(n, y, F(), x);
}

template <class F>
__global__ void __launch_bounds__(BLOCK) map_back(const float* dy, const float* x, float* dx, int n) {
  each(n, dx, F(), dy, x);
}

// INSTANCE: map<{Sigmoid|Silu|Mish|Gelu|GeluTanh}>
// INSTANCE: map_back<{SigmoidBack|SiluBack|MishBack|GeluBack|GeluTanhBack}>
