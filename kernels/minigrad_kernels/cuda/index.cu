// Adding rows into a table at places that may repeat, always in the same order: the gradient of an embedding.
//
//     x[places[i]] += y[i]
//
// The launcher has sorted the places, each with the number of its row; equal ones form a run, in the order of the rows.
// A thread has one column of PART rows in a row, so neighbours in a warp read neighbours in memory. A run that lies
// within a part is written to the table; of one that goes on in the next part, each part leaves its share, and whoever
// has the first part adds them up. So no two threads write to one number, and a table of any size costs what rows cost.
//
// Bytes: the rows once, the rows of the table that are named once.
constexpr int BLOCK = 256, PART = 64;
constexpr int AT_ONCE = 8;  // rows that a thread has under way

// A part, and the column of a thread in it. `before` and `after`: the run at its beginning, or end, goes beyond it.
struct Part {
  int column, first, last;
  long long number;
  bool real, before, after;
  __device__ Part(const long long* places, int rows, int width) {
    const unsigned thread = blockIdx.x * BLOCK + threadIdx.x;  // there are as many as elements, at most
    number = thread / width;
    column = thread % width;
    real = number * PART < rows;
    first = real ? number * PART : 0;
    last = min(first + PART, rows);
    before = real && first > 0 && places[first - 1] == places[first];
    after = real && last < rows && places[last] == places[last - 1];
  }
};

// Whether a table has a place. About another one somebody else complains, later.
__device__ inline bool in_table(long long place, long long rows) { return place >= 0 && place < rows; }

// share[part, 0] is what a part has of a run that began before it, share[part, 1] of one that begins in it and goes on.
__global__ void __launch_bounds__(BLOCK) add_parts_of_runs(
    const float* __restrict__ y, const long long* __restrict__ order, const long long* __restrict__ places,
    float* __restrict__ x, long long table, float* __restrict__ share, int rows, int width) {
  const Part p(places, rows, width);
  if (!p.real) return;
  float sum = 0.0f;
  bool whole = !p.before;
  for (int start = p.first; start < p.last; start += AT_ONCE) {
    float v[AT_ONCE];
#pragma unroll
    for (int k = 0; k < AT_ONCE; k++) {
      v[k] = start + k < p.last ? y[size_t(order[start + k]) * width + p.column] : 0.0f;
    }
#pragma unroll
    for (int k = 0; k < AT_ONCE; k++) {
      const int i = start + k;
      sum += v[k];
      if (i >= p.last || (i + 1 < p.last && places[i + 1] == places[i])) continue;
      const bool goes_on = i + 1 == p.last && p.after;
      if (!whole || goes_on) {
        share[(p.number * 2 + (whole ? 1 : 0)) * width + p.column] = sum;
      } else if (in_table(places[i], table)) {
        x[places[i] * width + p.column] = sum;
      }
      sum = 0.0f;
      whole = true;
    }
  }
}

__global__ void __launch_bounds__(BLOCK) join_runs(
    const long long* __restrict__ places, float* __restrict__ x, long long table, const float* __restrict__ share,
    int rows, int width) {
  const Part p(places, rows, width);
  if (!p.real || !p.after) return;
  const long long place = places[p.last - 1];
  if (p.before && places[p.first] == place) return;  // another part has the beginning
  float sum = share[(p.number * 2 + 1) * width + p.column];
#pragma unroll 4
  for (long long part = p.number + 1; part * PART < rows && places[part * PART] == place; part++) {
    sum += share[part * 2 * width + p.column];
  }
  if (in_table(place, table)) x[place * width + p.column] = sum;
}

// INSTANCE: {add_parts_of_runs|join_runs}
