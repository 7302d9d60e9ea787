// y[i, c] = 1 where c is labels[i], else 0, for labels [count], y [count, classes]. A thread writes four
// neighbours; the labels, a classes-th of the elements, come from the cache.

#include "kernels/gather/one_hot.h"

#include <cmath>

#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

__global__ void __launch_bounds__(kFlatThreads)
    one_hot_flat_kernel(const std::int32_t* labels,  // [count]
                        float* y,                    // [count, classes], size elements
                        std::int64_t size, std::int64_t classes, bool aligned) {
  write_elements(y, false, size, classes, aligned, [=](std::int64_t row, std::int64_t column) {
    const std::int32_t label = labels[row];
    return label < 0 || label >= classes ? NAN : label == column ? 1.0f : 0.0f;
  });
}

}  // namespace

void one_hot(const std::int32_t* labels, float* y, std::int64_t count, std::int64_t classes,
             StreamView stream) {
  const std::int64_t size = count * classes;
  if (size == 0) return;
  launch(one_hot_flat_kernel, flat_launch(size), stream, labels, y, size, classes,
         are_aligned16(y));
}

}  // namespace weft::kernels
