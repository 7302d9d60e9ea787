// Bugs of order: barriers that are missing or do not meet, and threads that write over each other.

#include "tests/planted_bugs/planted_bug.h"
#include "weft/simt.h"

namespace weft::test {
namespace {

constexpr unsigned kThreads = 64;

template <bool kBug>
__global__ void reverse_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [kThreads]);
  tile[threadIdx.x] = x[threadIdx.x];
  if (!kBug) __syncthreads();
  y[threadIdx.x] = tile[kThreads - 1 - threadIdx.x];  // BUG: no barrier before reading
}

template <bool kBug>
__global__ void rotate_kernel(const float* x, float* y) {  // by three, one step at a time
  WEFT_SHARED(float, tile, [kThreads]);
  float value = x[threadIdx.x];
  for (int step = 0; step < 3; ++step) {
    tile[threadIdx.x] = value;  // BUG: no barrier after reading
    __syncthreads();
    value = tile[(threadIdx.x + 1) % kThreads];
    if (!kBug) __syncthreads();
  }
  y[threadIdx.x] = value;
}

template <bool kBug>
__device__ float block_total(float value) {
  WEFT_SHARED(float, partials, [kThreads]);
  if (!kBug) __syncthreads();
  partials[threadIdx.x] = value;  // BUG: reduction buffer used again
  __syncthreads();
  float total = 0;
  for (unsigned t = 0; t < kThreads; ++t) total += partials[t];
  return total;
}

template <bool kBug>
__global__ void mean_distance_kernel(const float* x, float* y) {
  const float mean = block_total<kBug>(x[threadIdx.x]) / kThreads;
  y[threadIdx.x] = block_total<kBug>(fabsf(x[threadIdx.x] - mean)) / kThreads;
}

template <bool kBug>
__global__ void early_return_kernel(const float* x, float* y, unsigned size) {
  WEFT_SHARED(float, tile, [kThreads]);
  if (kBug && threadIdx.x >= size) return;
  if (threadIdx.x < size) tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();  // BUG: early return before a barrier
  if (threadIdx.x < size) y[threadIdx.x] = tile[size - 1 - threadIdx.x];
}

template <bool kBug>
__global__ void branch_kernel(const float* x, float* y) {
  WEFT_SHARED(float, tile, [kThreads]);
  if (threadIdx.x % 2 == 0) {
    tile[threadIdx.x] = x[threadIdx.x];
    if (kBug) __syncthreads();
  } else {
    tile[threadIdx.x] = -x[threadIdx.x];
    if (kBug) __syncthreads();  // BUG: barriers in both arms
  }
  if (!kBug) __syncthreads();
  y[threadIdx.x] = tile[kThreads - 1 - threadIdx.x];
}

template <bool kBug>
__global__ void uneven_loop_kernel(const float* x, float* y, unsigned size) {
  WEFT_SHARED(float, tile, [kThreads]);
  float sum = 0;
  for (unsigned i = kBug ? threadIdx.x : 0; i < size; i += kThreads) {
    const unsigned at = kBug ? i : i + threadIdx.x;
    tile[threadIdx.x] = at < size ? x[at] : 0.0f;
    __syncthreads();  // BUG: a barrier in a loop of uneven length
    sum += tile[kThreads - 1 - threadIdx.x];
    __syncthreads();
  }
  y[threadIdx.x] = sum;
}

template <bool kBug>
__global__ void count_kernel(const float* x, float* count) {
  WEFT_SHARED(int, found, [1]);
  if (threadIdx.x == 0) found[0] = 0;
  __syncthreads();
  if (x[threadIdx.x] >= 32) atomicAdd(&found[0], 1);
  if (!kBug) __syncthreads();
  if (threadIdx.x == 0)
    count[0] = static_cast<float>(found[0]);  // BUG: an atomic counter read too early
}

template <bool kBug>
__global__ void total_kernel(const float* x, int* total) {
  const int value = static_cast<int>(x[threadIdx.x]);
  if (kBug)
    total[0] += value;  // BUG: an update that is not atomic
  else
    atomicAdd(total, value);
}

template <bool kBug>
__global__ void neighbour_kernel(const float* x, float* y) {  // a block a row of kThreads
  const unsigned row = blockIdx.x, last = gridDim.x - 1;
  y[row * kThreads + threadIdx.x] = x[threadIdx.x];
  if (kBug && row < last && threadIdx.x == 0)
    y[(row + 1) * kThreads] = x[0];  // BUG: a block writes its neighbour's row
}

template <bool kBug>
__global__ void chain_kernel(float* y) {  // y[block] = 1 + y[block - 1] needs an order of blocks
  const unsigned block = blockIdx.x;
  if (threadIdx.x != 0) return;
  if (kBug)
    y[block + 1] = 1.0f + y[block];  // BUG: a block waits for nobody
  else
    y[block + 1] = static_cast<float>(block + 1);
}

template <bool kBug>
__global__ void scan_kernel(const float* x, float* y) {  // Hillis and Steele's prefix sums
  WEFT_SHARED(float, sums, [2][kThreads]);
  int from = 0;
  sums[0][threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  for (unsigned distance = 1; distance < kThreads; distance *= 2) {
    const int to = kBug ? from : 1 - from;
    float value = sums[from][threadIdx.x];
    if (threadIdx.x >= distance) value += sums[from][threadIdx.x - distance];
    sums[to][threadIdx.x] = value;  // BUG: one buffer in place of two
    __syncthreads();
    from = to;
  }
  y[threadIdx.x] = sums[from][threadIdx.x];
}

using RowKernel = void (*)(const float*, float*);

bool run_row(RowKernel kernel, const Floats& expected) {
  const Tensor x = on_device(counting(kThreads)), y = blank(static_cast<int>(expected.size()));
  launch(kernel, {.block = kThreads}, kNoStream, x.data<float>(), y.data<float>());
  return holds(y, expected);
}

using SizedKernel = void (*)(const float*, float*, unsigned);

bool run_sized(SizedKernel kernel, int size, const Floats& expected) {
  const Tensor x = on_device(counting(size)), y = blank(static_cast<int>(expected.size()));
  launch(kernel, {.block = kThreads}, kNoStream, x.data<float>(), y.data<float>(),
         static_cast<unsigned>(size));
  return holds(y, expected);
}

Floats map(float (*f)(int)) {
  Floats values;
  for (int i = 0; i < static_cast<int>(kThreads); ++i) values.push_back(f(i));
  return values;
}

bool run_total(bool planted) {
  const Tensor x = on_device(counting(kThreads));
  const Tensor total = zeros({1}, DType::int32, Device::gpu);
  launch(planted ? total_kernel<true> : total_kernel<false>, {.block = kThreads}, kNoStream,
         x.data<float>(), total.data<std::int32_t>());
  return total.to_vector<std::int32_t>()[0] == 2016;
}

bool run_neighbour(bool planted) {
  constexpr unsigned kRows = 4;
  const Tensor x = on_device(counting(kThreads)), y = blank(kRows * kThreads);
  launch(planted ? neighbour_kernel<true> : neighbour_kernel<false>,
         {.grid = kRows, .block = kThreads}, kNoStream, x.data<float>(), y.data<float>());
  return y.to_vector<float>()[3 * kThreads + 5] == 5.0f;
}

bool run_chain(bool planted) {
  const Tensor y = zeros({9}, DType::float32, Device::gpu);
  launch(planted ? chain_kernel<true> : chain_kernel<false>, {.grid = 8, .block = 32}, kNoStream,
         y.data<float>());
  return holds(y, counting(9));
}

}  // namespace

std::vector<PlantedBug> order_bugs() {
  constexpr const char* kFile = "order.cpp";
  return {
      {"no barrier before reading", kFile, kWrong, kWrong, reports("uninitialised"),
       [](bool planted) {
         return run_row(planted ? reverse_kernel<true> : reverse_kernel<false>,
                        map([](int i) { return static_cast<float>(63 - i); }));
       }},
      {"no barrier after reading", kFile, kWrong, kWrong, reports("race"),
       [](bool planted) {
         return run_row(planted ? rotate_kernel<true> : rotate_kernel<false>,
                        map([](int i) { return static_cast<float>((i + 3) % 64); }));
       }},
      {"reduction buffer used again", kFile, kWrong, kWrong, reports("race"),
       [](bool planted) {
         return run_row(planted ? mean_distance_kernel<true> : mean_distance_kernel<false>,
                        Floats(kThreads, 16.0f));
       }},
      {"early return before a barrier", kFile, reports("the kernel"), reports("the kernel"),
       reports("the kernel"),
       [](bool planted) {
         return run_sized(planted ? early_return_kernel<true> : early_return_kernel<false>, 3,
                          {2, 1, 0});
       }},
      {"barriers in both arms", kFile, reports("__syncthreads"), reports("__syncthreads"),
       reports("__syncthreads"),
       [](bool planted) {
         return run_row(planted ? branch_kernel<true> : branch_kernel<false>, map([](int i) {
                          return static_cast<float>(i % 2 == 0 ? i - 63 : 63 - i);
                        }));
       }},
      {"a barrier in a loop of uneven length", kFile, reports("the kernel"), reports("the kernel"),
       reports("the kernel"),
       [](bool planted) {
         return run_sized(
             planted ? uneven_loop_kernel<true> : uneven_loop_kernel<false>, 96,
             map([](int i) { return static_cast<float>(63 - i + (i >= 32 ? 127 - i : 0)); }));
       }},
      {"an atomic counter read too early", kFile, kWrong, kWrong, reports("race"),
       [](bool planted) {
         return run_row(planted ? count_kernel<true> : count_kernel<false>, {32});
       }},
      {"an update that is not atomic", kFile, kSilent, kSilent, reports("race"), run_total},
      {"a block writes its neighbour's row", kFile, kSilent, kSilent, reports("race"),
       run_neighbour},
      {"a block waits for nobody", kFile, kWrong, kWrong, reports("race"), run_chain},
      {"one buffer in place of two", kFile, kWrong, kWrong, reports("race"),
       [](bool planted) {
         return run_row(planted ? scan_kernel<true> : scan_kernel<false>,
                        map([](int i) { return static_cast<float>(i * (i + 1) / 2); }));
       }},
  };
}

}  // namespace weft::test
