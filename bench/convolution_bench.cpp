// Convolutions in three passes: ours, by the technique that the op chooses and by the others, beside cuDNN's
// fastest algorithm in float32 and, for the distance, in TF32.

#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/convolution/direct.h"
#include "kernels/convolution/im2col.h"
#include "kernels/convolution/implicit_gemm.h"
#include "kernels/gemm/gemm.h"
#include "weft/stream.h"

namespace {

using namespace weft;
using bench::ConvolutionPass;
using bench::DnnConvolution;

struct Layer {
  const char* name;
  int n, side, c;
  std::int64_t k;
  int window, pad, stride;
};

// The lessons' layers at their batch sizes, and ResNet-50's 3x3 and 1x1 layers at batch 32 (He et al., CVPR 2016; the
// stride in the 3x3 layer), named by the side of the map they give; its four stages, and the shortcut of one.
constexpr Layer kLayers[] = {
    {"lesson24_conv1", 100, 16, 1, 16, 5, 2, 1},
    {"lesson24_conv2", 100, 8, 16, 32, 5, 2, 1},
    {"mnist28_conv1", 100, 28, 1, 16, 5, 2, 1},
    {"lesson26_conv1", 64, 64, 3, 32, 3, 1, 1},
    {"lesson26_conv2", 64, 32, 32, 64, 3, 1, 1},
    {"lesson26_conv3", 64, 16, 64, 64, 3, 1, 1},
    {"resnet_3x3_56", 32, 56, 64, 64, 3, 1, 1},
    {"resnet_3x3_28", 32, 28, 128, 128, 3, 1, 1},
    {"resnet_3x3_14", 32, 14, 256, 256, 3, 1, 1},
    {"resnet_3x3_7", 32, 7, 512, 512, 3, 1, 1},
    {"resnet_3x3_s2_28", 32, 56, 128, 128, 3, 1, 2},
    {"resnet_3x3_s2_14", 32, 28, 256, 256, 3, 1, 2},
    {"resnet_3x3_s2_7", 32, 14, 512, 512, 3, 1, 2},
    {"resnet_1x1_56", 32, 56, 64, 256, 1, 0, 1},
    {"resnet_1x1_56_64to64", 32, 56, 64, 64, 1, 0, 1},
    {"resnet_1x1_56_256to64", 32, 56, 256, 64, 1, 0, 1},
    {"resnet_1x1_28_128to512", 32, 28, 128, 512, 1, 0, 1},
    {"resnet_1x1_28_512to128", 32, 28, 512, 128, 1, 0, 1},
    {"resnet_1x1_14_256to1024", 32, 14, 256, 1024, 1, 0, 1},
    {"resnet_1x1_14", 32, 14, 1024, 256, 1, 0, 1},
    {"resnet_1x1_7_512to2048", 32, 7, 512, 2048, 1, 0, 1},
    {"resnet_1x1_7_2048to512", 32, 7, 2048, 512, 1, 0, 1},
    {"resnet_1x1_s2_28_256to512", 32, 56, 256, 512, 1, 0, 2},
};

WindowGeometry geometry_of(const Layer& layer) {
  const auto places =
      static_cast<int>(window_places(layer.side, layer.window, layer.stride, layer.pad, 1));
  return {.n = layer.n,
          .h = layer.side,
          .w = layer.side,
          .c = layer.c,
          .r = layer.window,
          .s = layer.window,
          .p = places,
          .q = places,
          .stride_h = layer.stride,
          .stride_w = layer.stride,
          .pad_h = layer.pad,
          .pad_w = layer.pad};
}

// A set of the three arrays, random; the pass's own is overwritten.
struct Arrays {
  Tensor x, weight, y;
  const Tensor& written(ConvolutionPass pass) const {
    return pass == ConvolutionPass::forward         ? y
           : pass == ConvolutionPass::backward_data ? x
                                                    : weight;
  }
};

Arrays arrays_for(const WindowGeometry& g, std::int64_t k) {
  return {bench::random_floats({g.n, g.h, g.w, g.c}), bench::random_floats({k, g.r, g.s, g.c}),
          bench::random_floats({g.n, g.p, g.q, k})};
}

kernels::ConvolutionPass ours(ConvolutionPass pass) {
  return pass == ConvolutionPass::forward         ? kernels::ConvolutionPass::forward
         : pass == ConvolutionPass::backward_data ? kernels::ConvolutionPass::backward_data
                                                  : kernels::ConvolutionPass::backward_weight;
}

using Technique = std::function<void(const Arrays&)>;

Technique implicit_gemm(ConvolutionPass pass, const WindowGeometry& g, std::int64_t k) {
  const Tensor workspace =
      empty({kernels::conv2d_implicit_workspace(ours(pass), g, k)}, DType::float32, Device::gpu);
  return [=](const Arrays& a) {
    float *x = a.x.data<float>(), *weight = a.weight.data<float>(), *y = a.y.data<float>();
    float* const room = workspace.data<float>();
    if (pass == ConvolutionPass::forward)
      kernels::conv2d_implicit(x, weight, nullptr, y, room, g, k, Activation::none, 0,
                               current_stream());
    else if (pass == ConvolutionPass::backward_data)
      kernels::conv2d_implicit_backward_data(y, weight, x, false, room, g, k, current_stream());
    else
      kernels::conv2d_implicit_backward_weight(x, y, weight, false, room, g, k, current_stream());
  };
}

// The readable one, forward: the matrix of windows [n p q, r s c], then its product with the weights.
Technique im2col_and_gemm(const WindowGeometry& g, std::int64_t k) {
  const std::int64_t rows = std::int64_t{g.n} * g.p * g.q, depth = std::int64_t{g.r} * g.s * g.c;
  const Tensor columns = empty({rows, depth}, DType::float32, Device::gpu);
  const Tensor workspace =
      empty({kernels::gemm_workspace(rows, k, depth)}, DType::float32, Device::gpu);
  return [=](const Arrays& a) {
    kernels::im2col(a.x.data<float>(), columns.data<float>(), g, current_stream());
    kernels::gemm(columns.data<float>(), a.weight.data<float>(), nullptr, a.y.data<float>(),
                  workspace.data<float>(), rows, k, depth, false, true, 1, 0, Activation::none, 0,
                  current_stream());
  };
}

Technique direct(const WindowGeometry& g, std::int64_t k) {
  return [=](const Arrays& a) {
    kernels::conv2d_direct(a.x.data<float>(), a.weight.data<float>(), nullptr, a.y.data<float>(), g,
                           k, Activation::none, 0, current_stream());
  };
}

std::vector<std::string> names_for(ConvolutionPass pass, const Layer& layer) {
  std::vector<std::string> names{"ours_implicit_gemm"};
  if (pass == ConvolutionPass::forward) {
    names.push_back("ours_im2col");
    if (kernels::conv2d_direct_fits(geometry_of(layer), layer.k)) names.push_back("ours_direct");
  }
  names.insert(names.end(), {"cudnn_fp32", "cudnn_tf32"});
  return names;
}

bench::Problem make(ConvolutionPass pass, const Layer& layer) {
  const WindowGeometry g = geometry_of(layer);
  const double windows = static_cast<double>(g.n) * g.p * g.q,
               depth = static_cast<double>(g.r) * g.s * g.c;
  const Arrays first = arrays_for(g, layer.k);
  const double bytes =
      static_cast<double>(first.x.bytes() + first.weight.bytes() + first.y.bytes());
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i) sets->push_back(arrays_for(g, layer.k));

  // A sum of so many products in two orders: errors add up like a random walk, and four times that.
  const double products = pass == ConvolutionPass::backward_weight ? windows
                          : pass == ConvolutionPass::forward
                              ? depth
                              : depth / g.c * static_cast<double>(layer.k);
  // The vendor's fastest may be Winograd's, whose transforms cost some bits more.
  const double rounding = 4 * std::sqrt(products) * 0x1p-24 + 2e-5;
  bench::Problem problem{.flops = 2 * windows * depth * static_cast<double>(layer.k),
                         .bytes = bytes,
                         .contenders = {}};
  // Each contender writes an array of its own in call 0, where its result is compared.
  const auto compete = [&](const std::string& name, const Technique& technique, double tolerance) {
    Arrays own = (*sets)[0];
    const Tensor result = bench::unwritten(own.written(pass).shape());
    (pass == ConvolutionPass::forward         ? own.y
     : pass == ConvolutionPass::backward_data ? own.x
                                              : own.weight) = result;
    problem.contenders.push_back({name,
                                  [=](int call) {
                                    const auto set = static_cast<std::size_t>(call) % sets->size();
                                    technique(set == 0 ? own : (*sets)[set]);
                                  },
                                  {result},
                                  tolerance});
  };
  for (const std::string& name : names_for(pass, layer)) {
    if (name == "ours_implicit_gemm") compete(name, implicit_gemm(pass, g, layer.k), rounding);
    if (name == "ours_im2col") compete(name, im2col_and_gemm(g, layer.k), rounding);
    if (name == "ours_direct") compete(name, direct(g, layer.k), rounding);
    if (name == "cudnn_fp32" || name == "cudnn_tf32") {
      const bool tf32 = name == "cudnn_tf32";
      std::shared_ptr<DnnConvolution> vendor;
      std::string refusal;
      try {
        vendor = std::make_shared<DnnConvolution>(pass, g, layer.k, tf32);
      } catch (const std::exception& error) {
        refusal = error.what();
      }
      if (!tf32) problem.reference = problem.contenders.size();
      // Operands in TF32 are rounded to 2^-11.
      compete(
          name,
          [=](const Arrays& a) {
            if (!vendor) throw std::runtime_error(refusal);
            vendor->run(a.x.data<float>(), a.weight.data<float>(), a.y.data<float>());
          },
          tf32 ? 2e-3 : rounding);
    }
  }
  return problem;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::pair<const char*, ConvolutionPass> kPasses[] = {
      {"forward", ConvolutionPass::forward},
      {"backward_data", ConvolutionPass::backward_data},
      {"backward_weight", ConvolutionPass::backward_weight}};
  for (const auto& [name, pass] : kPasses)
    for (const Layer& layer : kLayers) {
      if (pass == ConvolutionPass::backward_data && layer.c <= 3)
        continue;  // pictures need no gradient
      bench::add(std::string("convolution_") + name + "/fp32/" + layer.name, names_for(pass, layer),
                 [=, pass = pass] { return make(pass, layer); });
    }
  return bench::run(argc, argv);
}
