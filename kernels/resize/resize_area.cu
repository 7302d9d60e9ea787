// Resizing by area: out[n, p, q, c] = sum of weight x images[n, i, j, c] / sum of weights, over the pixels (i, j)
// that output pixel (p, q) overlaps, weighted by the area they share. Along an axis of h input and p output
// pixels, h / g units make an output pixel and p / g an input pixel, g = gcd(h, p): the weights are integers.
// What is summed are differences from the first pixel, so that a constant stays one to the bit. A thread makes
// one element, neighbours beside each other: what their rectangles share comes from the first-level cache.
// Source: the box filter that OpenCV calls INTER_AREA.

#include "kernels/resize/resize_area.h"

#include <numeric>

#include "kernels/primitives/index.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 128;              // of a block: some along a row, the rest along the rows
constexpr std::int64_t kMaxChunks = 4096;  // of a row: they fill any GPU, and gridDim.y holds them

/// One axis in units of which both kinds of pixel have a whole number.
struct Axis {
  std::int64_t in, out;           // pixels
  int input_pixel, output_pixel;  // units

  Axis(std::int64_t from, std::int64_t to) : in(from), out(to) {
    const std::int64_t divisor = std::gcd(from, to);
    input_pixel = static_cast<int>(to / divisor);
    output_pixel = static_cast<int>(from / divisor);
  }
};

/// The input pixels that an output pixel overlaps, from `first` on, and how many units of it each one has.
struct Stretch {
  std::int64_t first;
  int rest, share;  // units from the current pixel on, and of it
  int input_pixel;

  __device__ __forceinline__ Stretch(const Axis& axis, std::int64_t output)
      : rest(axis.output_pixel), input_pixel(axis.input_pixel) {
    const std::int64_t begin = output * axis.output_pixel;
    first = begin / axis.input_pixel;
    const int skipped = static_cast<int>(begin - first * axis.input_pixel);
    share = min(input_pixel - skipped, rest);
  }
  __device__ __forceinline__ bool goes_on() const { return rest > 0; }
  __device__ __forceinline__ void next() {
    rest -= share;
    share = min(input_pixel, rest);
  }
};

template <class Source>
__global__ void __launch_bounds__(kThreads)
    resize_area_kernel(const Source* images,  // [n, h, w, c]
                       float* out,            // [n, p, q, c]
                       std::int64_t rows,     // n p
                       Axis vertical, Axis horizontal, std::int64_t c) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= rows) return;
  const std::int64_t image = row / vertical.out;
  const Stretch down(vertical, row - image * vertical.out);
  const Source* first_row = images + (image * vertical.in + down.first) * horizontal.in * c;
  const std::int64_t elements = horizontal.out * c;
  const float area =
      static_cast<float>(vertical.output_pixel) * static_cast<float>(horizontal.output_pixel);
  const std::int64_t step = static_cast<std::int64_t>(gridDim.y) * blockDim.x;
  for (std::int64_t e = static_cast<std::int64_t>(blockIdx.y) * blockDim.x + threadIdx.x;
       e < elements; e += step) {
    const std::int64_t q = e / c, channel = e - q * c;
    const Stretch across(horizontal, q);
    const Source* pixels = first_row + across.first * c + channel;
    const float base = static_cast<float>(*pixels);
    float sum = 0;
    for (Stretch y = down; y.goes_on(); y.next(), pixels += horizontal.in * c) {
      float sum_of_row = 0;
      const Source* pixel = pixels;
      for (Stretch x = across; x.goes_on(); x.next(), pixel += c)
        sum_of_row += static_cast<float>(x.share) * (static_cast<float>(*pixel) - base);
      sum += static_cast<float>(y.share) * sum_of_row;
    }
    out[row * elements + e] = base + sum / area;
  }
}

}  // namespace

template <class Source>
void resize_area(const Source* images, float* out, std::int64_t n, std::int64_t h, std::int64_t w,
                 std::int64_t c, std::int64_t p, std::int64_t q, StreamView stream) {
  if (n == 0 || c == 0) return;
  unsigned across = 1;  // threads along a row
  while (across < kThreads && across < q * c) across *= 2;
  const unsigned rows_of_block = kThreads / across;
  const std::int64_t chunks = min(kMaxChunks, ceil_div(q * c, across));
  launch(resize_area_kernel<Source>,
         {.grid = dim3(blocks_for(n * p, rows_of_block), static_cast<unsigned>(chunks)),
          .block = dim3(across, rows_of_block)},
         stream, images, out, n * p, Axis(h, p), Axis(w, q), c);
}

template void resize_area<std::uint8_t>(const std::uint8_t*, float*, std::int64_t, std::int64_t,
                                        std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                        StreamView);
template void resize_area<float>(const float*, float*, std::int64_t, std::int64_t, std::int64_t,
                                 std::int64_t, std::int64_t, std::int64_t, StreamView);

}  // namespace weft::kernels
