// y[i, c] = 1 where c is labels[i], else 0, for labels [count], y [count, classes]. A thread an element: the
// stores of a warp lie side by side, and the labels, a classes-th of them, come from the cache.

#include "kernels/gather/one_hot.h"

#include <cmath>

#include "kernels/primitives/index.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    one_hot_element_kernel(const std::int32_t* labels,  // [count]
                           float* y,                    // [count, classes], size elements
                           std::int64_t size, std::int64_t classes) {
  const std::int64_t i = grid_thread();
  if (i >= size) return;
  const std::int64_t row = i / classes, column = i - row * classes;
  const std::int32_t label = labels[row];
  y[i] = label < 0 || label >= classes ? NAN : label == column ? 1.0f : 0.0f;
}

}  // namespace

void one_hot(const std::int32_t* labels, float* y, std::int64_t count, std::int64_t classes,
             StreamView stream) {
  const std::int64_t size = count * classes;
  if (size == 0) return;
  launch(one_hot_element_kernel, {.grid = blocks_for(size, kThreads), .block = kThreads}, stream,
         labels, y, size, classes);
}

}  // namespace weft::kernels
