#include <string>
#include <utility>

#include "bench/vendor/cudnn_handle.h"

namespace bench {

using namespace dnn;

namespace {

constexpr int kAlgorithms = 16;

// The first result of a search that is of the wanted arithmetic: results come fastest first.
template <class Performance>
const Performance* fastest(const Performance* found, int count, bool tf32) {
  for (int i = 0; i < count; ++i) {
    const bool on_tensor_cores = found[i].mathType != CUDNN_FMA_MATH;
    if (found[i].status == CUDNN_STATUS_SUCCESS && on_tensor_cores == tf32) return &found[i];
  }
  return nullptr;
}

}  // namespace

struct DnnConvolution::State {
  ConvolutionPass pass;
  TensorShape x, y;
  Descriptor<cudnnFilterDescriptor_t> weight;
  Descriptor<cudnnConvolutionDescriptor_t> window;
  int algorithm = 0;
  weft::Tensor workspace;

  template <class Performance>
  void take(const Performance* found, int count, bool tf32) {
    const Performance* best = fastest(found, count, tf32);
    if (best == nullptr)
      fail("cudnnFindConvolution",
           std::string("no algorithm ") + (tf32 ? "in TF32" : "in float32"));
    algorithm = static_cast<int>(best->algo);
    workspace = bytes(best->memory);
    WEFT_CHECK(cudnnSetConvolutionMathType(window.get(), best->mathType));
  }
};

DnnConvolution::DnnConvolution(ConvolutionPass pass, const weft::WindowGeometry& g, std::int64_t k,
                               bool tf32)
    : state_(new State{.pass = pass,
                       .x = tensor(g.n, g.h, g.w, g.c),
                       .y = tensor(g.n, g.p, g.q, k),
                       .weight = filter(g, k),
                       .window = window(g, tf32 ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH),
                       .workspace = {}}) {
  State& s = *state_;
  int count = 0;
  switch (pass) {
    case ConvolutionPass::forward: {
      cudnnConvolutionFwdAlgoPerf_t found[kAlgorithms];
      WEFT_CHECK(cudnnFindConvolutionForwardAlgorithm(handle(), s.x.get(), s.weight.get(),
                                                      s.window.get(), s.y.get(), kAlgorithms,
                                                      &count, found));
      s.take(found, count, tf32);
      break;
    }
    case ConvolutionPass::backward_data: {
      cudnnConvolutionBwdDataAlgoPerf_t found[kAlgorithms];
      WEFT_CHECK(cudnnFindConvolutionBackwardDataAlgorithm(handle(), s.weight.get(), s.y.get(),
                                                           s.window.get(), s.x.get(), kAlgorithms,
                                                           &count, found));
      s.take(found, count, tf32);
      break;
    }
    case ConvolutionPass::backward_weight: {
      cudnnConvolutionBwdFilterAlgoPerf_t found[kAlgorithms];
      WEFT_CHECK(cudnnFindConvolutionBackwardFilterAlgorithm(handle(), s.x.get(), s.y.get(),
                                                             s.window.get(), s.weight.get(),
                                                             kAlgorithms, &count, found));
      s.take(found, count, tf32);
      break;
    }
  }
}

DnnConvolution::~DnnConvolution() = default;

void DnnConvolution::run(float* x, float* weight, float* y) const {
  const State& s = *state_;
  switch (s.pass) {
    case ConvolutionPass::forward:
      WEFT_CHECK(cudnnConvolutionForward(
          handle(), &kOne, s.x.get(), x, s.weight.get(), weight, s.window.get(),
          static_cast<cudnnConvolutionFwdAlgo_t>(s.algorithm), s.workspace.data(),
          s.workspace.bytes(), &kZero, s.y.get(), y));
      break;
    case ConvolutionPass::backward_data:
      WEFT_CHECK(cudnnConvolutionBackwardData(
          handle(), &kOne, s.weight.get(), weight, s.y.get(), y, s.window.get(),
          static_cast<cudnnConvolutionBwdDataAlgo_t>(s.algorithm), s.workspace.data(),
          s.workspace.bytes(), &kZero, s.x.get(), x));
      break;
    case ConvolutionPass::backward_weight:
      WEFT_CHECK(cudnnConvolutionBackwardFilter(
          handle(), &kOne, s.x.get(), x, s.y.get(), y, s.window.get(),
          static_cast<cudnnConvolutionBwdFilterAlgo_t>(s.algorithm), s.workspace.data(),
          s.workspace.bytes(), &kZero, s.weight.get(), weight));
      break;
  }
}

const char* dnn_version() {
  static const std::string kText = [] {
    const std::size_t version = cudnnGetVersion();
    return "cuDNN " + std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) +
           "." + std::to_string(version % 100);
  }();
  return kText.c_str();
}

}  // namespace bench
