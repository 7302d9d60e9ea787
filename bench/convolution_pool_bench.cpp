// A convolution, ReLU and 2x2 pooling of a first layer, and the gradient of its weights: ours in one launch beside our
// own kernels one by one, and cuDNN's. Ours never writes the whole map, and its gradient looks only at the places that
// were a maximum, so that its flops are a quarter of a convolution's; the vendor does all of them.

#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "bench/support/inputs.h"
#include "bench/support/problem.h"
#include "bench/vendor/cudnn.h"
#include "kernels/activation/activation.h"
#include "kernels/convolution/direct.h"
#include "kernels/convolution/implicit_gemm.h"
#include "kernels/convolution/pooled_backward_weight.h"
#include "kernels/pooling/max_pool.h"
#include "weft/stream.h"

namespace {

using namespace weft;

struct Layer {
  const char* name;
  int n, side, c;
  std::int64_t k;
  int window;  // stride 1, padded to the same size

  WindowGeometry geometry() const {
    return {.n = n,
            .h = side,
            .w = side,
            .c = c,
            .r = window,
            .s = window,
            .p = side,
            .q = side,
            .pad_h = window / 2,
            .pad_w = window / 2};
  }
  WindowGeometry squares() const { return squares_over(n, side, side, static_cast<int>(k)); }
};

constexpr Layer kLayers[] = {{"lesson24_conv1", 100, 16, 1, 16, 5},
                             {"mnist28_conv1", 100, 28, 1, 16, 5},
                             {"lesson26_conv1", 64, 64, 3, 32, 3}};

// `map` is relu(conv(x, weight) + bias), y its maxima and argmax their places.
struct Arrays {
  Tensor x, weight, bias, map, y, argmax, dy, dz;
};

void convolve(const Arrays& a, const Layer& layer) {
  kernels::conv2d_direct(a.x.data<float>(), a.weight.data<float>(), a.bias.data<float>(),
                         a.map.data<float>(), layer.geometry(), layer.k, Activation::relu, 0,
                         current_stream());
}

void pool(const Arrays& a, float* y, const Layer& layer) {
  kernels::max_pool(a.map.data<float>(), y, a.argmax.data<std::uint8_t>(), layer.squares(),
                    current_stream());
}

// dz: dy where the maximum is above 0, its place by ReLU.
void through_relu(const Arrays& a) {
  kernels::activation_backward(a.y.data<float>(), a.dy.data<float>(), a.dz.data<float>(), false,
                               a.y.size(), Activation::relu, 0, current_stream());
}

std::shared_ptr<std::vector<Arrays>> sets_of(const Layer& layer, double bytes) {
  const WindowGeometry g = layer.geometry();
  const Shape pooled{g.n, g.p / 2, g.q / 2, layer.k};
  const auto sets = std::make_shared<std::vector<Arrays>>();
  for (int i = 0; i < bench::sets_beyond_cache(bytes); ++i) {
    sets->push_back({bench::random_floats({g.n, g.h, g.w, g.c}),
                     bench::random_floats({layer.k, g.r, g.s, g.c}),
                     bench::random_floats({layer.k}), bench::unwritten({g.n, g.p, g.q, layer.k}),
                     bench::unwritten(pooled), empty(pooled, DType::uint8, Device::gpu),
                     bench::random_floats(pooled), bench::unwritten(pooled)});
    convolve(sets->back(), layer);
    pool(sets->back(), sets->back().y.data<float>(), layer);
  }
  return sets;
}

using Run = std::function<void(const Arrays&, float* result)>;

// A vendor that may lack what is asked of it: then a row that says so, beside the others.
template <class Vendor, class... Arguments>
Run lazily(void (*run)(const Vendor&, const Arrays&, float*), Arguments... arguments) {
  try {
    const auto vendor = std::make_shared<Vendor>(arguments...);
    return [=](const Arrays& a, float* result) { run(*vendor, a, result); };
  } catch (const std::exception& error) {
    return
        [why = std::string(error.what())](const Arrays&, float*) { throw std::runtime_error(why); };
  }
}

// Each contender has a result of its own; what is compared is written in call 0 alone.
void compete(bench::Problem& problem, const std::shared_ptr<std::vector<Arrays>>& sets,
             const Shape& shape, double tolerance, const std::string& name, const Run& run) {
  const Tensor result = bench::unwritten(shape), later = bench::unwritten(shape);
  problem.contenders.push_back({name,
                                [=](int call) {
                                  run((*sets)[static_cast<std::size_t>(call) % sets->size()],
                                      (call == 0 ? result : later).data<float>());
                                },
                                {result},
                                tolerance});
}

bench::Problem forward(const Layer& layer) {
  const WindowGeometry g = layer.geometry();
  const double places = static_cast<double>(g.n) * g.p * g.q * static_cast<double>(layer.k),
               depth = static_cast<double>(g.r) * g.s * g.c;
  const double bytes = 4.0 * g.n * g.h * g.w * g.c + 5.0 * places / 4;  // a byte each for argmax
  const auto sets = sets_of(layer, bytes);
  bench::Problem problem{
      .flops = 2 * places * depth, .bytes = bytes, .contenders = {}, .reference = 2};
  const double rounding = 4 * std::sqrt(depth) * 0x1p-24 + 2e-5;  // convolution_bench.cpp
  const auto add = [&](const char* name, const Run& run) {
    compete(problem, sets, sets->front().y.shape(), rounding, name, run);
  };
  add("ours_one_launch", [=](const Arrays& a, float* y) {
    kernels::conv2d_relu_max_pool(a.x.data<float>(), a.weight.data<float>(), a.bias.data<float>(),
                                  y, a.argmax.data<std::uint8_t>(), g, layer.k, current_stream());
  });
  add("ours_two_launches", [=](const Arrays& a, float* y) {
    convolve(a, layer);
    pool(a, y, layer);
  });
  const auto cudnn = [](const bench::DnnConvolutionReluMaxPool& vendor, const Arrays& a, float* y) {
    vendor.run(a.x.data<float>(), a.weight.data<float>(), a.bias.data<float>(), y);
  };
  add("cudnn_fp32_sequence", lazily<bench::DnnConvolutionReluMaxPool>(cudnn, g, layer.k, false));
  add("cudnn_fp32_bias_relu", lazily<bench::DnnConvolutionReluMaxPool>(cudnn, g, layer.k, true));
  return problem;
}

bench::Problem backward_weight(const Layer& layer) {
  const WindowGeometry g = layer.geometry();
  const double maxima = static_cast<double>(g.n) * g.p * g.q * static_cast<double>(layer.k) / 4,
               depth = static_cast<double>(g.r) * g.s * g.c;
  const double bytes = 4.0 * g.n * g.h * g.w * g.c + 9.0 * maxima;  // y, dy and argmax
  const auto sets = sets_of(layer, bytes);
  bench::Problem problem{
      .flops = 2 * maxima * depth, .bytes = bytes, .contenders = {}, .reference = 2};
  const double rounding = 4 * std::sqrt(maxima / static_cast<double>(layer.k)) * 0x1p-24 + 2e-5;
  const auto add = [&](const char* name, const Run& run) {
    compete(problem, sets, sets->front().weight.shape(), rounding, name, run);
  };
  const auto room = [](std::int64_t floats) {
    return empty({floats}, DType::float32, Device::gpu);
  };
  const Tensor sparse_room = room(kernels::conv2d_pooled_backward_weight_workspace(g, layer.k));
  add("ours", [=](const Arrays& a, float* dweight) {
    through_relu(a);
    kernels::conv2d_pooled_backward_weight(a.x.data<float>(), a.dz.data<float>(),
                                           a.argmax.data<std::uint8_t>(), dweight, false,
                                           sparse_room.data<float>(), g, layer.k, current_stream());
  });
  const Tensor whole_room = room(kernels::conv2d_implicit_workspace(
                   kernels::ConvolutionPass::backward_weight, g, layer.k)),
               dmap = empty({g.n, g.p, g.q, layer.k}, DType::float32, Device::gpu);
  add("ours_whole_map", [=](const Arrays& a, float* dweight) {
    through_relu(a);
    kernels::max_pool_backward(a.dz.data<float>(), a.argmax.data<std::uint8_t>(),
                               dmap.data<float>(), false, layer.squares(), current_stream());
    kernels::conv2d_implicit_backward_weight(a.x.data<float>(), dmap.data<float>(), dweight, false,
                                             whole_room.data<float>(), g, layer.k,
                                             current_stream());
  });
  add("cudnn_fp32_sequence",
      lazily<bench::DnnPooledBackwardWeight>(
          [](const bench::DnnPooledBackwardWeight& vendor, const Arrays& a, float* dweight) {
            vendor.run(a.x.data<float>(), a.map.data<float>(), a.y.data<float>(),
                       a.dy.data<float>(), dweight);
          },
          g, layer.k));
  return problem;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Layer& layer : kLayers)
    bench::add(
        std::string("convolution_relu_max_pool/fp32/") + layer.name,
        {"ours_one_launch", "ours_two_launches", "cudnn_fp32_sequence", "cudnn_fp32_bias_relu"},
        [=] { return forward(layer); });
  for (const Layer& layer : kLayers)
    bench::add(std::string("convolution_pooled_backward_weight/fp32/") + layer.name,
               {"ours", "ours_whole_map", "cudnn_fp32_sequence"},
               [=] { return backward_weight(layer); });
  return bench::run(argc, argv);
}
