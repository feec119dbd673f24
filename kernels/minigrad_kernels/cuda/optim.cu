// Steps of SGD, Adam, AdamW and RMSprop for all parameters of a model in one launch.
//
//     slope  s = ±g + λ θ                                             -g to maximize
//     sgd    θ ← θ - η s;  with momentum  b ← μ b + φ s,  θ ← θ - η b;  nesterov  θ ← θ - η (s + μ b)
//     adam   m ← β₁ m + (1 - β₁) s,  v ← β₂ v + (1 - β₂) s²,  θ ← κ θ - η m / (ρ √v + ε);  amsgrad: the largest v yet
//     rms    v ← α v + (1 - α) s²,   t = s / (√v + ε),   θ ← θ - η t;  with momentum  b ← μ b + t,  θ ← θ - η b;
//            centered  a ← α a + (1 - α) s,  and v - a² under the root
//
// Bound by memory: every array is read once and written once, 28 bytes per parameter for Adam, 12 to 20 for SGD. But a
// model has a hundred arrays, most of them small, and a launch each would take longer than the work. So a launch gets a
// list of arrays, and a block a piece of one of them. The list is an argument like any other, 3 KB by value: nothing to
// be sent to the GPU beforehand, nothing to be kept, and a CUDA graph records it.
constexpr int BLOCK = 256;
constexpr int PIECE = 4096;  // elements of one block
constexpr int MOST = 64;     // parameters of one launch
constexpr int COLUMNS = 5;   // arrays per parameter, at most: itself, its gradient, what is remembered

struct Tensors {
  float* array[COLUMNS][MOST];
  long long n[MOST];
  int first[MOST + 1];  // the first block of each parameter; beyond the last one, the number of blocks
};

__device__ int owner_of(const Tensors& tensors, int block) {
  int k = 0;
#pragma unroll
  for (int half = MOST / 2; half > 0; half /= 2) {
    if (tensors.first[k + half] <= block) k += half;
  }
  return k;
}

// A rule gets one element of each array, v[0] the parameter and v[1] the gradient, and changes all but the gradient.
template <class Rule>
__device__ void over_piece(const Tensors& tensors, const Rule& rule) {
  const int block = blockIdx.x, k = owner_of(tensors, block);
  const long long start = (long long)(block - tensors.first[k]) * PIECE;
  const int n = min((long long)PIECE, tensors.n[k] - start);
  float* at[Rule::COLUMNS];
  bool aligned = true;
#pragma unroll
  for (int c = 0; c < Rule::COLUMNS; c++) {
    at[c] = tensors.array[c][k] + start;
    aligned = aligned && size_t(at[c]) % sizeof(float4) == 0;
  }
  const int fours = aligned ? n / 4 : 0;
  for (int i = threadIdx.x; i < fours; i += BLOCK) {
    float v[4][Rule::COLUMNS];
#pragma unroll
    for (int c = 0; c < Rule::COLUMNS; c++) {
      const float4 four = reinterpret_cast<const float4*>(at[c])[i];
      v[0][c] = four.x, v[1][c] = four.y, v[2][c] = four.z, v[3][c] = four.w;
    }
#pragma unroll
    for (int e = 0; e < 4; e++) rule(v[e]);
#pragma unroll
    for (int c = 0; c < Rule::COLUMNS; c++) {
      if (c != 1) reinterpret_cast<float4*>(at[c])[i] = make_float4(v[0][c], v[1][c], v[2][c], v[3][c]);
    }
  }
  for (int i = 4 * fours + threadIdx.x; i < n; i += BLOCK) {
    float v[Rule::COLUMNS];
#pragma unroll
    for (int c = 0; c < Rule::COLUMNS; c++) v[c] = at[c][i];
    rule(v);
#pragma unroll
    for (int c = 0; c < Rule::COLUMNS; c++) {
      if (c != 1) at[c][i] = v[c];
    }
  }
}

struct Slope {
  float decay, sign;
  __device__ float operator()(const float* v) const {
    return decay == 0.0f ? sign * v[1] : sign * v[1] + decay * v[0];  // 0 · ∞ is NaN
  }
};

template <bool MOMENTUM>
struct Sgd {
  static constexpr int COLUMNS = MOMENTUM ? 3 : 2;
  Slope slope;
  float lr, momentum, fresh;
  bool nesterov;
  __device__ void operator()(float* v) const {
    float step = slope(v);
    if constexpr (MOMENTUM) {
      v[2] = momentum * v[2] + fresh * step;
      step = nesterov ? step + momentum * v[2] : v[2];
    }
    v[0] -= lr * step;
  }
};

template <bool AMSGRAD>
struct Adam {
  static constexpr int COLUMNS = AMSGRAD ? 5 : 4;
  Slope slope;
  float lr, beta1, beta2, rest1, rest2, root, eps, keep;
  __device__ void operator()(float* v) const {
    const float s = slope(v);
    v[2] = beta1 * v[2] + rest1 * s;
    float square = v[3] = beta2 * v[3] + rest2 * s * s;
    if constexpr (AMSGRAD) square = v[4] = square > v[4] || square != square ? square : v[4];
    v[0] = keep * v[0] - lr * v[2] / (sqrtf(square) * root + eps);
  }
};

template <bool CENTERED, bool MOMENTUM>
struct RMSprop {
  static constexpr int COLUMNS = 3 + CENTERED + MOMENTUM;
  Slope slope;
  float lr, alpha, rest, eps, momentum;
  __device__ void operator()(float* v) const {
    const float s = slope(v);
    float square = v[2] = alpha * v[2] + rest * s * s;
    if constexpr (CENTERED) {
      v[3] = alpha * v[3] + rest * s;
      square -= v[3] * v[3];
      square = square < 0.0f ? 0.0f : square;  // a variance, which rounding may push below 0
    }
    float step = s / (sqrtf(square) + eps);
    if constexpr (MOMENTUM) step = v[COLUMNS - 1] = momentum * v[COLUMNS - 1] + step;
    v[0] -= lr * step;
  }
};

template <bool MOMENTUM>
__global__ void __launch_bounds__(BLOCK, 4) sgd(
    const Tensors tensors, float lr, float momentum, float fresh, float decay, float sign, bool nesterov) {
  over_piece(tensors, Sgd<MOMENTUM>{{decay, sign}, lr, momentum, fresh, nesterov});
}

template <bool AMSGRAD>
__global__ void __launch_bounds__(BLOCK, 4) adam(
    const Tensors tensors, float lr, float beta1, float beta2, float rest1, float rest2, float root, float eps,
    float decay, float keep, float sign) {
  over_piece(tensors, Adam<AMSGRAD>{{decay, sign}, lr, beta1, beta2, rest1, rest2, root, eps, keep});
}

template <bool CENTERED, bool MOMENTUM>
__global__ void __launch_bounds__(BLOCK, 4) rmsprop(
    const Tensors tensors, float lr, float alpha, float rest, float eps, float decay, float momentum, float sign) {
  over_piece(tensors, RMSprop<CENTERED, MOMENTUM>{{decay, sign}, lr, alpha, rest, eps, momentum});
}

// INSTANCE: {sgd|adam}<{false|true}>
// INSTANCE: rmsprop<{false|true}, {false|true}>
