// y[n, p, q, k] = f(bias[k] + sum over taps and c of x[n, p stride - pad + i dilation, ..., c] weight[k, i, j, c])
// or, pooled, y[n, p, q, k] = the maximum of relu of the same over places (2p..2p+1, 2q..2q+1)
//   x [n, h, w, c], weight [k, r, s, c], y [n, p, q, k] or [n, p/2, q/2, k].
// For images of 1 to 4 channels, where a product's operand would be mostly copies. A block has a tile of one
// image and 32 outputs; pixels and weights lie in shared memory, and a thread computes 2x2 places of 8 outputs:
// each tap costs it 4 pixels and 8 weights for 32 multiplications. Its square is what 2x2 pooling takes the
// maximum of, so that the map before pooling is never written.

#include "kernels/convolution/direct.h"

#include <algorithm>

#include "kernels/convolution/direct_tile.cuh"
#include "kernels/primitives/activation.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kOutputs = 8;         // of a thread
constexpr int kBlocksResident = 2;  // at least: leaves a thread 128 registers
constexpr int kMostBlocks = 65535;  // along a grid's y and z axes
// Of a row of weights in shared memory: stores along memory meet with 4 lanes in a bank, not with 32.
constexpr int kPitch = kDirectOutputs + 4;
constexpr int kMostChannels = 4;           // beyond, a product is as good
constexpr std::size_t kMostBytes = 49152;  // of shared memory that every GPU gives a block
constexpr std::int64_t kMostRowLength =
    1 << 30;  // numbers of a row of pixels, that an int counts them

/// More than kMostBytes stands for anything too large.
std::size_t direct_bytes(const WindowGeometry& g) {
  const std::int64_t rows = DirectPatch::reach(g.r, g.stride_h, g.dilation_h);
  const std::int64_t columns = DirectPatch::reach(g.s, g.stride_w, g.dilation_w);
  const std::int64_t taps = std::int64_t{g.r} * g.s;
  if (std::max({rows, columns, taps}) > std::int64_t{kMostBytes}) return kMostBytes + 1;
  return static_cast<std::size_t>(g.c * (rows * columns + taps * kPitch)) * sizeof(float);
}

/// A thread's sums: of the 2x2 places of a square, 8 outputs each.
struct Square {
  float sums[4][kOutputs];

  /// The weights [taps c, kPitch] of this thread's outputs with the pixels from `corner` on, [rows, columns, c].
  __device__ __forceinline__ void accumulate(const float* corner, const float* weights,
                                             const WindowGeometry& g, int columns) {
    const int right = g.stride_w * g.c, below = g.stride_h * columns * g.c;
    for (int i = 0; i < g.r; ++i)
      for (int j = 0; j < g.s; ++j)
        for (int c = 0; c < g.c; ++c) {
          const float* const at =
              corner + (i * g.dilation_h * columns + j * g.dilation_w) * g.c + c;
          const float pixels[4] = {at[0], at[right], at[below], at[below + right]};
          const float4 low = load4(weights), high = load4(weights + 4);
          const float row[kOutputs] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
          WEFT_UNROLL for (int place = 0; place < 4; ++place) {
            WEFT_UNROLL for (int o = 0; o < kOutputs; ++o) {
              sums[place][o] += pixels[place] * row[o];
            }
          }
          weights += kPitch;
        }
  }
};

__device__ __forceinline__ void store_outputs(float* y, int first, int k, bool aligned,
                                              const float (&values)[kOutputs]) {
  store_quad(y, first, k, aligned, make_float4(values[0], values[1], values[2], values[3]));
  store_quad(y, first + 4, k, aligned, make_float4(values[4], values[5], values[6], values[7]));
}

/// The largest of a square after ReLU, and which it was.
__device__ __forceinline__ void pool(const Square& square, float (&largest)[kOutputs],
                                     std::uint8_t* argmax, int first, int k) {
  WEFT_UNROLL for (int o = 0; o < kOutputs; ++o) {
    float best = activated(Activation::relu, square.sums[0][o], 0.0f);
    int which = 0;
    WEFT_UNROLL for (int place = 1; place < 4; ++place) {
      const float value = activated(Activation::relu, square.sums[place][o], 0.0f);
      const bool wins = value > best || (value != value && best == best);
      best = wins ? value : best;
      which = wins ? place : which;
    }
    largest[o] = best;
    if (first + o < k) argmax[first + o] = static_cast<std::uint8_t>(which);
  }
}

template <bool kPool>
__global__ void __launch_bounds__(kDirectThreads, kBlocksResident)
    conv2d_direct_kernel(const float* x,        // [n, h, w, c]
                         const float* weight,   // [k, r, s, c]
                         const float* bias,     // [k] or null
                         float* y,              // [n, p, q, k], or pooled [n, p/2, q/2, k]
                         std::uint8_t* argmax,  // [n, p/2, q/2, k], or null
                         WindowGeometry g, int k, int tiles_q, Activation activation, float slope,
                         bool aligned) {
  WEFT_DYNAMIC_SHARED(float, weights);  // [r s c, kPitch]
  const int numbers = g.r * g.s * g.c;
  float* const pixels = weights + numbers * kPitch;  // [rows, columns, c]
  const DirectTile tile(tiles_q);
  const int image = static_cast<int>(blockIdx.y);
  const int first_output = static_cast<int>(blockIdx.z) * kDirectOutputs;

  for (int i = static_cast<int>(threadIdx.x); i < numbers * kDirectOutputs; i += kDirectThreads) {
    const int output = i / numbers, number = i - output * numbers;  // along memory
    weights[number * kPitch + output] =
        first_output + output < k ? weight[static_cast<std::int64_t>(first_output) * numbers + i]
                                  : 0.0f;
  }
  tile.load(x, pixels, g, image);
  __syncthreads();  // weights and pixels are there

  const int pair = static_cast<int>(threadIdx.x) % (kDirectPairs * kDirectPairs);
  const int own = static_cast<int>(threadIdx.x) / (kDirectPairs * kDirectPairs) * kOutputs;
  const int p = 2 * (pair / kDirectPairs), q = 2 * (pair % kDirectPairs);  // in the tile
  const int columns = DirectPatch(g).columns, output = first_output + own;
  Square square;
  WEFT_UNROLL for (int o = 0; o < kOutputs; ++o) {
    const float start = bias != nullptr && output + o < k ? bias[output + o] : 0.0f;
    WEFT_UNROLL for (int place = 0; place < 4; ++place) { square.sums[place][o] = start; }
  }
  square.accumulate(pixels + (p * g.stride_h * columns + q * g.stride_w) * g.c, weights + own, g,
                    columns);

  const int image_p = tile.first_p + p, image_q = tile.first_q + q;
  if constexpr (kPool) {
    const int rows_p = g.p / 2, rows_q = g.q / 2;  // of the result
    if (image_p / 2 >= rows_p || image_q / 2 >= rows_q) return;
    const std::int64_t at =
        ((static_cast<std::int64_t>(image) * rows_p + image_p / 2) * rows_q + image_q / 2) * k;
    float largest[kOutputs];
    pool(square, largest, argmax + at, output, k);
    store_outputs(y + at, output, k, aligned, largest);
  } else {
    WEFT_UNROLL for (int place = 0; place < 4; ++place) {
      const int row = image_p + place / 2, column = image_q + place % 2;
      if (row >= g.p || column >= g.q) continue;
      WEFT_UNROLL for (int o = 0; o < kOutputs; ++o) {
        square.sums[place][o] = activated(activation, square.sums[place][o], slope);
      }
      store_outputs(y + ((static_cast<std::int64_t>(image) * g.p + row) * g.q + column) * k, output,
                    k, aligned, square.sums[place]);
    }
  }
}

/// One launch over images, in parts where there are more than a grid's y axis can count.
template <bool kPool>
void run(const float* x, const float* weight, const float* bias, float* y, std::uint8_t* argmax,
         const WindowGeometry& g, std::int64_t k, Activation activation, float slope,
         StreamView stream) {
  if (!conv2d_direct_fits(g, k)) throw ShapeError("conv2d: expected what the direct kernels take");
  const int p = kPool ? g.p / 2 : g.p, q = kPool ? g.q / 2 : g.q;  // of the result
  if (k == 0 || p == 0 || q == 0) return;
  const int tiles_p = direct_tiles(kPool ? 2 * p : p), tiles_q = direct_tiles(kPool ? 2 * q : q);
  const std::int64_t of_image = std::int64_t{p} * q * k;
  const bool aligned = k % 4 == 0 && are_aligned16(y);  // for every part: then of_image % 4 == 0
  for (int first = 0; first < g.n; first += kMostBlocks) {
    const LaunchShape shape = {.grid = {static_cast<unsigned>(tiles_p * tiles_q),
                                        static_cast<unsigned>(std::min(kMostBlocks, g.n - first)),
                                        blocks_for(k, kDirectOutputs)},
                               .block = kDirectThreads,
                               .shared_bytes = direct_bytes(g)};
    launch(conv2d_direct_kernel<kPool>, shape, stream, x + std::int64_t{first} * g.h * g.w * g.c,
           weight, bias, y + first * of_image,
           argmax == nullptr ? argmax : argmax + first * of_image, g, static_cast<int>(k), tiles_q,
           activation, slope, aligned);
  }
}

}  // namespace

bool conv2d_direct_fits(const WindowGeometry& g, std::int64_t k) {
  const std::int64_t row_length = (g.w + 2 * std::int64_t{g.pad_w}) * g.c;  // with its padding
  return k <= std::int64_t{kMostBlocks} * kDirectOutputs && g.c >= 1 && g.c <= kMostChannels &&
         row_length <= kMostRowLength && direct_bytes(g) <= kMostBytes;
}

void conv2d_direct(const float* x, const float* weight, const float* bias, float* y,
                   const WindowGeometry& g, std::int64_t k, Activation activation, float slope,
                   StreamView stream) {
  run<false>(x, weight, bias, y, nullptr, g, k, activation, slope, stream);
}

void conv2d_relu_max_pool(const float* x, const float* weight, const float* bias, float* y,
                          std::uint8_t* argmax, const WindowGeometry& g, std::int64_t k,
                          StreamView stream) {
  run<true>(x, weight, bias, y, argmax, g, k, Activation::relu, 0.0f, stream);
}

}  // namespace weft::kernels
