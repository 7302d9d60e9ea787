#include <algorithm>

#include "bench/vendor/cudnn_handle.h"

namespace bench {

using namespace dnn;

// Pooling.

struct DnnPooling::State {
  TensorShape x, y;
  Descriptor<cudnnPoolingDescriptor_t> window =
      make(cudnnCreatePoolingDescriptor, cudnnDestroyPoolingDescriptor);
};

DnnPooling::DnnPooling(const weft::WindowGeometry& g, bool max)
    : state_(new State{.x = tensor(g.n, g.h, g.w, g.c), .y = tensor(g.n, g.p, g.q, g.c)}) {
  // The deterministic one: Weft's gradients always are.
  WEFT_CHECK(cudnnSetPooling2dDescriptor(
      state_->window.get(),
      max ? CUDNN_POOLING_MAX_DETERMINISTIC : CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING,
      CUDNN_PROPAGATE_NAN, g.r, g.s, g.pad_h, g.pad_w, g.stride_h, g.stride_w));
}
DnnPooling::~DnnPooling() = default;

void DnnPooling::forward(const float* x, float* y) const {
  WEFT_CHECK(cudnnPoolingForward(handle(), state_->window.get(), &kOne, state_->x.get(), x, &kZero,
                                 state_->y.get(), y));
}

void DnnPooling::backward(const float* x, const float* y, const float* dy, float* dx) const {
  WEFT_CHECK(cudnnPoolingBackward(handle(), state_->window.get(), &kOne, state_->y.get(), y,
                                  state_->y.get(), dy, state_->x.get(), x, &kZero, state_->x.get(),
                                  dx));
}

// Softmax.

struct DnnSoftmax::State {
  TensorShape shape;
};

DnnSoftmax::DnnSoftmax(std::int64_t rows, std::int64_t cols)
    : state_(new State{tensor(rows, 1, 1, cols, Layout::nchw)}) {}
DnnSoftmax::~DnnSoftmax() = default;

void DnnSoftmax::forward(const float* x, float* y) const {
  WEFT_CHECK(cudnnSoftmaxForward(handle(), CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE,
                                 &kOne, state_->shape.get(), x, &kZero, state_->shape.get(), y));
}

void DnnSoftmax::backward(const float* y, const float* dy, float* dx) const {
  WEFT_CHECK(cudnnSoftmaxBackward(handle(), CUDNN_SOFTMAX_ACCURATE, CUDNN_SOFTMAX_MODE_INSTANCE,
                                  &kOne, state_->shape.get(), y, state_->shape.get(), dy, &kZero,
                                  state_->shape.get(), dx));
}

// Batch normalisation.

struct DnnBatchNorm::State {
  TensorShape x;
  TensorShape channel = make(cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor);
  weft::Tensor workspace, reserve;
};

namespace {

constexpr auto kMode = CUDNN_BATCHNORM_SPATIAL_PERSISTENT;
constexpr auto kOps = CUDNN_BATCHNORM_OPS_BN;

}  // namespace

DnnBatchNorm::DnnBatchNorm(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c,
                           Layout layout)
    : state_(new State{.x = tensor(n, h, w, c, layout), .workspace = {}, .reserve = {}}) {
  State& s = *state_;
  WEFT_CHECK(cudnnDeriveBNTensorDescriptor(s.channel.get(), s.x.get(), kMode));
  std::size_t forward = 0, backward = 0, reserve = 0;
  WEFT_CHECK(cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize(
      handle(), kMode, kOps, s.x.get(), nullptr, s.x.get(), s.channel.get(), nullptr, &forward));
  WEFT_CHECK(cudnnGetBatchNormalizationBackwardExWorkspaceSize(
      handle(), kMode, kOps, s.x.get(), nullptr, s.x.get(), nullptr, s.x.get(), s.channel.get(),
      nullptr, &backward));
  WEFT_CHECK(cudnnGetBatchNormalizationTrainingExReserveSpaceSize(handle(), kMode, kOps, nullptr,
                                                                  s.x.get(), &reserve));
  s.workspace = bytes(std::max(forward, backward));
  s.reserve = bytes(reserve);
}
DnnBatchNorm::~DnnBatchNorm() = default;

void DnnBatchNorm::forward(const float* x, float* y, const float* weight, const float* bias,
                           float* mean, float* rstd, float* running_mean, float* running_variance,
                           float momentum, float epsilon) const {
  const State& s = *state_;
  WEFT_CHECK(cudnnBatchNormalizationForwardTrainingEx(
      handle(), kMode, kOps, &kOne, &kZero, s.x.get(), x, nullptr, nullptr, s.x.get(), y,
      s.channel.get(), weight, bias, static_cast<double>(momentum), running_mean, running_variance,
      static_cast<double>(epsilon), mean, rstd, nullptr, s.workspace.data(), s.workspace.bytes(),
      s.reserve.data(), s.reserve.bytes()));
}

void DnnBatchNorm::backward(const float* x, const float* dy, float* dx, const float* weight,
                            float* dweight, float* dbias, const float* mean, const float* rstd,
                            float epsilon) const {
  const State& s = *state_;
  WEFT_CHECK(cudnnBatchNormalizationBackwardEx(
      handle(), kMode, kOps, &kOne, &kZero, &kOne, &kZero, s.x.get(), x, nullptr, nullptr,
      s.x.get(), dy, nullptr, nullptr, s.x.get(), dx, s.channel.get(), weight, nullptr, dweight,
      dbias, static_cast<double>(epsilon), mean, rstd, nullptr, s.workspace.data(),
      s.workspace.bytes(), s.reserve.data(), s.reserve.bytes()));
}

}  // namespace bench
