// Bugs that touch what is not theirs. Without its bug each kernel is right in every build.

#include "tests/planted_bugs/planted_bug.h"
#include "weft/simt.h"

namespace weft::test {
namespace {

constexpr unsigned kThreads = 32;

template <bool kBug>
__global__ void row_overflow_kernel(const float* x, float* y) {  // [4, 8] each
  WEFT_SHARED(float, tile, [4][8]);
  const unsigned row = threadIdx.x / 8, column = threadIdx.x % 8;
  tile[row][column] = x[threadIdx.x];
  __syncthreads();
  if (kBug && column == 0 && row == 1) tile[row][column + 8] = 100.0f;  // BUG: shared row overflow
  __syncthreads();
  y[threadIdx.x] = tile[row][column];
}

// The two stores of a row, as a kernel that pads in a loop has them; through a pointer, which hides the
// extents from -fsanitize=bounds.
template <bool kBug>
__global__ void array_overflow_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [kThreads]);
  float* const first = tile;
  first[threadIdx.x] = x[threadIdx.x];
  if (kBug && threadIdx.x == kThreads - 1)
    first[threadIdx.x + 1] = 0.0f;  // BUG: shared array overflow
  __syncthreads();
  y[threadIdx.x] = first[kThreads - 1 - threadIdx.x];
}

template <bool kBug>
__global__ void dynamic_overflow_kernel(const float* x, float* y) {
  WEFT_DYNAMIC_SHARED(float, row);  // [kThreads]
  row[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  const unsigned next = threadIdx.x + 1;
  float sum = row[threadIdx.x];
  if (next < kThreads + kBug) sum = fmaxf(sum, row[next]);  // BUG: dynamic shared over-read
  y[threadIdx.x] = sum;
}

template <bool kBug>
__global__ void over_read_kernel(const float* x, float* y, unsigned size) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= size) return;
  float largest = x[i];
  if (i + 1 < size + kBug) {
    const float next = x[i + 1];  // BUG: global over-read by one
    if (next > largest && next < 1e6f) largest = i + 1 < size ? next : largest;
  }
  y[i] = largest;
}

template <bool kBug>
__global__ void over_write_kernel(const float* x, float* y, unsigned size) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < size + kBug) y[i] = 2.0f * (i < size ? x[i] : 0.0f);  // BUG: global over-write by one
}

template <bool kBug>
__global__ void free_kernel(const float* x, float* y) {
  y[threadIdx.x] = x[threadIdx.x];  // BUG: use after free
}

template <bool kBug>
__global__ void histogram_kernel(const float* x, float* counts) {  // x in [0, 1], counts [8]
  WEFT_SHARED(int, bins, [8]);
  if (threadIdx.x < 8) bins[threadIdx.x] = 0;
  __syncthreads();
  int bin = static_cast<int>(x[threadIdx.x] * 8.0f);
  if (!kBug && bin > 7) bin = 7;
  atomicAdd(&bins[bin], 1);  // BUG: the last bin
  __syncthreads();
  if (threadIdx.x < 8) counts[threadIdx.x] = static_cast<float>(bins[threadIdx.x]);
}

template <bool kBug>
__global__ void uninitialised_kernel(const float* x, float* y) {
  WEFT_SHARED(float, total, [1]);
  if (!kBug && threadIdx.x == 0) total[0] = 0.0f;
  __syncthreads();
  for (unsigned t = 0; t < kThreads; ++t) {
    if (t == threadIdx.x) total[0] += x[t];  // BUG: uninitialised shared memory
    __syncthreads();
  }
  y[threadIdx.x] = total[0];
}

template <bool kBug>
__global__ void local_overflow_kernel(const float* x, float* y) {
  float window[4];
  for (unsigned i = 0; i < 4; ++i) window[i] = x[(threadIdx.x + i) % kThreads];
  float sum = 0;
  const unsigned reach = 4 + (kBug ? gridDim.x : 0);  // what the compiler cannot see through
  for (unsigned i = 0; i < reach; ++i) {
    const float value = window[i];  // BUG: local array over-read
    sum += i < 4 ? value : 0.0f;
  }
  y[threadIdx.x] = sum;
}

template <bool kBug>
__global__ void wrapped_index_kernel(float* y, int pitch) {
  const int row = static_cast<int>(threadIdx.x);
  std::int64_t offset = static_cast<std::int64_t>(row) * pitch;
  if (kBug) offset = row * pitch;  // BUG: index overflows an int
  y[row] = offset > 0 || row == 0 ? 1.0f : 0.0f;
}

template <bool kBug>
__global__ void forgotten_tail_kernel(const float* x, float* y, unsigned size) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i + kBug < size) y[i] = x[i];  // BUG: the last element is left out
}

Floats maxima_of_neighbours(int size) {
  Floats values = counting(size);
  for (std::size_t i = 0; i + 1 < values.size(); ++i) values[i] = values[i + 1];
  return values;
}

template <class Kernel>
bool run_on_row(Kernel kernel, const Floats& expected, std::size_t shared_bytes = 0) {
  const Tensor x = on_device(counting(kThreads)), y = blank(kThreads);
  launch(kernel, {.block = kThreads, .shared_bytes = shared_bytes}, kNoStream, x.data<float>(),
         y.data<float>());
  return holds(y, expected);
}

template <class Kernel>
bool run_sized(Kernel kernel, const Floats& expected) {
  const int size = static_cast<int>(expected.size());
  const Tensor x = on_device(counting(size)), y = blank(size);
  launch(kernel, {.grid = 3, .block = kThreads}, kNoStream, x.data<float>(), y.data<float>(),
         static_cast<unsigned>(size));
  return holds(y, expected);
}

Floats times(Floats values, float factor) {
  for (float& value : values) value *= factor;
  return values;
}
Floats reversed(const Floats& values) { return {values.rbegin(), values.rend()}; }

bool run_after_free(bool planted) {
  Tensor x = on_device(counting(kThreads));
  const float* const address = x.data<float>();
  if (planted) x = Tensor();
  const Tensor y = full({kThreads + 1}, -1, DType::float32, Device::gpu);  // of another size class
  launch(free_kernel<true>, {.block = kThreads}, kNoStream, address, y.data<float>());
  return planted || y.to_vector<float>()[5] == 5.0f;
}

bool run_histogram(bool planted) {
  Floats values;
  for (unsigned i = 0; i < kThreads; ++i) values.push_back(static_cast<float>(i) / (kThreads - 1));
  const Tensor x = on_device(values), counts = blank(8);
  launch(planted ? histogram_kernel<true> : histogram_kernel<false>, {.block = kThreads}, kNoStream,
         x.data<float>(), counts.data<float>());
  return holds(counts, {4, 4, 4, 4, 4, 4, 4, 4});
}

bool run_wrapped_index(bool planted) {
  const Tensor y = blank(kThreads);
  launch(planted ? wrapped_index_kernel<true> : wrapped_index_kernel<false>, {.block = kThreads},
         kNoStream, y.data<float>(), 1 << 27);
  return holds(y, Floats(kThreads, 1.0f));
}

Floats windows() {
  Floats sums;
  for (int i = 0; i < static_cast<int>(kThreads); ++i) {
    float sum = 0;
    for (int k = 0; k < 4; ++k) sum += static_cast<float>((i + k) % static_cast<int>(kThreads));
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace

std::vector<PlantedBug> memory_bugs() {
  return {
      {"shared row overflow", "memory.cpp", kWrong, reports("index 8 out of bounds"), kWrong,
       [](bool planted) {
         return run_on_row(planted ? row_overflow_kernel<true> : row_overflow_kernel<false>,
                           counting(kThreads));
       }},
      {"shared array overflow", "memory.cpp", kSilent, reports("use-after-poison"),
       reports("outside"),
       [](bool planted) {
         return run_on_row(planted ? array_overflow_kernel<true> : array_overflow_kernel<false>,
                           reversed(counting(kThreads)));
       }},
      {"dynamic shared over-read", "memory.cpp", kSilent, reports("use-after-poison"),
       reports("outside"),
       [](bool planted) {
         return run_on_row(planted ? dynamic_overflow_kernel<true> : dynamic_overflow_kernel<false>,
                           maxima_of_neighbours(kThreads), kThreads * sizeof(float));
       }},
      {"global over-read by one", "memory.cpp", kSilent, reports("heap-buffer-overflow"),
       reports("outside"),
       [](bool planted) {
         return run_sized(planted ? over_read_kernel<true> : over_read_kernel<false>,
                          maxima_of_neighbours(70));
       }},
      {"global over-write by one", "memory.cpp", kSilent, reports("heap-buffer-overflow"),
       reports("outside"),
       [](bool planted) {
         return run_sized(planted ? over_write_kernel<true> : over_write_kernel<false>,
                          times(counting(70), 2.0f));
       }},
      {"use after free", "memory.cpp", kSilent, reports("heap-use-after-free"), reports("outside"),
       run_after_free},
      {"the last bin", "memory.cpp", kWrong, reports("use-after-poison"), reports("outside"),
       run_histogram},
      {"uninitialised shared memory", "memory.cpp", kWrong, kWrong, reports("uninitialised"),
       [](bool planted) {
         return run_on_row(planted ? uninitialised_kernel<true> : uninitialised_kernel<false>,
                           Floats(kThreads, static_cast<float>(kThreads * (kThreads - 1) / 2)));
       }},
      {"local array over-read", "memory.cpp", kSilent, reports("index 4 out of bounds"), kSilent,
       [](bool planted) {
         return run_on_row(planted ? local_overflow_kernel<true> : local_overflow_kernel<false>,
                           windows());
       }},
      {"index overflows an int", "memory.cpp", kWrong, reports("signed integer overflow"), kWrong,
       run_wrapped_index},
      {"the last element is left out", "memory.cpp", kWrong, kWrong, kWrong,
       [](bool planted) {
         return run_sized(planted ? forgotten_tail_kernel<true> : forgotten_tail_kernel<false>,
                          counting(70));
       }},
  };
}

}  // namespace weft::test
