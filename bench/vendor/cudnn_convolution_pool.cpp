// A convolution, ReLU and 2x2 pooling as cuDNN does them: in sequence.

#include <string>

#include "bench/vendor/cudnn_handle.h"

namespace bench {

using namespace dnn;

namespace {

constexpr int kAlgorithms = 16;

weft::WindowGeometry squares(const weft::WindowGeometry& g, std::int64_t k) {
  return weft::squares_over(g.n, g.p, g.q, static_cast<int>(k));
}

weft::Tensor map_of(const weft::WindowGeometry& g, std::int64_t k) {
  return weft::empty({g.n, g.p, g.q, k}, weft::DType::float32, weft::Device::gpu);
}

}  // namespace

struct DnnConvolutionReluMaxPool::State {
  bool fused_relu;
  DnnConvolution convolution;
  DnnPooling pooling;
  TensorShape x, y, bias;
  Descriptor<cudnnFilterDescriptor_t> filter;
  Descriptor<cudnnConvolutionDescriptor_t> window;
  weft::Tensor map, workspace;
  Descriptor<cudnnActivationDescriptor_t> relu;
  cudnnConvolutionFwdAlgo_t algorithm{};  // of the fused call

  cudnnStatus_t convolve(const float* in, const float* weight, const float* add) const {
    float* const out = map.data<float>();
    return cudnnConvolutionBiasActivationForward(handle(), &kOne, x.get(), in, filter.get(), weight,
                                                 window.get(), algorithm, workspace.data(),
                                                 workspace.bytes(), &kZero, y.get(), out,
                                                 bias.get(), add, relu.get(), y.get(), out);
  }

  // Of the search's algorithms, fastest first, the first in float32 that the fused call takes.
  void choose(const weft::WindowGeometry& g, std::int64_t k) {
    cudnnConvolutionFwdAlgoPerf_t found[kAlgorithms];
    int count = 0;
    WEFT_CHECK(cudnnFindConvolutionForwardAlgorithm(handle(), x.get(), filter.get(), window.get(),
                                                    y.get(), kAlgorithms, &count, found));
    const weft::Tensor image = weft::zeros({g.n, g.h, g.w, g.c}, weft::DType::float32,
                                           weft::Device::gpu),
                       weights =
                           weft::zeros({k, g.r, g.s, g.c}, weft::DType::float32, weft::Device::gpu),
                       add = weft::zeros({k}, weft::DType::float32, weft::Device::gpu);
    for (int i = 0; i < count; ++i) {
      if (found[i].status != CUDNN_STATUS_SUCCESS || found[i].mathType != CUDNN_FMA_MATH) continue;
      algorithm = found[i].algo;
      workspace = bytes(found[i].memory);
      if (convolve(image.data<float>(), weights.data<float>(), add.data<float>()) ==
          CUDNN_STATUS_SUCCESS)
        return;
    }
    fail("cudnnConvolutionBiasActivationForward", "no algorithm in float32");
  }
};

DnnConvolutionReluMaxPool::DnnConvolutionReluMaxPool(const weft::WindowGeometry& g, std::int64_t k,
                                                     bool fused_relu)
    : state_(
          new State{.fused_relu = fused_relu,
                    .convolution = DnnConvolution(ConvolutionPass::forward, g, k, false),
                    .pooling = DnnPooling(squares(g, k), true),
                    .x = tensor(g.n, g.h, g.w, g.c),
                    .y = tensor(g.n, g.p, g.q, k),
                    .bias = tensor(1, 1, 1, k),
                    .filter = filter(g, k),
                    .window = window(g, CUDNN_FMA_MATH),
                    .map = map_of(g, k),
                    .workspace = {},
                    // The fused call takes no ReLU that lets a NaN through.
                    .relu = activation(CUDNN_ACTIVATION_RELU, fused_relu ? CUDNN_NOT_PROPAGATE_NAN
                                                                         : CUDNN_PROPAGATE_NAN)}) {
  if (fused_relu) state_->choose(g, k);
}
DnnConvolutionReluMaxPool::~DnnConvolutionReluMaxPool() = default;

void DnnConvolutionReluMaxPool::run(float* x, float* weight, const float* bias, float* y) const {
  const State& s = *state_;
  float* const map = s.map.data<float>();
  if (s.fused_relu) {
    WEFT_CHECK(s.convolve(x, weight, bias));
  } else {
    s.convolution.run(x, weight, map);
    WEFT_CHECK(cudnnAddTensor(handle(), &kOne, s.bias.get(), bias, &kOne, s.y.get(), map));
    WEFT_CHECK(cudnnActivationForward(handle(), s.relu.get(), &kOne, s.y.get(), map, &kZero,
                                      s.y.get(), map));
  }
  s.pooling.forward(map, y);
}

struct DnnPooledBackwardWeight::State {
  DnnPooling pooling;
  DnnConvolution convolution;
  TensorShape map;
  weft::Tensor dmap;
  Descriptor<cudnnActivationDescriptor_t> relu = activation(CUDNN_ACTIVATION_RELU);
};

DnnPooledBackwardWeight::DnnPooledBackwardWeight(const weft::WindowGeometry& g, std::int64_t k)
    : state_(new State{.pooling = DnnPooling(squares(g, k), true),
                       .convolution = DnnConvolution(ConvolutionPass::backward_weight, g, k, false),
                       .map = tensor(g.n, g.p, g.q, k),
                       .dmap = map_of(g, k)}) {}
DnnPooledBackwardWeight::~DnnPooledBackwardWeight() = default;

void DnnPooledBackwardWeight::run(float* x, const float* map, const float* y, const float* dy,
                                  float* dweight) const {
  const State& s = *state_;
  const auto shape = s.map.get();
  float* const dmap = s.dmap.data<float>();
  s.pooling.backward(map, y, dy, dmap);
  WEFT_CHECK(cudnnActivationBackward(handle(), s.relu.get(), &kOne, shape, map, shape, dmap, shape,
                                     map, &kZero, shape, dmap));
  s.convolution.run(x, dweight, dmap);
}

}  // namespace bench
