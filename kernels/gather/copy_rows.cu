// Rows of one matrix into another with a different distance between rows: to[r, i] (+)= from[r, i], i < length,
// from [rows, from_stride], to [rows, to_stride]. One part of a concatenation, and, the other way round, its
// gradient. Bound by memory: threads run along the rows in units of 16 bytes where both matrices allow it,
// element by element where they do not; short rows share a block, long ones are cut into chunks.

#include "kernels/gather/copy_rows.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/unit.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 128;       // of a block: some along the row, the rest along the rows
constexpr int kUnitsPerThread = 4;  // independent loads of a thread
constexpr std::int64_t kMaxChunks = 4096;  // of a row: they fill any GPU, and gridDim.y holds them
constexpr std::size_t kWideBytes = 16;

template <class T, int kWidth>
__global__ void __launch_bounds__(kThreads)
    copy_rows_kernel(const T* from,  // [rows, from_stride]
                     std::int64_t from_stride,
                     T* to,  // [rows, to_stride]
                     std::int64_t to_stride, bool add, std::int64_t rows, std::int64_t length) {
  using U = Unit<T, kWidth>;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= rows) return;
  const U* from_row = reinterpret_cast<const U*>(from + row * from_stride);
  U* to_row = reinterpret_cast<U*>(to + row * to_stride);
  const std::int64_t units = length / kWidth;
  const std::int64_t chunk = static_cast<std::int64_t>(blockDim.x) * kUnitsPerThread;
  for (std::int64_t at = blockIdx.y * chunk + threadIdx.x; at < units; at += gridDim.y * chunk) {
    U moved[kUnitsPerThread] = {};
    WEFT_UNROLL
    for (int u = 0; u < kUnitsPerThread; ++u) {
      const std::int64_t unit = at + u * blockDim.x;
      if (unit < units) moved[u] = from_row[unit];
    }
    WEFT_UNROLL
    for (int u = 0; u < kUnitsPerThread; ++u) {
      const std::int64_t unit = at + u * blockDim.x;
      if (unit >= units) continue;
      if (add) {
        const U there = to_row[unit];
        WEFT_UNROLL
        for (int i = 0; i < kWidth; ++i)
          moved[u].value[i] = static_cast<T>(there.value[i] + moved[u].value[i]);
      }
      to_row[unit] = moved[u];
    }
  }
}

}  // namespace

template <class T>
void copy_rows(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride, bool add,
               std::int64_t rows, std::int64_t length, StreamView stream) {
  if (rows == 0 || length == 0) return;
  constexpr int kWide = static_cast<int>(kWideBytes / sizeof(T));
  // The stride of a single row does not matter.
  const bool wide = are_aligned16(from, to) && length % kWide == 0 &&
                    (rows == 1 || (from_stride % kWide == 0 && to_stride % kWide == 0));
  const std::int64_t units = wide ? length / kWide : length;
  unsigned across = 1;  // threads along a row
  while (across < kThreads && std::int64_t{across} * kUnitsPerThread < units) across *= 2;
  const unsigned rows_of_block = kThreads / across;
  const std::int64_t chunks =
      min(kMaxChunks, ceil_div(units, std::int64_t{across} * kUnitsPerThread));
  launch(wide ? copy_rows_kernel<T, kWide> : copy_rows_kernel<T, 1>,
         {.grid = dim3(blocks_for(rows, rows_of_block), static_cast<unsigned>(chunks)),
          .block = dim3(across, rows_of_block)},
         stream, from, from_stride, to, to_stride, add, rows, length);
}

template void copy_rows<float>(const float*, std::int64_t, float*, std::int64_t, bool, std::int64_t,
                               std::int64_t, StreamView);
template void copy_rows<std::int32_t>(const std::int32_t*, std::int64_t, std::int32_t*,
                                      std::int64_t, bool, std::int64_t, std::int64_t, StreamView);
template void copy_rows<std::uint8_t>(const std::uint8_t*, std::int64_t, std::uint8_t*,
                                      std::int64_t, bool, std::int64_t, std::int64_t, StreamView);

}  // namespace weft::kernels
