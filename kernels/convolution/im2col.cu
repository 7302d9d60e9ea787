// columns[(n, p, q), (i, j, c)] = x[n, p stride - pad + i dilation, q stride - pad + j dilation, c], 0 outside x;
//   x [n, h, w, c], columns [n p q, r s c]. A convolution is then a product with the weights [k, r s c].
// dx[n, h, w, c] = sum of x's copies: a gather by pixel over the taps, so that no atomics are needed and the
//   same input gives the same bits.
// Both move 16 bytes a thread where four channels lie together: every tap's channels are contiguous. Source:
// Chellapilla, Puri, Simard, High Performance Convolutional Neural Networks for Document Processing, 2006.

#include "kernels/convolution/im2col.h"

#include "kernels/convolution/tap_source.cuh"
#include "kernels/convolution/window_limits.h"
#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

/// Four numbers of the matrix, neighbours in memory; of one line and tap where x is read 16 bytes at a time.
__global__ void __launch_bounds__(kFlatThreads)
    im2col_flat_kernel(TapSource<false> source,  // of x [n, h, w, c]
                       float* columns,           // [n p q, r s c]
                       std::int64_t size, bool aligned) {
  const auto [first, whole] = FlatPlace(size, aligned);
  if (first >= size) return;
  std::int64_t line = first / source.length;
  int place = static_cast<int>(first - line * source.length);
  float4 quad = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (source.wide) {
    quad = source.quad(static_cast<int>(line), place);
  } else {
    const auto next = [&] {  // 0 past the last line
      const float value = source.value(static_cast<int>(line), place);
      if (++place == source.length) place = 0, ++line;
      return value;
    };
    quad.x = next(), quad.y = next(), quad.z = next(), quad.w = next();
  }
  store_quad(columns, first, size, whole, quad);
}

/// kVector channels of a pixel of x: 4, or 1.
template <int kVector>
__global__ void __launch_bounds__(kFlatThreads)
    col2im_gather_kernel(const float* columns,  // [n p q, r s c]
                         float* dx,             // [n, h, w, c]
                         bool add, WindowGeometry g, std::int64_t size) {
  const std::int64_t first = grid_thread() * kVector;
  if (first >= size) return;
  const std::int64_t pixel = first / g.c, image_row = pixel / g.w, image = image_row / g.h;
  const int channel = static_cast<int>(first - pixel * g.c);
  const int row = static_cast<int>(image_row - image * g.h);
  const int column = static_cast<int>(pixel - image_row * g.w);
  const auto place_of = [](int at, int stride, int places) {  // -1: the stride steps over it
    return at >= 0 && at % stride == 0 && at / stride < places ? at / stride : -1;
  };
  float sums[kVector] = {};
  for (int i = 0; i < g.r; ++i) {
    const int p = place_of(row + g.pad_h - i * g.dilation_h, g.stride_h, g.p);
    if (p < 0) continue;
    for (int j = 0; j < g.s; ++j) {
      const int q = place_of(column + g.pad_w - j * g.dilation_w, g.stride_w, g.q);
      if (q < 0) continue;
      const float* const copy =
          columns + ((image * g.p + p) * g.q + q) * g.r * g.s * g.c + (i * g.s + j) * g.c + channel;
      if constexpr (kVector == 4) {
        const float4 quad = load4(copy);
        sums[0] += quad.x, sums[1] += quad.y, sums[2] += quad.z, sums[3] += quad.w;
      } else {
        sums[0] += *copy;
      }
    }
  }
  if constexpr (kVector == 4) {
    float4 sum = make_float4(sums[0], sums[1], sums[2], sums[3]);
    if (add) {
      const float4 old = load4(dx + first);
      sum = make_float4(old.x + sum.x, old.y + sum.y, old.z + sum.z, old.w + sum.w);
    }
    store4(dx + first, sum);
  } else {
    dx[first] = add ? dx[first] + sums[0] : sums[0];
  }
}

}  // namespace

void im2col(const float* x, float* columns, const WindowGeometry& g, StreamView stream) {
  require_product_of_ints("im2col", g, g.c);
  const TapSource<false> source(x, g, g.c);
  const std::int64_t size = std::int64_t{source.lines} * source.length;
  if (size == 0) return;
  launch(im2col_flat_kernel, flat_launch(size), stream, source, columns, size,
         are_aligned16(columns));
}

void col2im(const float* columns, float* dx, bool add, const WindowGeometry& g, StreamView stream) {
  require_product_of_ints("col2im", g, g.c);
  const std::int64_t size = std::int64_t{g.n} * g.h * g.w * g.c;
  if (size == 0) return;
  if (g.c % 4 == 0 && are_aligned16(columns, dx))
    launch(col2im_gather_kernel<4>,
           {.grid = blocks_for(size, kFlatThreads * 4), .block = kFlatThreads}, stream, columns, dx,
           add, g, size);
  else
    launch(col2im_gather_kernel<1>, {.grid = blocks_for(size, kFlatThreads), .block = kFlatThreads},
           stream, columns, dx, add, g, size);
}

}  // namespace weft::kernels
