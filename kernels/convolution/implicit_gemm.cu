// Convolution as a product of float32 matrices, one of which is read through the window (tap_source.cuh):
//   y [n p q, k]        = im2col(x) [n p q, r s c] weight [k, r s c]ᵀ, + bias, activation
//   dx [n h w, c]       = taps of dy [n h w, r s k]  weight turned [r s k, c]
//   dweight [k, r s c]  = dy [n p q, k]ᵀ             im2col(x) [n p q, r s c]
// Channels last makes y and dx the products themselves, and a tap's channels contiguous. A sum over many pixels
// is cut into slices that fill the GPU and are added in their order. Source: Chetlur et al., cuDNN: Efficient
// Primitives for Deep Learning, 2014.

#include "kernels/convolution/implicit_gemm.h"

#include "kernels/convolution/tap_source.cuh"
#include "kernels/convolution/window_limits.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/split_k.h"
#include "kernels/primitives/gemm_product.cuh"

namespace weft::kernels {
namespace {

/// The weights with input and output channels exchanged: line (tap, k) has the c weights of that tap.
struct TurnedWeights {
  const float* start;  // [k, taps, c]
  Divisor by_k;
  int taps, k, c;
  bool wide;

  __device__ __forceinline__ float4 quad(int line, int place) const {
    const int tap = by_k.quotient(line), output = line - tap * k;
    const bool inside = line < taps * k;
    const std::int64_t row = static_cast<std::int64_t>(output) * taps + tap;
    return load_quad(start + (inside ? row * c : 0), place, inside ? c : 0, wide, 0.0f);
  }
};

template <class Tile>
__global__ void __launch_bounds__(Tile::kThreads, kBlocksResident)
    conv2d_implicit_kernel(TapSource<false> x, const float* weight, bool wide, ProductOutput y) {
  tiled_product<Tile, true, true>(x, MatrixSource{weight, y.n, y.k, wide}, y);
}

template <class Tile>
__global__ void __launch_bounds__(Tile::kThreads, kBlocksResident)
    conv2d_implicit_backward_data_kernel(TapSource<true> dy, TurnedWeights weight,
                                         ProductOutput dx) {
  tiled_product<Tile, true, false>(dy, weight, dx);
}

template <class Tile>
__global__ void __launch_bounds__(Tile::kThreads, kBlocksResident)
    conv2d_implicit_backward_weight_kernel(const float* dy, bool wide, TapSource<false> x,
                                           ProductOutput dweight) {
  tiled_product<Tile, false, false>(MatrixSource{dy, dweight.k, dweight.m, wide}, x, dweight);
}

/// Extents of the product that a pass is.
struct Product {
  std::int64_t m, n, k;
};

Product product_of(ConvolutionPass pass, const WindowGeometry& g, std::int64_t k) {
  const std::int64_t places = std::int64_t{g.n} * g.p * g.q, taps = std::int64_t{g.r} * g.s;
  switch (pass) {
    case ConvolutionPass::forward:
      return {places, k, taps * g.c};
    case ConvolutionPass::backward_data:
      return {std::int64_t{g.n} * g.h * g.w, g.c, taps * k};
    default:
      return {k, taps * g.c, places};
  }
}

/// Plans a product, has `run(tile type, output)` launch it, and adds up its slices.
template <class Run>
void compute(ConvolutionPass pass, const WindowGeometry& g, std::int64_t k, const float* bias,
             float* c, bool add, float* workspace, Activation activation, float slope,
             StreamView stream, Run run) {
  require_product_of_ints("conv2d", g, k);
  const Product size = product_of(pass, g, k);
  if (size.m == 0 || size.n == 0) return;
  const GemmPlan plan = plan_gemm(size.m, size.n, size.k);
  const bool is_cut = plan.depth < size.k;
  const float beta = add ? 1.0f : 0.0f;
  const ProductOutput to = {
      .bias = is_cut ? nullptr : bias,
      .c = is_cut ? workspace : c,
      .m = static_cast<int>(size.m),
      .n = static_cast<int>(size.n),
      .k = static_cast<int>(size.k),
      .depth = static_cast<int>(plan.depth),
      .alpha = 1.0f,
      .beta = is_cut ? 0.0f : beta,
      .activation = is_cut ? Activation::none : activation,
      .slope = slope,
      .wide_c = is_wide(is_cut ? workspace : c, size.n) && (is_cut || is_wide(bias, size.n))};
  with_tile(plan.tile, [&]<class Tile>(Tile tile) { run(tile, to); });
  if (is_cut)
    gemm_sum_slices(workspace, bias, c, size.m, size.n, ceil_div(size.k, plan.depth), 1.0f, beta,
                    activation, slope, stream);
}

}  // namespace

std::int64_t conv2d_implicit_workspace(ConvolutionPass pass, const WindowGeometry& g,
                                       std::int64_t k) {
  const Product size = product_of(pass, g, k);
  return gemm_workspace(size.m, size.n, size.k);
}

void conv2d_implicit(const float* x, const float* weight, const float* bias, float* y,
                     float* workspace, const WindowGeometry& g, std::int64_t k,
                     Activation activation, float slope, StreamView stream) {
  const auto run = [&]<class Tile>(Tile, const ProductOutput& to) {
    launch(conv2d_implicit_kernel<Tile>, product_launch<Tile>("conv2d", to), stream,
           TapSource<false>(x, g, g.c), weight, is_wide(weight, to.k), to);
  };
  compute(ConvolutionPass::forward, g, k, bias, y, false, workspace, activation, slope, stream,
          run);
}

void conv2d_implicit_backward_data(const float* dy, const float* weight, float* dx, bool add,
                                   float* workspace, const WindowGeometry& g, std::int64_t k,
                                   StreamView stream) {
  const auto run = [&]<class Tile>(Tile, const ProductOutput& to) {
    const int outputs = static_cast<int>(k);
    const TurnedWeights turned{weight, Divisor(outputs),    g.r * g.s, outputs,
                               g.c,    is_wide(weight, g.c)};
    launch(conv2d_implicit_backward_data_kernel<Tile>, product_launch<Tile>("conv2d", to), stream,
           TapSource<true>(dy, g, outputs), turned, to);
  };
  compute(ConvolutionPass::backward_data, g, k, nullptr, dx, add, workspace, Activation::none, 0.0f,
          stream, run);
}

void conv2d_implicit_backward_weight(const float* x, const float* dy, float* dweight, bool add,
                                     float* workspace, const WindowGeometry& g, std::int64_t k,
                                     StreamView stream) {
  const auto run = [&]<class Tile>(Tile, const ProductOutput& to) {
    launch(conv2d_implicit_backward_weight_kernel<Tile>, product_launch<Tile>("conv2d", to), stream,
           dy, is_wide(dy, k), TapSource<false>(x, g, g.c), to);
  };
  compute(ConvolutionPass::backward_weight, g, k, nullptr, dweight, add, workspace,
          Activation::none, 0.0f, stream, run);
}

}  // namespace weft::kernels
