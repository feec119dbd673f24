// Small kernels that are wrong, each in one way, and at the lines marked so. test_planted.py knows how each is caught.
// A block of 64 threads runs them.
#include "mma.cuh"

extern "C" __global__ void no_barrier_before_a_read(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  y[threadIdx.x] = s[63 - threadIdx.x];
}
extern "C" __global__ void no_barrier_after_a_read(const float* x, float* y) {
  __shared__ float s[64];
  float sum = 0.0f;
  for (int round = 0; round < 2; round++) {
    s[threadIdx.x] = x[threadIdx.x] * (round + 1);
    __syncthreads();
    sum += s[63 - threadIdx.x];
  }
  y[threadIdx.x] = sum;
}
extern "C" __global__ void steps_of_a_warp_without_barriers(const float* x, float* y) {
  __shared__ volatile float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const int first = threadIdx.x / 32 * 32;
  for (int step = 16; step > 0; step /= 2) s[threadIdx.x] += s[first + (threadIdx.x + step) % 32];
  y[threadIdx.x] = s[threadIdx.x];
}

extern "C" __global__ void load_past_the_end(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x + 1];  // wrong
}
extern "C" __global__ void load_before_the_start(const float* x, float* y) {
  y[threadIdx.x] = x[(int)threadIdx.x - 1];
}
extern "C" __global__ void store_past_the_end(const float* x, float* y) {
  y[threadIdx.x + 1] = x[threadIdx.x];  // wrong
}
extern "C" __global__ void store_before_the_start(const float* x, float* y) {
  y[(int)threadIdx.x - 1] = x[threadIdx.x];
}
extern "C" __global__ void load_far_outside(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x * 100000];  // wrong
}

extern "C" __global__ void misaligned_vector(const float* x, float* y) {
  const float4 v = *reinterpret_cast<const float4*>(x + threadIdx.x / 32);  // wrong
  y[threadIdx.x] = v.x + v.w;
}
extern "C" __global__ void vector_of_an_unaligned_array(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = reinterpret_cast<const float4*>(s)[threadIdx.x % 16].x;  // wrong
}
extern "C" __global__ void misaligned_copy(const float* x, float* y) {
  __shared__ __align__(16) float s[68];
  cp_async16(s + 1, x);  // wrong
  y[threadIdx.x] = s[0];
}

extern "C" __global__ void overrun_of_a_shared_array(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x + 1] = x[threadIdx.x];  // wrong
  y[threadIdx.x] = 0.0f;
}
extern "C" __global__ void overrun_through_a_pointer(const float* x, float* y) {
  __shared__ float s[64];
  float* p = s;
  p[threadIdx.x + 1] = x[threadIdx.x];
  y[threadIdx.x] = 0.0f;
}
extern "C" __global__ void underrun_through_a_pointer(const float* x, float* y) {
  __shared__ float s[64];
  float* p = s;
  p[(int)threadIdx.x - 1] = x[threadIdx.x];
  y[threadIdx.x] = 0.0f;
}
extern "C" __global__ void overrun_of_dynamic_memory(const float* x, float* y) {
  extern __shared__ float s[];
  s[threadIdx.x] = x[threadIdx.x];  // 128 bytes are asked for, 256 are used
  y[threadIdx.x] = 0.0f;
}
extern "C" __global__ void overrun_of_a_local_array(const float* x, float* y) {
  float v[4] = {x[0], x[1], x[2], x[3]};
  y[threadIdx.x] = v[threadIdx.x / 8];  // wrong
}

extern "C" __global__ void shared_memory_that_nobody_wrote(const float* x, float* y) {
  __shared__ float s[64];
  if (threadIdx.x < 16) s[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  y[threadIdx.x] = s[threadIdx.x];
}
extern "C" __global__ void register_that_nobody_wrote(const float* x, float* y) {
  float sum;
  for (int i = 0; i < 4; i++) sum += x[i];
  y[threadIdx.x] = sum;
}

extern "C" __global__ void barriers_at_two_places(const float* x, float* y) {
  if (threadIdx.x % 2) {
    __syncthreads();  // wrong
  } else {
    __syncthreads();  // wrong
  }
  y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void barriers_at_two_places_of_a_line(const float* x, float* y) {
  if (threadIdx.x % 2) __syncthreads(); else __syncthreads();  // wrong
  y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void barrier_for_a_half(const float* x, float* y) {
  if (threadIdx.x < 32) __syncthreads();  // wrong
  y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void exit_before_a_barrier(const float* x, float* y) {
  if (threadIdx.x >= 50) return;
  __syncthreads();  // wrong
  y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void barrier_against_a_shuffle(const float* x, float* y) {
  float v = x[threadIdx.x];
  if (threadIdx.x % 2) __syncthreads();
  else v = __shfl_xor_sync(0xffffffffu, v, 1);  // wrong
  y[threadIdx.x] = v;
}

extern "C" __global__ void shuffle_of_a_half(const float* x, float* y) {
  float v = x[threadIdx.x];
  if (threadIdx.x % 32 < 16) v = __shfl_xor_sync(0xffffffffu, v, 8);  // wrong
  y[threadIdx.x] = v;
}
extern "C" __global__ void shuffle_from_outside_the_mask(const float* x, float* y) {
  float v = x[threadIdx.x];
  if (threadIdx.x % 32 < 16) v = __shfl_xor_sync(0x0000ffffu, v, 16);  // wrong
  y[threadIdx.x] = v;
}
extern "C" __global__ void shuffle_by_a_stranger(const float* x, float* y) {
  y[threadIdx.x] = __shfl_xor_sync(0x0000ffffu, x[threadIdx.x], 1);  // wrong
}
extern "C" __global__ void shuffles_of_two_kinds(const float* x, float* y) {
  float v = x[threadIdx.x];
  if (threadIdx.x % 2) v = __shfl_up_sync(0xffffffffu, v, 1);  // wrong
  else v = __shfl_down_sync(0xffffffffu, v, 1);  // wrong
  y[threadIdx.x] = v;
}

extern "C" __global__ void wait_that_is_too_weak(const float* x, float* y) {
  __shared__ float s[64];
  cp_async4(&s[threadIdx.x], &x[threadIdx.x]);
  cp_async_commit();
  cp_async_wait<1>();
  y[threadIdx.x] = s[threadIdx.x];
}
extern "C" __global__ void copy_that_is_not_committed(const float* x, float* y) {
  __shared__ float s[64];
  cp_async4(&s[threadIdx.x], &x[threadIdx.x]);
  cp_async_wait<0>();
  y[threadIdx.x] = s[threadIdx.x];
}
extern "C" __global__ void copy_into_what_is_still_read(const float* x, float* y) {
  __shared__ float s[64];
  s[threadIdx.x] = -x[threadIdx.x];
  __syncthreads();
  const float before = s[63 - threadIdx.x];
  cp_async4(&s[threadIdx.x], &x[threadIdx.x]);  // others may not have read yet
  cp_async_commit();
  cp_async_wait<0>();
  __syncthreads();
  y[threadIdx.x] = before;
}
extern "C" __global__ void swapped_registers(const float* x, float* y) {
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  const unsigned a[4] = {to_tf32(x[g + t]), to_tf32(x[g + t + 4]), to_tf32(x[g + 8 + t]), to_tf32(x[g + 12 + t])};
  const unsigned b[2] = {to_tf32(x[8 * t + g]), to_tf32(x[8 * t + 32 + g])};
  float d[4] = {};
  mma_16x8x8_tf32(d, a, b);
  if (threadIdx.x < 32)
    for (int i = 0; i < 4; i++) y[(g + i / 2 * 8) * 8 + t * 2 + i % 2] = d[i];
}

extern "C" __global__ void division_by_zero(const int* x, int* y) {
  y[threadIdx.x] = 7 / (x[threadIdx.x] - 3);  // wrong
}
extern "C" __global__ void shift_too_far(const int* x, int* y) {
  y[threadIdx.x] = 1 << (x[threadIdx.x] + 40);  // wrong
}
extern "C" __global__ void loop_without_end(const float* x, float* y) {
  while (*(const volatile float*)x >= -100.0f) continue;  // wrong
  y[threadIdx.x] = 0.0f;
}
__device__ __noinline__ float deeper(const float* x, int n) { return n < 0 ? x[0] : deeper(x, n + 1) + x[n % 64]; }
extern "C" __global__ void stack_overflow(const float* x, float* y) {
  y[threadIdx.x] = deeper(x, 1);
}
extern "C" __global__ void __launch_bounds__(32) more_threads_than_bound(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void more_static_memory_than_there_is(const float* x, float* y) {
  __shared__ float s[48 * 256 + 1];
  y[threadIdx.x] = s[threadIdx.x] = x[threadIdx.x];
}
extern "C" __global__ void static_and_dynamic_memory(const float* x, float* y) {
  __shared__ float s[24 * 256];
  extern __shared__ float more[];
  y[threadIdx.x] = s[threadIdx.x] = more[threadIdx.x] = x[threadIdx.x];
}

// Right in every order in which blocks can follow each other; a race if they run side by side.
extern "C" __global__ void blocks_that_add_to_one_number(const float* x, float* y) {
  if (threadIdx.x == 0) y[0] += x[blockIdx.x];
}
