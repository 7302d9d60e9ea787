// counts[labels[r], argmax of scores[r, :]] += 1; scores [rows, classes], counts [classes, classes] row-major.
// With few classes a block counts several tiles of rows in shared memory and adds what it found to global
// memory, one atomic for each count that is not 0: most rows fall on the short diagonal, where atomics of their
// own would queue. With many classes, clearing a matrix in each block would cost more than an atomic a row.
// Sums of integers: the order of the threads and blocks does not show.

#include "kernels/reduction/confusion.h"

#include "kernels/primitives/row_argmax.cuh"

namespace weft::kernels {
namespace {

constexpr std::int64_t kSharedClasses = 32;
constexpr int kSharedCounts = kSharedClasses * kSharedClasses;
constexpr int kTiles = 4;  // of rows, for a block that counts in shared memory
static_assert(kSharedCounts * sizeof(int) <= 48 * 1024);

/// The count that a row belongs to; -1 where its label is none.
__device__ __forceinline__ std::int64_t count_of(std::int32_t label, std::int32_t answer,
                                                 std::int64_t classes) {
  return label >= 0 && label < classes ? label * classes + answer : -1;
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    confusion_shared_kernel(const float* scores,         // [rows, classes]
                            const std::int32_t* labels,  // [rows]
                            std::int32_t* counts,        // [classes, classes]
                            std::int64_t rows, std::int64_t classes, bool aligned) {
  static_assert(Shape::kColumns <= kSharedClasses);
  WEFT_SHARED(int, own, [kSharedCounts]);  // [classes, classes]
  const int size = static_cast<int>(classes * classes);
  for (int k = static_cast<int>(threadIdx.x); k < size; k += Shape::kBlock) own[k] = 0;
  __syncthreads();  // all counts are 0
  RowPlace<Shape> place(rows, classes);
  constexpr int kRowsOfBlock = Shape::kBlock / Shape::kThreads;
  for (int tile = 0; tile < kTiles; ++tile) {
    const std::int32_t answer = argmax_of_row<Shape>(scores + place.row * classes, place, aligned);
    if (place.thread == 0 && place.row < rows) {
      const std::int64_t count = count_of(labels[place.row], answer, classes);
      if (count >= 0) atomicAdd(&own[count], 1);
    }
    place.row += static_cast<std::int64_t>(gridDim.x) * kRowsOfBlock;
    if (place.row >= rows) place.cols = 0;
  }
  __syncthreads();  // the tiles are counted
  for (int k = static_cast<int>(threadIdx.x); k < size; k += Shape::kBlock)
    if (own[k] != 0) atomicAdd(&counts[k], own[k]);
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    confusion_global_kernel(const float* scores,         // [rows, classes]
                            const std::int32_t* labels,  // [rows]
                            std::int32_t* counts,        // [classes, classes]
                            std::int64_t rows, std::int64_t classes, bool aligned) {
  const RowPlace<Shape> place(rows, classes);
  const std::int32_t answer = argmax_of_row<Shape>(scores + place.row * classes, place, aligned);
  if (place.thread == 0 && place.row < rows) {
    const std::int64_t count = count_of(labels[place.row], answer, classes);
    if (count >= 0) atomicAdd(&counts[count], 1);
  }
}

}  // namespace

void add_confusion(const float* scores, const std::int32_t* labels, std::int32_t* counts,
                   std::int64_t rows, std::int64_t classes, StreamView stream) {
  if (rows == 0) return;
  const bool aligned = classes % 4 == 0 && are_aligned16(scores);
  with_row_shape(classes, [&]<class Shape>(Shape) {
    const dim3 tiles = Shape::grid(rows);
    if constexpr (Shape::kColumns <= kSharedClasses)
      launch(confusion_shared_kernel<Shape>,
             {.grid = blocks_for(tiles.x, kTiles), .block = Shape::kBlock}, stream, scores, labels,
             counts, rows, classes, aligned);
    else
      launch(confusion_global_kernel<Shape>, {.grid = tiles, .block = Shape::kBlock}, stream,
             scores, labels, counts, rows, classes, aligned);
  });
}

}  // namespace weft::kernels
