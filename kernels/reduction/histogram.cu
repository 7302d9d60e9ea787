// counts[k] += how many of x [size] lie in the k-th of `bins` equal parts of low..high.
// A block counts its stretch in shared memory and adds what it found to global memory, one atomic for each
// bin that is not empty; where the bins do not fit into shared memory, every element is an atomic of its own.
// Sums of integers: the order of the threads and blocks does not show.

#include "kernels/reduction/histogram.h"

#include "kernels/primitives/index.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kElements = 16;  // of a thread
constexpr std::int64_t kStretch = std::int64_t{kThreads} * kElements;
constexpr int kSharedBins = 4096;
static_assert(kSharedBins * sizeof(int) <= 48 * 1024);

/// The bin of a number; -1 outside and for NaN. Numbers just under `high` may round up to it. Where the number
/// of bins is rounded up to a float, the float below that one is still a bin.
__device__ __forceinline__ int bin_of(float x, float low, float high, float scale, int bins) {
  if (!(x >= low && x <= high)) return -1;
  const float part = (x - low) * scale;  // compared before it is an int: it may not fit into one
  return part < static_cast<float>(bins) ? static_cast<int>(part) : bins - 1;
}

__global__ void __launch_bounds__(kThreads)
    histogram_shared_kernel(const float* x,        // [size]
                            std::int32_t* counts,  // [bins]
                            std::int64_t size, int bins, float low, float high, float scale) {
  WEFT_SHARED(int, own, [kSharedBins]);
  for (int k = static_cast<int>(threadIdx.x); k < bins; k += kThreads) own[k] = 0;
  __syncthreads();  // all bins are empty
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kStretch + threadIdx.x;
  for (int e = 0; e < kElements; ++e) {
    const std::int64_t i = first + e * kThreads;
    const int bin = i < size ? bin_of(x[i], low, high, scale, bins) : -1;
    if (bin >= 0) atomicAdd(&own[bin], 1);
  }
  __syncthreads();  // the stretch is counted
  for (int k = static_cast<int>(threadIdx.x); k < bins; k += kThreads)
    if (own[k] != 0) atomicAdd(&counts[k], own[k]);
}

__global__ void __launch_bounds__(kThreads)
    histogram_global_kernel(const float* x,        // [size]
                            std::int32_t* counts,  // [bins]
                            std::int64_t size, int bins, float low, float high, float scale) {
  const std::int64_t i = grid_thread();
  const int bin = i < size ? bin_of(x[i], low, high, scale, bins) : -1;
  if (bin >= 0) atomicAdd(&counts[bin], 1);
}

}  // namespace

void histogram(const float* x, std::int32_t* counts, std::int64_t size, std::int32_t bins,
               float low, float high, StreamView stream) {
  if (size == 0) return;
  const float scale = static_cast<float>(bins) / (high - low);
  if (bins <= kSharedBins)
    launch(histogram_shared_kernel, {.grid = blocks_for(size, kStretch), .block = kThreads}, stream,
           x, counts, size, bins, low, high, scale);
  else
    launch(histogram_global_kernel, {.grid = blocks_for(size, kThreads), .block = kThreads}, stream,
           x, counts, size, bins, low, high, scale);
}

}  // namespace weft::kernels
