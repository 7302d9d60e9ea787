// dweight[k, i, j, c] = sum over squares of dy[n, p, q, k] x[n, P stride - pad + i dilation, Q stride - pad + ..., c],
//   (P, Q) = (2p + argmax / 2, 2q + argmax % 2): x [n, h, w, c], dy and argmax [n, p/2, q/2, k], dweight [k, r, s, c].
// Of a square's four places one has a gradient, so that this sums a quarter of what the gradient of the whole map
// would, and that map is never made. A block takes a tile of squares, image after image, and 32 outputs, one a
// lane; its 8 warps share the weights of an output. Partial sums of the blocks are added in a fixed order.

#include "kernels/convolution/pooled_backward_weight.h"

#include <algorithm>

#include "kernels/convolution/direct.h"
#include "kernels/convolution/direct_tile.cuh"
#include "kernels/gemm/split_k.h"

namespace weft::kernels {
namespace {

constexpr int kWarps = kDirectThreads / kDirectOutputs;  // a lane an output
constexpr int kWeights = 16;                             // of a thread, at most
constexpr int kSquares = kDirectPairs * kDirectPairs;
constexpr std::int64_t kMostTiles = 256;     // of an image: each has a partial sum of its own
constexpr std::int64_t kBlocksWanted = 264;  // two for each multiprocessor of an H100
static_assert(kDirectOutputs == 32, "a warp has all outputs of the block");

/// How the images are shared among blocks; by the shape alone, and so is the order of the sums.
struct Split {
  int tiles_p, tiles_q, images, chunks;  // images of a chunk

  Split(const WindowGeometry& g, std::int64_t k)
      : tiles_p(direct_tiles(g.p / 2 * 2)), tiles_q(direct_tiles(g.q / 2 * 2)) {
    const std::int64_t others = std::int64_t{tiles_p} * tiles_q * ceil_div(k, kDirectOutputs);
    const std::int64_t wanted = std::clamp<std::int64_t>(kBlocksWanted / others, 1, g.n);
    images = static_cast<int>(ceil_div(g.n, wanted));
    chunks = static_cast<int>(ceil_div(g.n, images));
  }
  std::int64_t parts() const { return std::int64_t{tiles_p} * tiles_q * chunks; }
};

bool is_empty(const WindowGeometry& g, std::int64_t k) {
  return g.n == 0 || k == 0 || g.p < 2 || g.q < 2;
}

__global__ void __launch_bounds__(kDirectThreads, 2)
    conv2d_pooled_backward_weight_kernel(const float* x,              // [n, h, w, c]
                                         const float* dy,             // [n, p/2, q/2, k]
                                         const std::uint8_t* argmax,  // [n, p/2, q/2, k]
                                         float* partials,             // [parts, k, r s c]
                                         WindowGeometry g, int k, int tiles_q, int images) {
  WEFT_DYNAMIC_SHARED(float, pixels);  // [rows, columns, c] of a tile
  WEFT_SHARED(float, gradients, [kSquares][kDirectOutputs]);
  WEFT_SHARED(int, corners, [kSquares][kDirectOutputs]);  // first pixel of the place, in `pixels`
  const DirectTile tile(tiles_q);
  const int columns = DirectPatch(g).columns, numbers = g.r * g.s * g.c;
  const int lane = static_cast<int>(threadIdx.x) % kDirectOutputs;
  const int warp = static_cast<int>(threadIdx.x) / kDirectOutputs;
  const int output = static_cast<int>(blockIdx.z) * kDirectOutputs + lane;
  const int rows_p = g.p / 2, rows_q = g.q / 2;
  const int squares_p = min(kDirectPairs, rows_p - tile.first_p / 2);  // of this tile
  const int squares_q = min(kDirectPairs, rows_q - tile.first_q / 2);

  int taps[kWeights];  // from a place's first pixel to the one of each weight
  float sums[kWeights] = {};
  WEFT_UNROLL for (int i = 0; i < kWeights; ++i) {
    const int number = warp + i * kWarps, tap = number / g.c;
    taps[i] = (tap / g.s * g.dilation_h * columns + tap % g.s * g.dilation_w) * g.c + number % g.c;
  }
  const int first_image = static_cast<int>(blockIdx.y) * images;
  for (int image = first_image; image < min(first_image + images, g.n); ++image) {
    __syncthreads();  // the image before is done with
    tile.load(x, pixels, g, image);
    for (int square = warp; square < squares_p * squares_q; square += kWarps) {
      const int p = square / squares_q, q = square % squares_q;
      const std::int64_t at =
          ((static_cast<std::int64_t>(image) * rows_p + tile.first_p / 2 + p) * rows_q +
           tile.first_q / 2 + q) *
              k +
          output;
      const int which = output < k ? argmax[at] : 0;
      gradients[square][lane] = output < k ? dy[at] : 0.0f;
      corners[square][lane] =
          ((2 * p + which / 2) * g.stride_h * columns + (2 * q + which % 2) * g.stride_w) * g.c;
    }
    __syncthreads();  // pixels, gradients and corners are there
    for (int square = 0; square < squares_p * squares_q; ++square) {
      const float gradient = gradients[square][lane];
      const float* const corner = pixels + corners[square][lane];
      WEFT_UNROLL for (int i = 0; i < kWeights; ++i) {
        if (warp + i * kWarps < numbers) sums[i] += gradient * corner[taps[i]];
      }
    }
  }
  if (output >= k) return;
  const std::int64_t part = static_cast<std::int64_t>(blockIdx.y) * gridDim.x + blockIdx.x;
  WEFT_UNROLL for (int i = 0; i < kWeights; ++i) {
    const int number = warp + i * kWarps;
    if (number < numbers) partials[(part * k + output) * numbers + number] = sums[i];
  }
}

}  // namespace

bool conv2d_pooled_backward_weight_fits(const WindowGeometry& g, std::int64_t k) {
  const std::int64_t tiles = std::int64_t{direct_tiles(g.p)} * direct_tiles(g.q);
  return conv2d_direct_fits(g, k) && std::int64_t{g.r} * g.s * g.c <= kWarps * kWeights &&
         tiles <= kMostTiles;
}

std::int64_t conv2d_pooled_backward_weight_workspace(const WindowGeometry& g, std::int64_t k) {
  return is_empty(g, k) ? 0 : Split(g, k).parts() * k * g.r * g.s * g.c;
}

void conv2d_pooled_backward_weight(const float* x, const float* dy, const std::uint8_t* argmax,
                                   float* dweight, bool add, float* workspace,
                                   const WindowGeometry& g, std::int64_t k, StreamView stream) {
  if (!conv2d_pooled_backward_weight_fits(g, k))
    throw ShapeError("conv2d: expected what the direct kernels take");
  const std::int64_t numbers = std::int64_t{g.r} * g.s * g.c;
  const float beta = add ? 1.0f : 0.0f;
  std::int64_t parts = 0;  // none: the sum of nothing is written
  if (!is_empty(g, k)) {
    const Split split(g, k);
    const DirectPatch patch(g);
    parts = split.parts();
    launch(conv2d_pooled_backward_weight_kernel,
           {.grid = {static_cast<unsigned>(split.tiles_p * split.tiles_q),
                     static_cast<unsigned>(split.chunks), blocks_for(k, kDirectOutputs)},
            .block = kDirectThreads,
            .shared_bytes =
                static_cast<std::size_t>(patch.rows * patch.columns * g.c) * sizeof(float)},
           stream, x, dy, argmax, workspace, g, static_cast<int>(k), split.tiles_q, split.images);
  }
  gemm_sum_slices(workspace, nullptr, dweight, k, numbers, parts, 1.0f, beta, Activation::none,
                  0.0f, stream);
}

}  // namespace weft::kernels
