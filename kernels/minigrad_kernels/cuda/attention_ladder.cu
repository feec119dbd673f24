// Attention, one idea added per kernel. The rungs above these are attention.cu: tiles, on CUDA cores or tensor cores.
//
//     score = scale · q kᵀ,   weight = softmax(score),   y = weight · v
//     q (heads, T, E),   k (heads, U, E),   v (heads, U, F)
//
// Each of T·U scores per head takes E multiply-adds, and each weight F. A number of k or v is needed T times: by how
// many queries at once, and where do the scores stay?
#include "team.cuh"

constexpr int BLOCK = 256;

// 1. Three kernels, as the formula has three steps: these two, and between them the softmax of softmax_ladder.cu.
// Scores and weights go to memory and come back, 16 bytes for each pair of query and key or, as the softmax takes
// three passes, 24; and there are two loads per multiply-add.
__global__ void __launch_bounds__(BLOCK)
all_scores(const float* q, const float* k, float* score, long long pairs, int T, int U, int E, float scale) {
  const long long pair = blockIdx.x * (long long)BLOCK + threadIdx.x;
  if (pair >= pairs) return;
  const long long query = pair / U, key = query / T * U + pair % U;
  float sum = 0.0f;
  for (int e = 0; e < E; e++) sum += q[query * E + e] * k[key * E + e];
  score[pair] = scale * sum;
}

__global__ void __launch_bounds__(BLOCK)
weighted_sums(const float* weight, const float* v, float* y, long long sums, int T, int U, int F) {
  const long long place = blockIdx.x * (long long)BLOCK + threadIdx.x;
  if (place >= sums) return;
  const long long query = place / F, value = query / T * U * F + place % F;
  float sum = 0.0f;
  for (int u = 0; u < U; u++) sum += weight[query * U + u] * v[value + (long long)u * F];
  y[place] = sum;
}

// 2. A block per query does all three: its row of scores stays in shared memory. But every query reads all keys and
// values for itself, a key number by number and far from its neighbour's, and only F threads add up values.
__global__ void __launch_bounds__(BLOCK)
row_at_once(const float* q, const float* k, const float* v, float* y, int T, int U, int E, int F, float scale) {
  extern __shared__ float weight[];
  const size_t query = blockIdx.x, head = query / T;
  k += head * U * E;
  v += head * U * F;
  float m = Max::none(), s = 0.0f;
  for (int u = threadIdx.x; u < U; u += BLOCK) {
    float sum = 0.0f;
    for (int e = 0; e < E; e++) sum += q[query * E + e] * k[size_t(u) * E + e];
    weight[u] = scale * sum;
    m = Max::of(m, weight[u]);
  }
  m = over_team<Max, BLOCK>(m);
  for (int u = threadIdx.x; u < U; u += BLOCK) s += weight[u] = expf(weight[u] - m);
  s = over_team<Sum, BLOCK>(s);  // its barriers stand between the weights' writers and readers, too
  for (int f = threadIdx.x; f < F; f += BLOCK) {
    float sum = 0.0f;
    for (int u = 0; u < U; u++) sum += weight[u] * v[size_t(u) * F + f];
    y[query * F + f] = sum / s;
  }
}

// INSTANCE: {all_scores|weighted_sums|row_at_once}
