// y = a op b for a, y [rows, cols] and b a matrix like a, a row, a column or one number, which its strides
// tell. Bound by memory: a thread moves 16 bytes of a and y at a time; of a matrix b too. The elements of a
// row or column are read again and again, from the first-level cache, and a thread divides once to find its
// row. Arrays that do not start on 16 bytes, and the last size % 4 elements, go one by one.

#include "kernels/elementwise/pairwise.h"

#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

struct Sum {
  __device__ __forceinline__ float operator()(float a, float b) const { return a + b; }
};
struct Difference {
  __device__ __forceinline__ float operator()(float a, float b) const { return a - b; }
};
struct Product {
  __device__ __forceinline__ float operator()(float a, float b) const { return a * b; }
};
struct Quotient {
  __device__ __forceinline__ float operator()(float a, float b) const { return a / b; }
};

template <class Operation>
__device__ __forceinline__ float4 apply(float4 a, float4 b) {
  const Operation operation;
  return make_float4(operation(a.x, b.x), operation(a.y, b.y), operation(a.z, b.z),
                     operation(a.w, b.w));
}

template <class Operation>
__global__ void __launch_bounds__(kFlatThreads)
    pairwise_flat_kernel(const float* a,  // [size]
                         const float* b,  // [size]
                         float* y,        // [size]
                         std::int64_t size, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  store_quad(
      y, i, size, whole,
      apply<Operation>(load_quad(a, i, size, whole, 0.0f), load_quad(b, i, size, whole, 1.0f)));
}

template <class Operation>
__global__ void __launch_bounds__(kFlatThreads)
    pairwise_broadcast_kernel(const float* a,  // [size], rows of `cols`
                              const float* b,
                              float* y,  // [size]
                              std::int64_t size, std::int64_t cols, std::int64_t b_row,
                              std::int64_t b_column, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  if (i >= size) return;
  std::int64_t row = i / cols, column = i - row * cols;
  float others[kQuad];
  WEFT_UNROLL
  for (int k = 0; k < kQuad; ++k) {
    others[k] = i + k < size ? b[row * b_row + column * b_column] : 1.0f;
    if (++column == cols) {
      column = 0;
      ++row;
    }
  }
  store_quad(y, i, size, whole,
             apply<Operation>(load_quad(a, i, size, whole, 0.0f),
                              make_float4(others[0], others[1], others[2], others[3])));
}

template <class Operation>
void pairwise(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column, StreamView stream) {
  const std::int64_t size = rows * cols;
  if (size == 0) return;
  if (b_row == cols && b_column == 1)
    launch(pairwise_flat_kernel<Operation>, flat_launch(size), stream, a, b, y, size,
           are_aligned16(a, b, y));
  else
    launch(pairwise_broadcast_kernel<Operation>, flat_launch(size), stream, a, b, y, size, cols,
           b_row, b_column, are_aligned16(a, y));
}

}  // namespace

void add(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
         std::int64_t b_row, std::int64_t b_column, StreamView stream) {
  pairwise<Sum>(a, b, y, rows, cols, b_row, b_column, stream);
}
void subtract(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column, StreamView stream) {
  pairwise<Difference>(a, b, y, rows, cols, b_row, b_column, stream);
}
void multiply(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column, StreamView stream) {
  pairwise<Product>(a, b, y, rows, cols, b_row, b_column, stream);
}
void divide(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
            std::int64_t b_row, std::int64_t b_column, StreamView stream) {
  pairwise<Quotient>(a, b, y, rows, cols, b_row, b_column, stream);
}

}  // namespace weft::kernels
