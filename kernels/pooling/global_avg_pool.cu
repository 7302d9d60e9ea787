// y[n, c] = mean over the pixels of x [n, pixels, c].
// Few results of many numbers each: a block takes a strip of one image's channels and walks over all the
// pixels, many rows of threads at a time, a thread four channels as 16 bytes and eight pixels in flight. The
// rows are added in a tree in shared memory: no atomics, no workspace. Where the strips are too few for the
// device they are made narrower, down to 32 bytes.

#include "kernels/pooling/global_avg_pool.h"

#include "kernels/pooling/pixels.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;          // of a block
constexpr int kLoads = 8;              // pixels of a thread in flight
constexpr int kWide = 8, kNarrow = 2;  // packs of a strip
constexpr std::int64_t kEnough = 264;  // blocks that keep a large GPU busy: two a multiprocessor
static_assert(kThreads % kWide == 0 && kThreads % kNarrow == 0);

template <int kWidth, int kPacks>
__global__ void __launch_bounds__(kThreads)
    global_avg_pool_strip_kernel(const float* x,  // [n, pixels, c]
                                 float* y,        // [n, c]
                                 std::int64_t pixels, int c, int strips) {
  using Values = Pack<float, kWidth>;
  constexpr int kRows = kThreads / kPacks;
  static_assert((kRows & (kRows - 1)) == 0);
  WEFT_SHARED(Values, partials, [kRows][kPacks]);
  const int pack = static_cast<int>(threadIdx.x) % kPacks;
  const int row = static_cast<int>(threadIdx.x) / kPacks;
  int strip;
  const std::int64_t n = divide(blockIdx.x, strips, strip);
  const int channel = (strip * kPacks + pack) * kWidth;
  const float* const image = x + n * pixels * c + channel;

  Values sum{};
  for (std::int64_t first = row; first < pixels; first += kLoads * kRows) {
    Values values[kLoads] = {};
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      const std::int64_t pixel = first + i * kRows;
      if (pixel < pixels && channel < c) values[i] = load_pack<kWidth>(image + pixel * c);
    }
    WEFT_UNROLL
    for (const Values& value : values) add_to(sum, value);
  }
  partials[row][pack] = sum;
  WEFT_UNROLL
  for (int half = kRows / 2; half > 0; half /= 2) {
    __syncthreads();  // the sums of the last round are written
    if (row < half) add_to(partials[row][pack], partials[row + half][pack]);
  }
  if (row == 0 && channel < c)
    store_pack(y + n * c + channel, divided(partials[0][pack], static_cast<float>(pixels)));
}

}  // namespace

void global_avg_pool(const float* x, float* y, std::int64_t n, std::int64_t pixels, int c,
                     StreamView stream) {
  if (n == 0 || c == 0) return;
  const auto run = [&]<int kWidth>() {
    const auto strips_of = [&]<int kPacks>() {
      const auto strips = static_cast<int>(ceil_div(c, kPacks * kWidth));
      launch(global_avg_pool_strip_kernel<kWidth, kPacks>,
             {.grid = blocks_for(n * strips, 1), .block = kThreads}, stream, x, y, pixels, c,
             strips);
    };
    if (c <= kNarrow * kWidth || n * ceil_div(c, kWide * kWidth) < kEnough)
      strips_of.template operator()<kNarrow>();
    else
      strips_of.template operator()<kWide>();
  };
  with_pack_width(c, run, x, y);
}

}  // namespace weft::kernels
